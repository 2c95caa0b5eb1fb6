//! The refresh-token family, explored exhaustively: requests that interleave at every call, retries, thieves, sign-outs
//! and sign-ins.
//!
//! `steps` is the model of one request, `routes` drives the real route through the model's transitions and compares.
//! `docs/proofs/models.md` has the bounds, the results and the mutations tried.

mod routes;
mod steps;

use std::collections::BTreeMap;

use stateright::{Checker, HasDiscoveries, Model, Property};
use test_support::is_long;
use test_support::models::report;

use steps::{Answer, Attempt, Request, Seconds, Store};

/// The attempts that clients choose from.
const ATTEMPTS: [Attempt; 3] = [None, Some(0), Some(1)];
/// Until the last second of a retry, until it is too late for one, and until the session is idle.
const WAITS: [Seconds; 3] = [59, 60, steps::IDLE];

/// What happens in an exploration, at most this often.
#[derive(Clone, Copy)]
struct Family {
    requests: u8,
    at_once: usize,
    waits: u8,
    sign_ins: u8,
    sign_outs: u8,
    who: Who,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Everyone knows every token: also those that were never answered, because any client may crash.
    Anyone,
    /// One client that retries each exchange with one attempt until it has the answer, for less than a minute, and only
    /// then uses the successor. The network may duplicate its requests.
    HonestClient,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    store: Store,
    requests: Vec<(Request, Presented)>,
    requests_left: u8,
    waits_left: u8,
    sign_ins_left: u8,
    sign_outs_left: u8,
    /// For each token, the successor that was answered.
    answered: BTreeMap<usize, usize>,
    /// The sessions of the epochs in which a token was refused as reused.
    alarmed: Vec<usize>,
    broken: Option<&'static str>,
}

/// How a request began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Presented {
    at: Seconds,
    /// Whether the token was already used.
    is_old: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Action {
    Present(usize, Attempt),
    Step(usize),
    Wait(Seconds),
    SignIn,
    SignOut(usize),
}

impl Model for Family {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            store: Store::signed_in(),
            requests: Vec::new(),
            requests_left: self.requests,
            waits_left: self.waits,
            sign_ins_left: self.sign_ins,
            sign_outs_left: self.sign_outs,
            answered: BTreeMap::new(),
            alarmed: Vec::new(),
            broken: None,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        actions.extend((0..world.requests.len()).map(Action::Step));
        if world.requests_left > 0 && world.requests.len() < self.at_once {
            for token in 0..world.store.tokens.len() {
                let attempts = ATTEMPTS.into_iter().filter(|attempt| self.presents(world, token, *attempt));
                actions.extend(attempts.map(|attempt| Action::Present(token, attempt)));
            }
        }
        // An honest client's requests arrive at once.
        if world.waits_left > 0 && (self.who == Who::Anyone || world.requests.is_empty()) {
            actions.extend(WAITS.map(Action::Wait));
        }
        if world.sign_ins_left > 0 {
            actions.push(Action::SignIn);
        }
        if world.sign_outs_left > 0 {
            let alive = (0..world.store.sessions.len()).filter(|session| world.store.is_alive(*session));
            actions.extend(alive.map(Action::SignOut));
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut world = world.clone();
        match action {
            Action::Present(token, attempt) => {
                world.requests_left -= 1;
                let presented = Presented { at: world.store.now, is_old: world.store.tokens[token].spent.is_some() };
                world.requests.push((Request::new(token, attempt), presented));
                world.requests.sort_by_key(|(request, presented)| (request.token, request.attempt, *presented));
            }
            Action::Step(index) => {
                let epoch = world.store.epoch;
                let (request, _) = &mut world.requests[index];
                let session = world.store.tokens[request.token].session;
                if let Some(answer) = request.step(&mut world.store) {
                    let (request, presented) = world.requests.remove(index);
                    world.judge(&request, presented, answer);
                }
                if world.store.epoch != epoch && world.store.sessions[session].epoch != epoch {
                    world.broken = world.broken.or(Some("an old token ended later sessions"));
                }
            }
            Action::Wait(seconds) => {
                world.waits_left -= 1;
                world.store.now += seconds;
            }
            Action::SignIn => {
                world.sign_ins_left -= 1;
                world.store.sign_in();
            }
            Action::SignOut(session) => {
                world.sign_outs_left -= 1;
                world.store.sessions[session].is_open = false;
            }
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always("a token has at most one successor", |_, world: &World| {
                let mut of: Vec<_> = world.store.tokens.iter().filter_map(|token| token.succeeds).collect();
                let all = of.len();
                of.sort();
                of.dedup_by_key(|(token, _)| *token);
                of.len() == all
            }),
            Property::always("a session has at most one live token", |_, world: &World| {
                let sessions: Vec<_> = world.store.live_tokens().map(|t| world.store.tokens[t].session).collect();
                sessions.iter().enumerate().all(|(n, session)| !sessions[..n].contains(session))
            }),
            Property::always("after the alarm, no token of the sessions works", |_, world: &World| {
                world.alarmed.iter().all(|session| !world.store.is_alive(*session))
            }),
            Property::always("every answer keeps the rules", |_, world: &World| world.broken.is_none()),
            Property::sometimes(RETRIED, |_, world: &World| {
                world.requests.iter().any(|(request, _)| world.answered.contains_key(&request.token))
            }),
            Property::sometimes(USED_ON, |_, world: &World| world.store.tokens.len() > 2),
        ];
        properties.push(match self.who {
            Who::Anyone => Property::sometimes(ALARM, |_, world: &World| !world.alarmed.is_empty()),
            Who::HonestClient => Property::always("no alarm is raised", |_, world: &World| world.alarmed.is_empty()),
        });
        properties
    }
}

const ALARM: &str = "the alarm is raised";
const RETRIED: &str = "a request is in progress whose token was answered";
const USED_ON: &str = "a successor is exchanged";

impl Family {
    fn presents(&self, world: &World, token: usize, attempt: Attempt) -> bool {
        match self.who {
            // The names of attempts are interchangeable: the second is used after the first.
            Who::Anyone => attempt != Some(1) || world.has_first_attempt(token),
            Who::HonestClient => {
                let known = token == 0 || world.answered.values().any(|successor| *successor == token);
                let newest = !world.answered.contains_key(&token);
                let of_one = world.requests.iter().all(|(request, _)| request.token == token);
                let in_time = world.store.tokens[token].spent.is_none_or(|(at, _)| world.store.now < at + 60);
                known && newest && of_one && in_time && attempt == Some(0)
            }
        }
    }
}

impl World {
    fn has_first_attempt(&self, token: usize) -> bool {
        let spent_by = |(_, attempt)| attempt == Some(0);
        self.store.tokens[token].spent.is_some_and(spent_by)
            || self.requests.iter().any(|(request, _)| (request.token, request.attempt) == (token, Some(0)))
    }

    /// Checks an answer against decision 0018.
    fn judge(&mut self, request: &Request, presented: Presented, answer: Answer) {
        let Presented { at, is_old } = presented;
        let session = self.store.tokens[request.token].session;
        let rule = match answer {
            Answer::Token(successor) => {
                let first = *self.answered.entry(request.token).or_insert(successor);
                match self.store.tokens[request.token].spent {
                    _ if first != successor => Some("two answers have different successors"),
                    Some((_, attempt)) if attempt != request.attempt || (is_old && attempt.is_none()) => {
                        Some("another attempt than the one that exchanged the token got the successor")
                    }
                    Some((spent_at, _)) if at >= spent_at + 60 => Some("a retry after a minute got the successor"),
                    Some(_) if !self.store.is_live(successor) => Some("a dead successor was answered"),
                    Some(_) => None,
                    None => Some("a successor was answered without an exchange"),
                }
            }
            Answer::Reused => {
                // Later sessions are not of the family: their epoch is another.
                let epoch = self.store.sessions[session].epoch;
                let of_epoch = |(_, session): &(usize, &steps::Session)| session.epoch == epoch;
                self.alarmed.extend(self.store.sessions.iter().enumerate().filter(of_epoch).map(|(n, _)| n));
                self.alarmed.sort();
                self.alarmed.dedup();
                None
            }
            Answer::Ended if is_old && self.store.is_alive(session) => Some("an old token left its family alive"),
            Answer::Ended => None,
        };
        self.broken = self.broken.or(rule);
    }
}

fn explore(name: &str, family: Family, reached: &[&'static str]) {
    let checker = family.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    report(name, &checker, reached, |state| state.broken);
}

#[test]
fn no_interleaving_of_refreshes_leaves_two_live_tokens_or_misses_a_reuse() {
    let family = |requests, at_once, [waits, sign_ins, sign_outs]: [u8; 3]| Family {
        requests,
        at_once,
        waits,
        sign_ins,
        sign_outs,
        who: Who::Anyone,
    };
    let reached = [ALARM, RETRIED, USED_ON];
    explore("three requests at once", family(3, 3, [1, 1, 1]), &reached);
    explore("four requests, two at once", family(4, 2, [1, 0, 1]), &reached);
    if is_long() {
        explore("three requests at once, two waits", family(3, 3, [2, 1, 1]), &reached);
        explore("four requests, three at once", family(4, 3, [1, 0, 0]), &reached);
        explore("four requests, two at once, and a sign-in", family(4, 2, [1, 1, 0]), &reached);
    }
}

#[test]
fn a_client_that_retries_within_a_minute_never_raises_the_alarm() {
    let (requests, at_once) = if is_long() { (9, 4) } else { (6, 3) };
    let family = Family { requests, at_once, waits: 2, sign_ins: 0, sign_outs: 0, who: Who::HonestClient };
    explore("honest client", family, &[RETRIED, USED_ON]);
}
