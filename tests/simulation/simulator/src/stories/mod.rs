//! The stories: each is one kind of user, with what was promised to them.

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::client::Client;
use crate::judge::Tables;
use crate::region::Region;

mod claiming;
mod departing;
mod editing;
mod joining;
mod people;
mod proving;
mod publishing;
mod recovering;
mod refreshing;
mod rotating;
mod uploading;

/// A story of one world. It runs among faults and is judged at rest.
pub trait Story: Send {
    /// Sends requests, and keeps what they promised.
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()>;

    /// Compares what was promised with what happened: the faults in words.
    fn judge<'a>(&'a self, region: &'a Arc<Region>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>>;
}

/// A kind of story.
pub struct Kind {
    pub name: &'static str,
    pub begin: fn() -> Box<dyn Story>,
}

/// Every kind of story. A new one is one file, and one line here.
pub static KINDS: &[Kind] = &[
    Kind { name: "claiming", begin: || Box::new(claiming::Claiming::default()) },
    Kind { name: "departing", begin: || Box::new(departing::Departing::default()) },
    Kind { name: "editing", begin: || Box::new(editing::Editing::default()) },
    Kind { name: "joining", begin: || Box::new(joining::Joining::default()) },
    Kind { name: "proving", begin: || Box::new(proving::Proving::default()) },
    PUBLISHING,
    Kind { name: "recovering", begin: || Box::new(recovering::Recovering::default()) },
    Kind { name: "refreshing", begin: || Box::new(refreshing::Refreshing::default()) },
    Kind { name: "rotating", begin: || Box::new(rotating::Rotating::default()) },
    Kind { name: "uploading", begin: || Box::new(uploading::Uploading::default()) },
];

pub const PUBLISHING: Kind = Kind { name: "publishing", begin: || Box::new(publishing::Publishing::default()) };
