//! What the functions of workspaces need.

use crate::place::{Place, World};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_workspaces(&self, function: &str, place: &Place, ready: Filling) -> Filling {
        match function {
            "update-security" => {
                self.prove_second_factor(&place.owner.token).await;
                ready
            }
            _ => ready,
        }
    }
}
