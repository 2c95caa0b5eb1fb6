//! The delivery of a post, explored exhaustively: every order of its functions, its people and a number of faults.
//!
//! The stored items are real [`Delivery`] and [`Post`] values, and each action executes the product's own transition.
//! Only the environment is modelled. `docs/proofs/models.md` has the bounds, the results and the mutations tried.

#![allow(clippy::unwrap_used, clippy::panic)]

mod environment;
mod functions;
mod people;
mod platform;
mod world;

use channels::Guarantee;
use shared::kernel::time::{Timestamp, after};
use stateright::{Checker, HasDiscoveries, Model, Property};
use test_support::is_long;
use test_support::models::report;

use crate::delivery::{Delivery, Phase, State};
use crate::lease::{LEASE, MAX_ATTEMPTS, MAX_LATENESS, MAX_RECONCILIATIONS};
use crate::post::Post;
use crate::post_text::PostText;
use environment::Action;
use functions::Step;
use people::{delivery, schedule_for};
use platform::{Answer, Effect, Ledger, intent};
use world::{At, Row, World, is_final, seconds};

/// A delivery under a number of faults and of acts of people.
#[derive(Clone)]
struct Publication {
    guarantee: Guarantee,
    /// Whether the platform prepares posts in steps.
    stages: bool,
    faults: u8,
    acts: u8,
    starts: Vec<Start>,
}

/// Where an exploration begins.
#[derive(Clone, Copy, Debug)]
enum Start {
    /// A minute before the sweep claims it.
    Scheduled,
    /// Claimed by the request that scheduled it.
    ClaimedAtOnce,
    /// One attempt before the last.
    LastAttempts,
    /// A lease and a little before it is too late to send.
    AlmostMissed,
    /// One reconciliation before the last, with or without an effect.
    LastReconciliations { visible: bool },
}

fn due() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

impl Publication {
    /// Whether the platform can answer this to a step of a preparation: where it prepares posts in steps, one is ready with the second.
    fn may_answer(&self, world: &World, at: &At, answer: Answer) -> bool {
        let At::Prepare { read, .. } = at else { return true };
        let is_staged = world.post.as_ref().is_some_and(|post| read.staged_for(&post.content_digest()).is_some());
        match answer {
            Answer::Accepted => is_staged || !self.stages,
            Answer::Staged { .. } => self.stages && !is_staged,
            Answer::Processing | Answer::Unstaged => is_staged,
            _ => true,
        }
    }

    fn start(&self, start: Start) -> World {
        let (now, instant) = match start {
            Start::Scheduled => (after(due(), seconds(-180)), due()),
            Start::ClaimedAtOnce => (after(due(), seconds(-90)), due()),
            Start::LastAttempts => (due(), due()),
            Start::AlmostMissed => (due(), after(due(), LEASE + seconds(100) - MAX_LATENESS)),
            Start::LastReconciliations { .. } => (due(), after(due(), -LEASE)),
        };
        let post = Post::draft(
            "post_01890a5d000070008000000000000009".parse().unwrap(),
            PostText::parse("text").unwrap(),
            Vec::new(),
            Vec::new(),
            Vec::new(),
            "user_01890a5d000070008000000000000004".parse().unwrap(),
            now,
        );
        let mut world = World {
            now,
            post: None,
            deliveries: Vec::new(),
            messages: Vec::new(),
            runs: Vec::new(),
            sweep: None,
            ledger: Ledger::default(),
            faults: self.faults,
            acts: self.acts,
            broken: None,
        };
        if let Start::Scheduled | Start::ClaimedAtOnce = start {
            world.schedule(post, schedule_for(instant));
            return world;
        }
        let mut stored = delivery(0, &post, schedule_for(instant), now);
        stored.state = State::Scheduled { not_before: now };
        stored.attempt = if let Start::LastAttempts = start { MAX_ATTEMPTS - 2 } else { MAX_ATTEMPTS / 2 };
        if let Start::LastReconciliations { visible } = start {
            stored.attempt = MAX_RECONCILIATIONS;
            stored.state =
                State::Sending { lease_until: now, intent: intent("text"), begun_by: 1, sent_again_by: None };
            if visible {
                world.ledger.effects.push(Effect { delivery: 0, text: "text".to_owned() });
            }
        }
        let mut post = post;
        post.schedule(schedule_for(instant), Vec::new(), std::slice::from_ref(&stored), now);
        let _counted = post.recount();
        world.post = Some(Row::new(post));
        world.ledger.may_exist.push(true);
        world.deliveries.push(Some(Row::new(stored)));
        world
    }
}

impl Model for Publication {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        self.starts.iter().map(|start| self.start(*start)).collect()
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        world.list_actions(actions);
        if world.faults == 0 {
            actions.retain(|action| !action.is_fault());
        }
        actions.retain(|action| match action {
            Action::Run(run, Step::Prepare(answer)) => self.may_answer(world, &world.runs[*run].at, *answer),
            _ => true,
        });
        // The product counts on Lambda's timeout where a platform recognises no keys.
        if !self.guarantee.recognises_repeats() {
            actions.retain(|action| !matches!(action, Action::Freeze(_)));
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        world.after(&action, self.guarantee)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always("the post is visible at most once", |_, world: &World| world.ledger.effects.len() <= 1),
            Property::always("no function breaks a rule", |_, world: &World| world.broken.is_none()),
            Property::always("a published delivery is visible, with the text of its post", published_is_visible),
            Property::always("nothing unsent, failed or cancelled is visible or will be", unsent_is_invisible),
            Property::always("every open delivery is due", |_, world: &World| {
                each(world).all(|(_, delivery)| is_final(delivery) != is_due(delivery))
            }),
            Property::always("attempts and reconciliations are limited", |_, world: &World| {
                each(world).all(|(_, delivery)| match delivery.state {
                    State::Claimed { .. } => delivery.attempts() <= MAX_ATTEMPTS,
                    State::Sending { begun_by, .. } => delivery.attempt - begun_by <= MAX_RECONCILIATIONS,
                    _ => true,
                })
            }),
            Property::always("the post shows the phases of its deliveries", phases_agree),
            Property::always("without another fault, it goes on until it ends", |model: &Self, world: &World| {
                world.goes_on(model.guarantee)
            }),
            Property::always("it ends within a day of the last schedule", |_, world: &World| {
                let latest = each(world).map(|(_, delivery)| delivery.latest()).max();
                world.has_ended() || latest.is_none_or(|latest| world.now <= after(latest, seconds(7200)))
            }),
        ];
        for (name, condition) in REACHED {
            properties.push(Property::sometimes(name, condition));
        }
        properties
    }
}

type Condition = fn(&Publication, &World) -> bool;

const PUBLISHED: &str = "ends published";
const FAILED: &str = "ends failed";
const HELD_VISIBLE: &str = "ends held, and visible";
const HELD_INVISIBLE: &str = "ends held, and invisible";
const LATE: &str = "a late call takes effect after a later claim";
const STAGED: &str = "a platform prepares the post while an earlier claim is over";
const TWO_RUNS: &str = "two functions work at the same time";

/// What explorations must reach, so that the properties above are not vacuous.
const REACHED: [(&str, Condition); 7] =
    [
        (PUBLISHED, |_, world| ends_as(world, |state| matches!(state, State::Published { .. }))),
        (FAILED, |_, world| ends_as(world, |state| matches!(state, State::Failed { .. }))),
        (HELD_VISIBLE, |_, world| {
            ends_as(world, |state| matches!(state, State::Held { .. })) && !world.ledger.effects.is_empty()
        }),
        (HELD_INVISIBLE, |_, world| {
            ends_as(world, |state| matches!(state, State::Held { .. })) && world.ledger.effects.is_empty()
        }),
        (LATE, |_, world| {
            world.ledger.flights.iter().any(|flight| {
                world.delivery(flight.delivery).is_some_and(|delivery| delivery.attempt() > flight.attempt)
            })
        }),
        (STAGED, |_, world| each(world).any(|(_, delivery)| delivery.is_staging() && delivery.attempt() > 1)),
        (TWO_RUNS, |_, world| world.runs.len() > 1),
    ];

/// All but the steps, which have an exploration of their own.
const LIMITS_REACHED: [&str; 6] = [PUBLISHED, FAILED, HELD_VISIBLE, HELD_INVISIBLE, LATE, TWO_RUNS];

fn ends_as(world: &World, is: fn(&State) -> bool) -> bool {
    world.has_ended() && each(world).any(|(_, delivery)| is(&delivery.state))
}

fn each(world: &World) -> impl Iterator<Item = (usize, &Delivery)> {
    world.deliveries.iter().enumerate().filter_map(|(index, delivery)| Some((index, &*delivery.as_ref()?.0)))
}

fn is_due(delivery: &Delivery) -> bool {
    shared::table::Entity::due(delivery).is_some()
}

fn published_is_visible(_: &Publication, world: &World) -> bool {
    let shown = world.ledger.effects.first().map(|effect| effect.text.as_str());
    each(world).all(|(_, delivery)| match &delivery.state {
        State::Published { published, .. } => {
            shown == Some(published.id.as_str())
                && world.post.as_ref().is_some_and(|post| Some(post.text.as_str()) == shown)
        }
        _ => true,
    })
}

fn unsent_is_invisible(_: &Publication, world: &World) -> bool {
    each(world).all(|(index, delivery)| match delivery.state {
        State::Scheduled { .. } | State::Claimed { .. } | State::Failed { .. } | State::Cancelled { .. } => {
            !world.ledger.has_or_awaits(index)
        }
        State::Sending { .. } | State::Published { .. } | State::Held { .. } => true,
    })
}

fn phases_agree(_: &Publication, world: &World) -> bool {
    let Some(post) = &world.post else { return true };
    let open = |phase| matches!(phase, Phase::Pending | Phase::Sending);
    post.counted == post.deliveries.iter().any(|progress| open(progress.phase))
        && each(world).all(|(_, delivery)| {
            let shown = post.deliveries.iter().find(|progress| progress.delivery_id == delivery.id);
            let gone = delivery.phase().is_none() || delivery.is_replaced();
            shown.map(|progress| progress.phase) == delivery.phase().filter(|_| !gone)
        })
}

/// Explores everything, prints the figures, and fails with a counterexample: the shortest, unless the run is long.
fn explore(name: &str, model: Publication, reached: &[&'static str]) {
    let broken = |world: &World| world.broken;
    let checker = model.checker().finish_when(HasDiscoveries::AnyFailures);
    // A search in depth needs less memory.
    if is_long() {
        report(name, &checker.spawn_dfs().join(), reached, broken)
    } else {
        report(name, &checker.spawn_bfs().join(), reached, broken)
    }
}

/// Both kinds of platform that are asked before anything is sent again.
const GUARANTEES: [Guarantee; 2] =
    [Guarantee::ExactlyOnce { for_s: None }, Guarantee::ReconcileThenRetry { window_s: 30 }];
const STARTS: [Start; 2] = [Start::Scheduled, Start::ClaimedAtOnce];

#[test]
fn a_post_is_published_once_whatever_fails() {
    let faults = if is_long() { 3 } else { 2 };
    for guarantee in GUARANTEES {
        let model = Publication { guarantee, stages: false, faults, acts: 0, starts: STARTS.to_vec() };
        explore("faults", model, &[PUBLISHED, FAILED, HELD_INVISIBLE, LATE, TWO_RUNS]);
    }
}

#[test]
fn a_post_is_published_once_whatever_people_do() {
    let (faults, acts) = if is_long() { (1, 2) } else { (1, 1) };
    for guarantee in GUARANTEES {
        let model = Publication { guarantee, stages: false, faults, acts, starts: STARTS.to_vec() };
        explore("people", model, &[PUBLISHED, FAILED, LATE, TWO_RUNS]);
    }
}

#[test]
fn edits_and_reschedules_before_the_send_never_publish_twice() {
    let acts = if is_long() { 3 } else { 2 };
    for guarantee in GUARANTEES {
        let model = Publication { guarantee, stages: false, faults: 0, acts, starts: STARTS.to_vec() };
        explore("acts", model, &[PUBLISHED, TWO_RUNS]);
    }
}

#[test]
fn a_post_that_its_platform_prepares_in_steps_is_published_once() {
    // The steps end before anything is sent: they are the same under each guarantee.
    let (guarantee, starts) = (GUARANTEES[0], vec![Start::ClaimedAtOnce]);
    let bounds = if is_long() { [(2, 0), (1, 1), (0, 2)] } else { [(1, 0), (0, 1), (0, 0)] };
    for (faults, acts) in bounds {
        let model = Publication { guarantee, stages: true, faults, acts, starts: starts.clone() };
        explore("steps", model, &[PUBLISHED, STAGED]);
    }
}

#[test]
fn a_delivery_ends_at_its_limits() {
    let faults = if is_long() { 3 } else { 2 };
    for guarantee in GUARANTEES {
        let last = [true, false].map(|visible| Start::LastReconciliations { visible });
        let starts = [Start::LastAttempts, Start::AlmostMissed].into_iter().chain(last).collect();
        explore("limits", Publication { guarantee, stages: false, faults, acts: 0, starts }, &LIMITS_REACHED);
    }
}
