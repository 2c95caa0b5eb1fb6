//! Log lines: the fields by which a request can be traced.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use serde_json::json;
use shared::testing::{Request, TestApp};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::notes::{NoteWritten, TELL, WRITE};

type Line = BTreeMap<String, String>;

/// Collects the lines of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Line>>>);

struct Fields(Line);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(Line::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Log {
    /// The only line with this message since the last call.
    fn line(&self, message: &str) -> Line {
        let lines = std::mem::take(&mut *self.0.lock().unwrap());
        let mut found = lines.into_iter().filter(|line| line.get("message").is_some_and(|said| said == message));
        let line = found.next().unwrap_or_else(|| panic!("no line {message}"));
        assert!(found.next().is_none(), "two lines {message}");
        line
    }
}

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test]
async fn a_request_and_its_job_are_logged_with_user_workspace_and_trace() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let log = Log::default();
    let _collecting = tracing::subscriber::set_default(log.clone());
    let write = Request::to(&WRITE).by(&owner).json(json!({ "text": "a" }));
    app.call(write.header("traceparent", TRACE)).await.expect(201);
    let line = log.line("request");
    assert_eq!((&line["user.id"], &line["workspace.id"]), (&owner.user.to_string(), &owner.workspace.to_string()));
    assert_eq!(line["traceparent"], TRACE);

    let posted = app.outbox::<NoteWritten>(&owner.outbox()).await.unwrap();
    app.deliver(&TELL, &posted).await.unwrap();
    assert_eq!(log.line("run")["traceparent"], TRACE);
}

#[tokio::test]
async fn unknown_or_invalid_fields_are_not_logged() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let log = Log::default();
    let _collecting = tracing::subscriber::set_default(log.clone());
    for traceparent in ["", "00-0-0-0", "line\\nbreak", &TRACE.replace("00-", "ff-")] {
        let stranger = Request::to(&WRITE).path("workspace_id", owner.workspace).header("traceparent", traceparent);
        app.call(stranger.json(json!({ "text": "a" }))).await.expect(401);
        let line = log.line("request");
        for field in ["traceparent", "user.id", "workspace.id"] {
            assert_eq!(line.get(field), None, "{traceparent}");
        }
    }
}
