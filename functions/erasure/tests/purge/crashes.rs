//! A crash before and after every call, and every lost response: the erasure is resumed, and its counts are exact.

use erasure::jobs::purge_workspaces;
use shared::aws::wire::Fault;
use shared::kernel::time::SignedDuration;
use shared::testing::{Ended, TestApp};

use crate::certificates::claims;
use crate::place::{DAY, Place, purge};

/// Runs the job with a fault at a call.
async fn faulty(app: &TestApp, fault: Fault) {
    app.advance(SignedDuration::from_hours(1));
    // Cold, as after a crash: with the calls that a warm process saves.
    app.forget(&purge_workspaces::FUNCTION);
    app.wire(&purge_workspaces::FUNCTION).arm(fault);
    match app.until_crash(&purge_workspaces::FUNCTION, app.tick(&purge_workspaces::FUNCTION)).await {
        Ok(_) | Err(Ended::Crashed | Ended::With(Err(_))) => {}
        Err(other) => panic!("{other:?}"),
    }
    app.wire(&purge_workspaces::FUNCTION).disarm();
}

/// The calls of both runs.
async fn calls(app: &TestApp) -> [usize; 2] {
    let place = Place::new(app).await;
    place.trash(app).await;
    app.advance(DAY * 30);
    let mut counts = [0, 0];
    for count in &mut counts {
        app.forget(&purge_workspaces::FUNCTION);
        let wire = app.wire(&purge_workspaces::FUNCTION);
        purge(app).await;
        *count = wire.take().len();
    }
    assert!(place.certificate(app).is_some());
    counts
}

/// A crash before a call leaves what a crash after the previous one does.
#[tokio::test]
async fn an_erasure_that_fails_at_any_call_is_resumed_with_exact_counts() {
    let counts = calls(&TestApp::new()).await;
    assert!(counts[0] > 40 && counts[1] > 25, "{counts:?}");
    for (run, count) in counts.into_iter().enumerate() {
        check(run, Fault::CrashBefore(1)).await;
        for call in 1..=count {
            check(run, Fault::CrashAfter(call)).await;
            check(run, Fault::LoseAnswer(call)).await;
        }
    }
}

async fn check(run: usize, fault: Fault) {
    let app = &TestApp::new();
    let place = Place::new(app).await;
    place.trash(app).await;
    let tally = place.tally(app);
    app.advance(DAY * 30);
    if run == 1 {
        purge(app).await;
    }
    faulty(app, fault).await;
    for _ in 0..4 {
        purge(app).await;
    }
    let context = format!("run {run}, {fault:?}");
    let certificate = place.certificate(app).unwrap_or_else(|| panic!("{context}: no certificate"));
    let found = &claims(&certificate)["destroyed"];
    for (what, count) in tally.as_object().unwrap() {
        assert_eq!(&found[what], count, "{context}, {what}: {found}");
    }
    assert_eq!(found["object_bytes"], "firstsecond".len(), "{context}");
    let letters = app.outbox::<mail::SendEmail>(&format!("W#{}", place.id())).await.unwrap();
    assert_eq!(letters.len(), 1, "{context}");
    app.empty_outbox().await.unwrap();
    let traces = place.traces(app);
    assert!(traces.len() == 1 && traces[0].contains("\"CERTIFICATE\""), "{context}: {traces:#?}");
}
