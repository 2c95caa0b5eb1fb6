//! Property tests with two people and one email address: its owner, who reads its mail, and a stranger, who does not.
//!
//! Two properties hold for every sequence of their actions. Once the owner has proved the address (by the link of a
//! registration, a reset, a deletion or a recovery), no credential that the stranger ever set, created or held works.
//! And the stranger gets the same responses whether or not the owner has an account.
//!
//! 24 sequences each; 1,000 with `BULKHEAD_LONG=1`. The seed that `TestApp` prints reproduces them, and a failing
//! sequence is shrunk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod owner;
mod same_answers;
mod stranger;

use owner::{Owner, OwnersMove};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use shared::kernel::time::SignedDuration;
use shared::testing::TestApp;
use stranger::{Stranger, StrangersMove};
use test_support::people::email;

/// The next action. Waits are short enough that a whole sequence stays within the week in which an emailed link
/// suffices to remove a new factor.
#[derive(Clone, Copy, Debug)]
enum Move {
    Owner(OwnersMove),
    Stranger(StrangersMove),
    /// The stranger learns the owner's password.
    Leak,
    Wait {
        hours: i64,
    },
}

fn next_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => owner::any_move().prop_map(Move::Owner),
        5 => stranger::any_move().prop_map(Move::Stranger),
        1 => Just(Move::Leak),
        1 => (1..8_i64).prop_map(|hours| Move::Wait { hours }),
    ]
}

/// Sequences, most of which start with an account whose password has leaked.
fn moves() -> impl Strategy<Value = Vec<Move>> {
    let begun = [
        Move::Stranger(StrangersMove::Register),
        Move::Owner(OwnersMove::Register),
        Move::Owner(OwnersMove::OpenNewestLink),
        Move::Leak,
        Move::Stranger(StrangersMove::LogIn),
    ];
    (prop::bool::weighted(0.7), prop::collection::vec(next_move(), 6..=14)).prop_map(move |(is_begun, moves)| {
        let begun = if is_begun { &begun[..] } else { &[] };
        begun.iter().copied().chain(moves).collect()
    })
}

async fn play(app: &TestApp, link_key: &[u8], moves: &[Move]) -> Result<(), String> {
    let address = email(app);
    let mut owner = Owner::of(app, link_key, &address);
    let mut stranger = Stranger::of(app, &address).await;
    for (at, next) in moves.iter().copied().enumerate() {
        app.advance(SignedDuration::from_secs(1));
        let has_proved = match next {
            Move::Owner(next) => owner.make(next).await,
            Move::Stranger(next) => {
                stranger.make(next).await;
                false
            }
            Move::Leak => {
                stranger.learns(&owner.password);
                false
            }
            Move::Wait { hours } => {
                app.advance(SignedDuration::from_hours(hours));
                false
            }
        };
        if has_proved {
            let works = stranger.what_works().await;
            if !works.is_empty() {
                return Err(format!("after {at}, {next:?}, the stranger still has {works:?}"));
            }
            // Wait until the delay caused by the stranger's attempts is over.
            app.advance(SignedDuration::from_mins(16));
            owner.require_sign_in().await.map_err(|answer| format!("after {at}, {next:?}, the owner got {answer}"))?;
        }
    }
    Ok(())
}

/// Runs a property test with the randomness of `TestApp`.
fn run<S: Strategy>(strategy: S, test: impl Fn(&tokio::runtime::Runtime, &TestApp, S::Value) -> Result<(), String>)
where
    S::Value: std::fmt::Debug,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let app = TestApp::new();
    let cases = if test_support::is_long() { 1_000 } else { 24 };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &app.entropy().bytes::<32>());
    let outcome = TestRunner::new_with_rng(config, rng).run(&strategy, |value| {
        runtime.block_on(app.empty_outbox()).unwrap();
        test(&runtime, &app, value).map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, shortest)) => panic!("{reason}\nthe shortest failing sequence: {shortest:#?}"),
        Err(aborted) => panic!("{aborted}"),
    }
}

#[test]
fn no_credential_of_a_stranger_works_after_the_owner_proves_the_address() {
    run(moves(), |runtime, app, moves| runtime.block_on(play(app, &test_support::mailed_links::key(app), &moves)));
}

#[test]
fn a_stranger_gets_the_same_responses_for_every_kind_of_address() {
    run(same_answers::requests(), |runtime, app, requests| runtime.block_on(same_answers::compare(app, &requests)));
}
