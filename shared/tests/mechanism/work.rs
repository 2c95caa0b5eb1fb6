//! Long work in steps, tested with a job that copies notes: under every failure, each note is copied once or not at
//! all.

mod copying;

use std::collections::BTreeSet;

use futures::future::join_all;
use jiff::SignedDuration;
use shared::aws::wire::Fault;
use shared::config::Sending;
use shared::kernel::problems::Problem;
use shared::tenancy::Changes;
use shared::testing::{Ended, TestApp};
use shared::work::{LEASE, ROOM, RunState};

use super::notes::{NOTE_WRITTEN, Note, NoteId};
use copying::{Behaviour, COPY, Place};

#[tokio::test]
async fn work_beyond_one_transaction_is_done_in_steps_with_a_stored_cursor() {
    let at = Place::new(205, ROOM, Behaviour::Nothing).await;
    assert_eq!((at.view().await.done, at.view().await.total, at.state().await), (0, None, RunState::Running));
    at.deliver(&at.newest().await).await;
    assert_eq!((at.view().await.done, at.view().await.total), (90, Some(205)));
    at.deliver(&at.newest().await).await;
    at.deliver(&at.newest().await).await;
    let view = at.view().await;
    assert_eq!((view.state, view.done, view.last_error), (RunState::Done, 205, None));
    assert!(view.ended_at.is_some());
    assert_eq!(at.copies().await, at.notes);
    assert_eq!((at.messages().await.len(), at.entries("notes.copied").await.len()), (3, 3));
}

#[tokio::test]
async fn a_crash_or_lost_response_at_any_call_commits_every_step_once() {
    type Breaks = fn(usize) -> Fault;
    let faults: [Breaks; 3] = [Fault::CrashBefore, Fault::CrashAfter, Fault::LoseAnswer];
    for breaks in faults {
        for k in 1.. {
            let at = Place::new(5, 2, Behaviour::Nothing).await;
            let mut fired = 0;
            for _ in 0..3 {
                at.app.wire(&COPY).arm(breaks(k));
                let newest = [at.newest().await];
                let crashed = matches!(at.app.deliver_until_crash(&COPY, &newest).await, Err(Ended::Crashed));
                let reached = at.app.wire(&COPY).take().len() >= k;
                at.app.wire(&COPY).disarm();
                fired += usize::from(crashed || reached);
                if crashed {
                    // The message is redelivered, and the sweep runs, after the leases of the run and the work.
                    at.wait(LEASE);
                    at.deliver(&newest[0]).await;
                    at.sweep().await;
                }
            }
            at.finish().await;
            assert_eq!((at.state().await, at.copies().await), (RunState::Done, at.notes.clone()), "{:?}", breaks(k));
            assert_eq!(at.entries("notes.copied").await.len(), 3, "{:?}", breaks(k));
            if fired == 0 {
                assert!(k > 5, "a step makes {k} calls");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_repeated_or_outdated_message_does_nothing() {
    let at = Place::new(5, 2, Behaviour::Nothing).await;
    let mut steps = 0;
    while at.state().await == RunState::Running {
        let newest = at.newest().await;
        // Twice concurrently, then both again, then all earlier messages.
        let twice = [newest.clone(), at.again(&newest)];
        let both = join_all(twice.iter().map(|message| at.app.deliver(&COPY, std::slice::from_ref(message)))).await;
        assert!(both.iter().all(Result::is_ok), "{both:?}");
        steps += 1;
        for old in at.messages().await.iter().take(steps) {
            at.deliver(&at.again(old)).await;
        }
        assert_eq!(at.entries("notes.copied").await.len(), steps);
    }
    assert_eq!((steps, at.copies().await), (3, at.notes.clone()));
    assert_eq!(at.messages().await.len(), 3);
}

#[tokio::test]
async fn a_late_message_is_executed_unless_the_sweep_resent_it() {
    let at = Place::new(5, 2, Behaviour::Nothing).await;
    let late = at.newest().await;
    at.wait(LEASE);
    at.deliver(&late).await;
    assert_eq!(at.view().await.done, 2);
    let late = at.newest().await;
    at.wait(LEASE);
    at.sweep().await;
    assert_eq!(at.view().await.last_error.unwrap().code, "unavailable");
    at.deliver(&late).await;
    assert_eq!(at.view().await.done, 2, "an older message was executed");
    at.finish().await;
    assert_eq!((at.state().await, at.copies().await), (RunState::Done, at.notes.clone()));
}

#[tokio::test]
async fn a_lost_message_is_resent_and_finally_given_up() {
    let at = Place::new(5, 2, Behaviour::Nothing).await;
    at.deliver(&at.newest().await).await;
    at.sweep().await;
    assert_eq!(at.messages().await.len(), 2, "it was swept before its lease ended");
    let since = at.app.now();
    while at.state().await == RunState::Running {
        // Only the sweep runs.
        at.wait(SignedDuration::from_mins(30));
        at.sweep().await;
    }
    assert!(at.app.now().duration_since(since) > SignedDuration::from_hours(4));
    at.finish().await;
    assert_eq!((at.state().await, at.copies().await), (RunState::Failed, BTreeSet::new()));
}

#[tokio::test]
async fn a_cancelled_run_is_undone_in_reverse() {
    let at = Place::new(7, 2, Behaviour::Nothing).await;
    at.deliver(&at.newest().await).await;
    at.deliver(&at.newest().await).await;
    let before = at.newest().await;
    let view = at.cancel().await.unwrap();
    assert_eq!(view.state, RunState::Undoing);
    at.deliver(&before).await;
    assert_eq!(at.copies().await.len(), 4, "a step was executed after the run was cancelled");
    // Cancelled again while it is undone: no effect.
    at.cancel().await.unwrap();
    at.finish().await;
    assert_eq!((at.state().await, at.copies().await), (RunState::Cancelled, BTreeSet::new()));
    let removed: Vec<Vec<NoteId>> =
        at.entries("copies.removed").await.into_iter().map(|ids| serde_json::from_value(ids).unwrap()).collect();
    let in_order: Vec<NoteId> = at.notes.iter().copied().take(4).collect();
    assert_eq!(removed, [in_order[2..].to_vec(), in_order[..2].to_vec()]);
    assert_eq!(at.entries("copy.cancelled").await.len(), 1);
    let ended = at.cancel().await;
    assert_eq!(ended.unwrap_err().code(), "work_ended");
}

#[tokio::test]
async fn a_step_running_during_a_cancellation_is_not_committed() {
    let at = Place::new(5, 2, Behaviour::Nothing).await;
    let wire = at.app.wire(&COPY);
    wire.arm(Fault::Hold("DynamoDB.TransactWriteItems"));
    let newest = at.newest().await;
    let cancelling = async {
        wire.held.notified().await;
        at.cancel().await.unwrap();
        wire.release();
    };
    tokio::join!(at.deliver(&newest), cancelling);
    assert_eq!((at.state().await, at.copies().await), (RunState::Cancelled, BTreeSet::new()));
}

#[tokio::test]
async fn a_waiting_run_continues_at_its_instant_and_is_cancelled_immediately() {
    let at = Place::new(5, 2, Behaviour::Waits).await;
    at.deliver(&at.newest().await).await;
    let waiting = at.newest().await;
    assert_eq!(waiting.envelope.not_before, Some(at.app.now() + SignedDuration::from_hours(1)));
    at.wait(SignedDuration::from_mins(50));
    at.sweep().await;
    assert_eq!(at.messages().await.len(), 2, "the sweep mistook a waiting run for a lost one");
    at.cancel().await.unwrap();
    assert_eq!(at.newest().await.envelope.not_before, Some(at.app.now()));
    at.deliver(&at.newest().await).await;
    at.deliver(&waiting).await;
    assert_eq!((at.state().await, at.copies().await), (RunState::Cancelled, BTreeSet::new()));
}

#[tokio::test]
async fn a_run_that_gives_up_is_undone_and_shows_its_error() {
    for (behaviour, code) in [(Behaviour::GivesUp, "note_too_long"), (Behaviour::FailsAlways, "busy")] {
        let at = Place::new(7, 2, behaviour).await;
        at.deliver(&at.newest().await).await;
        at.deliver(&at.newest().await).await;
        at.deliver(&at.newest().await).await;
        if behaviour == Behaviour::FailsAlways {
            // The wait that the step asked for is longer than ours.
            let wait = at.newest().await.envelope.not_before.unwrap().duration_since(at.app.now());
            assert_eq!((at.state().await, wait.as_secs()), (RunState::Running, 2000));
        }
        at.finish().await;
        let view = at.view().await;
        assert_eq!((view.state, view.last_error.unwrap().code.as_str()), (RunState::Failed, code));
        assert_eq!((at.copies().await, at.entries("copies.removed").await.len()), (BTreeSet::new(), 2));
        let failed = at.entries("run.failed").await;
        assert_eq!(failed, [serde_json::json!({ "work": "copy-notes", "code": code, "left_to_undo": 0 })]);
    }
}

#[tokio::test]
async fn steps_that_cannot_be_undone_are_kept_and_reported() {
    let at = Place::new(7, 2, Behaviour::CannotUndo).await;
    at.finish().await;
    let view = at.view().await;
    assert_eq!((view.state, view.last_error.unwrap().code.as_str()), (RunState::Failed, "copy_in_use"));
    assert_eq!(at.copies().await.len(), 4);
    assert_eq!(at.entries("run.failed").await[0]["left_to_undo"], 2);
}

#[tokio::test]
async fn a_second_run_of_a_key_is_refused_until_the_first_has_ended() {
    let mut at = Place::new(3, 2, Behaviour::Nothing).await;
    at.finish().await;
    let starts = join_all((0..4).map(|_| at.start(2, Behaviour::GivesUp, Some("all")))).await;
    let started: Vec<_> = starts.iter().filter_map(|start| start.as_ref().ok()).collect();
    let refused: Vec<_> = starts.iter().filter_map(|start| start.as_ref().err()).map(Problem::code).collect();
    assert_eq!((started.len(), refused), (1, vec!["work_pending"; 3]));
    assert!(at.start(2, Behaviour::Nothing, Some("others")).await.is_ok());
    let first = *started[0];
    at.run = first;
    for ends in ["by itself", "by being cancelled"] {
        if ends == "by itself" {
            at.finish().await;
        } else {
            at.cancel().await.unwrap();
        }
        at.run = at.start(2, Behaviour::Nothing, Some("all")).await.unwrap();
    }
    assert_ne!(at.run, first);
}

#[tokio::test]
async fn no_step_is_executed_or_lost_while_sending_is_off() {
    let mut at = Place::new(3, 2, Behaviour::Nothing).await;
    at.app.configure(|config| config.sending = Sending::Off);
    at.deliver(&at.newest().await).await;
    at.wait(LEASE);
    at.sweep().await;
    assert_eq!((at.messages().await.len(), at.copies().await.len()), (1, 0));
    at.app.configure(|config| config.sending = Sending::On);
    at.finish().await;
    assert_eq!((at.state().await, at.copies().await), (RunState::Done, at.notes.clone()));
}

#[tokio::test]
async fn changes_beyond_one_transaction_are_refused_with_their_entity() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let notes: Vec<_> =
        (0..100).map(|_| Note { id: app.new_id(), text: "a".to_owned(), told: 0, secret: None }).collect();
    let all = |count: usize| Changes::default().each(&notes[..count], Changes::insert);
    let refused = app.scope(owner.workspace).commit(all(100).audit(&NOTE_WRITTEN, notes[0].id)).await.unwrap_err();
    assert_eq!(refused.status(), 500);
    let cause = format!("{refused:?}");
    assert!(cause.contains("101 writes in one transaction, 100 of them to NOTE, exceed the limit of 100"), "{cause}");
    app.scope(owner.workspace).commit(all(99).audit(&NOTE_WRITTEN, notes[0].id)).await.unwrap();
}

/// Random deliveries of random messages, crashes, sweeps, waits and cancellations: in the end every note is copied, or
/// none.
#[tokio::test]
async fn random_failures_leave_every_note_copied_or_none() {
    for round in 0..12 {
        let behaviour = [Behaviour::Nothing, Behaviour::Nothing, Behaviour::GivesUp][round % 3];
        let at = Place::new(5, 2, behaviour).await;
        let random = |below: u64| u64::from_le_bytes(at.app.entropy().bytes()) % below;
        let mut happened = Vec::new();
        for _ in 0..30 {
            let messages = at.messages().await;
            let message = messages[usize::try_from(random(messages.len() as u64)).unwrap()].clone();
            let what = random(10);
            happened.push(what);
            match what {
                0..=2 => drop(at.app.deliver(&COPY, &[at.newest().await]).await),
                3 => drop(at.app.deliver(&COPY, &[at.again(&message)]).await),
                4..=6 => {
                    let k = 1 + usize::try_from(random(8)).unwrap();
                    let fault = [Fault::CrashBefore(k), Fault::CrashAfter(k), Fault::LoseAnswer(k)];
                    at.app.wire(&COPY).arm(fault[usize::try_from(what - 4).unwrap()]);
                    drop(at.app.deliver_until_crash(&COPY, &[at.newest().await]).await);
                    at.app.wire(&COPY).disarm();
                }
                7 => at.wait(SignedDuration::from_secs(i64::try_from(random(1200)).unwrap())),
                8 => at.sweep().await,
                _ if random(4) == 0 => {
                    drop(at.cancel().await);
                }
                _ => {}
            }
        }
        at.finish().await;
        let (state, copies) = (at.state().await, at.copies().await);
        let expected = if state == RunState::Done { at.notes.clone() } else { BTreeSet::new() };
        assert_eq!(copies, expected, "{state:?} after {happened:?}");
        assert!(behaviour == Behaviour::Nothing || state != RunState::Done);
    }
}
