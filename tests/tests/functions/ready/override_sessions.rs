//! What the functions of override sessions need.

use override_sessions::jobs::expire_override_session::ExpireOverrideSession;
use serde_json::json;
use shared::kernel::time::SignedDuration;
use test_support::overrides::{self, Opened};
use test_support::staff_member::signed_in;

use crate::place::{Place, World, text};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_override_sessions(&self, function: &str, place: &Place, ready: Filling) -> Filling {
        let workspace = place.owner.workspace;
        match function {
            "open-override-session" => ready.with("token", signed_in(&self.app, &["admin"]).await),
            "list-override-sessions" | "end-override-session" => {
                let opened = overrides::opened(&self.app, workspace, "read_only").await;
                ready.with("override_session_id", opened.id)
            }
            "approve-override-session" => {
                overrides::set_plan(&self.app, workspace, "enterprise").await;
                self.prove_second_factor(&place.owner.token).await;
                let opened = overrides::opened(&self.app, workspace, "read_only").await;
                ready.with("override_session_id", opened.id)
            }
            "expire-override-session" => {
                let staff = signed_in(&self.app, &["support"]).await;
                // A minute, so that the sessions of the place are still valid.
                let terms = json!({ "reason": "Cannot see a post", "ticket": "SUP-4711", "minutes": 1 });
                let opened = overrides::open(&self.app, &staff, workspace, terms).await.expect(201).body;
                let messages = self.app.outbox::<ExpireOverrideSession>(&place.owner.outbox()).await.unwrap();
                let ends_at = messages.last().unwrap().envelope.not_before.unwrap();
                self.app.advance(SignedDuration::from_mins(1));
                ready.with("override_session_id", text(&opened["session"]["id"])).with("ends_at", ends_at)
            }
            _ => {
                let Opened { id, staff, .. } = overrides::opened(&self.app, workspace, "read_only").await;
                ready
                    .with("override_session_id", id)
                    .with("staff_id", crate::person::claim(&staff, "sub"))
                    .with("token", staff)
            }
        }
    }
}
