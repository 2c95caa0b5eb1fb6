//! What is logged of workspace tokens: their ids, never their secrets.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use workspaces::routes::get_workspace;

use crate::machine::*;
use crate::team::Team;

/// Every field of every line and span of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Fields<'a>(&'a Log);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0.0.lock().unwrap(), "{}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Fields(self));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Fields(self));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Fields(self));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_request_is_logged_with_the_id_of_its_token_and_without_its_secret() {
    let team = Team::new().await;
    let log = Log::default();
    let _collecting = tracing::subscriber::set_default(log.clone());
    let (id, first) = team.machine().await;
    assert_eq!(team.works(&first).await, 200);
    let second = team.rotate(&id, 0).await;
    // Refused: it ended, another one is mistyped, and one lacks the scope.
    assert_eq!(team.works(&first).await, 401);
    assert_eq!(team.works(&format!("{}x", &second[..89])).await, 401);
    let body = json!({ "name": "Import", "scopes": ["media:read"] });
    let third = text(&team.create_token(body).await.expect(201).body["token"]);
    team.app.call(team.by_token(&third, &get_workspace::FUNCTION)).await.expect(403);

    let lines = log.0.lock().unwrap().clone();
    assert!(lines.contains(&format!("token.id={id}")), "{lines}");
    for secret in [&first, &second, &third] {
        // The ids in it are no secret; the random bytes begin after them.
        assert!(!lines.contains(&secret[47..84]), "a secret is logged");
    }
}
