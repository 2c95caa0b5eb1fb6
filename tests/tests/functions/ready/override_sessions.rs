//! What the functions of override sessions need.

use test_support::overrides::{self, Opened};
use test_support::staff_member::signed_in;

use crate::place::{Place, World};
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
