//! The stories: each is one kind of user, with what was promised to them.

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::client::Client;
use crate::deployment::Deployment;
use crate::judge::Tables;
use crate::plan::Dice;

mod appending;
mod asking;
mod automating;
mod claiming;
mod connecting;
mod crowding;
mod departing;
mod editing;
mod entering;
mod exceeding;
mod filling;
mod founding;
mod guessing;
mod joining;
pub mod leaving;
mod moving;
pub mod people;
mod proving;
mod publishing;
mod recovering;
pub mod refreshing;
mod rotating;
mod ruling;
mod suspending;
mod teaming;
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
    /// It needs what only a simulated deployment has: a small plan, or jobs that a test starts.
    pub is_simulated: bool,
    pub begin: fn() -> Box<dyn Story>,
}

/// Every kind of story. A new one is one file, and one line here.
pub static KINDS: &[Kind] = &[
    Kind { name: "appending", weight: 1, is_simulated: false, begin: || Box::new(appending::Appending::default()) },
    Kind { name: "asking", weight: 1, is_simulated: true, begin: || Box::new(asking::Asking::default()) },
    Kind { name: "automating", weight: 1, is_simulated: true, begin: || Box::new(automating::Automating::default()) },
    Kind { name: "claiming", weight: 1, is_simulated: false, begin: || Box::new(claiming::Claiming) },
    Kind { name: "connecting", weight: 2, is_simulated: true, begin: || Box::new(connecting::Connecting::default()) },
    Kind { name: "crowding", weight: 1, is_simulated: true, begin: || Box::new(crowding::Crowding) },
    Kind { name: "departing", weight: 1, is_simulated: false, begin: || Box::new(departing::Departing) },
    Kind { name: "editing", weight: 1, is_simulated: false, begin: || Box::new(editing::Editing) },
    Kind { name: "entering", weight: 1, is_simulated: true, begin: || Box::new(entering::Entering::default()) },
    Kind { name: "exceeding", weight: 1, is_simulated: true, begin: || Box::new(exceeding::Exceeding::default()) },
    Kind { name: "filling", weight: 1, is_simulated: true, begin: || Box::new(filling::Filling::default()) },
    Kind { name: "founding", weight: 1, is_simulated: true, begin: || Box::new(founding::Founding) },
    Kind { name: "guessing", weight: 1, is_simulated: true, begin: || Box::new(guessing::Guessing) },
    Kind { name: "joining", weight: 1, is_simulated: false, begin: || Box::new(joining::Joining::default()) },
    Kind { name: "leaving", weight: 1, is_simulated: false, begin: || Box::new(leaving::Leaving) },
    Kind { name: "moving", weight: 1, is_simulated: true, begin: || Box::new(moving::Moving) },
    Kind { name: "proving", weight: 1, is_simulated: false, begin: || Box::new(proving::Proving) },
    PUBLISHING,
    Kind { name: "recovering", weight: 1, is_simulated: false, begin: || Box::new(recovering::Recovering) },
    Kind { name: "refreshing", weight: 2, is_simulated: false, begin: || Box::new(refreshing::Refreshing::default()) },
    Kind { name: "rotating", weight: 2, is_simulated: true, begin: || Box::new(rotating::Rotating) },
    Kind { name: "ruling", weight: 1, is_simulated: true, begin: || Box::new(ruling::Ruling::default()) },
    Kind { name: "suspending", weight: 1, is_simulated: true, begin: || Box::new(suspending::Suspending::default()) },
    Kind { name: "teaming", weight: 1, is_simulated: false, begin: || Box::new(teaming::Teaming::default()) },
    Kind { name: "uploading", weight: 1, is_simulated: false, begin: || Box::new(uploading::Uploading::default()) },
];

pub const PUBLISHING: Kind =
    Kind { name: "publishing", weight: 4, is_simulated: false, begin: || Box::new(publishing::Publishing::default()) };

/// A random kind, by the weights.
pub fn any(dice: &mut Dice) -> &'static Kind {
    any_of(dice, |_| true)
}

/// A random kind for a deployment that is not simulated.
pub fn any_real(dice: &mut Dice) -> &'static Kind {
    any_of(dice, |kind| !kind.is_simulated)
}

fn any_of(dice: &mut Dice, fits: fn(&Kind) -> bool) -> &'static Kind {
    let kinds = || KINDS.iter().filter(|kind| fits(kind));
    let mut at = dice.below(kinds().map(|kind| kind.weight).sum());
    let chosen = kinds().find(|kind| {
        let is_here = at < kind.weight;
        at = at.saturating_sub(kind.weight);
        is_here
    });
    chosen.unwrap_or(&PUBLISHING)
}
