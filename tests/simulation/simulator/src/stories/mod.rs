//! The stories: each is one kind of user, with what was promised to them.

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::client::Client;
use crate::deployment::Deployment;
use crate::judge::Tables;
use crate::plan::Dice;

mod claiming;
mod departing;
mod editing;
mod filling;
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

    /// Compares what was promised with what happened: the faults in words. What the client sees by itself is a fault at
    /// once ([`Client::fault`]).
    fn judge<'a>(&'a self, _deployment: &'a Arc<dyn Deployment>, _tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

/// A kind of story.
pub struct Kind {
    pub name: &'static str,
    /// How often it is chosen, in relation to the others.
    pub weight: u64,
    pub begin: fn() -> Box<dyn Story>,
}

/// Every kind of story. A new one is one file, and one line here.
pub static KINDS: &[Kind] = &[
    Kind { name: "claiming", weight: 1, begin: || Box::new(claiming::Claiming) },
    Kind { name: "departing", weight: 1, begin: || Box::new(departing::Departing) },
    Kind { name: "editing", weight: 1, begin: || Box::new(editing::Editing) },
    Kind { name: "filling", weight: 1, begin: || Box::new(filling::Filling::default()) },
    Kind { name: "joining", weight: 1, begin: || Box::new(joining::Joining::default()) },
    Kind { name: "proving", weight: 1, begin: || Box::new(proving::Proving) },
    PUBLISHING,
    Kind { name: "recovering", weight: 1, begin: || Box::new(recovering::Recovering) },
    Kind { name: "refreshing", weight: 2, begin: || Box::new(refreshing::Refreshing::default()) },
    Kind { name: "rotating", weight: 1, begin: || Box::new(rotating::Rotating) },
    Kind { name: "uploading", weight: 1, begin: || Box::new(uploading::Uploading::default()) },
];

pub const PUBLISHING: Kind =
    Kind { name: "publishing", weight: 4, begin: || Box::new(publishing::Publishing::default()) };

/// A random kind, by the weights.
pub fn any(dice: &mut Dice) -> &'static Kind {
    let mut at = dice.below(KINDS.iter().map(|kind| kind.weight).sum());
    let chosen = KINDS.iter().find(|kind| {
        let is_here = at < kind.weight;
        at = at.saturating_sub(kind.weight);
        is_here
    });
    chosen.unwrap_or(&PUBLISHING)
}
