//! What the functions of plans need.

use plans::jobs::set_override;
use serde_json::json;
use shared::kernel::time::{SignedDuration, Timestamp, after};

use crate::place::{Place, World};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_plans(&self, function: &str, place: &Place, ready: Filling) -> Filling {
        let in_hours = |hours| -> Timestamp { after(self.app.now(), SignedDuration::from_hours(hours)) };
        match function {
            "set-override" => ready.with("expires_at", in_hours(24)),
            "expire-overrides" => {
                let set = json!({ "name": "channels", "value": 300, "reason": "Pilot", "expires_at": in_hours(1) });
                let event = json!({ "workspace_id": place.owner.workspace, "set": set });
                self.app.run(&set_override::FUNCTION, event).await.unwrap();
                self.and_wait(ready, 2)
            }
            "apply-plan-limits" => {
                self.channel(place).await;
                let set = json!({ "name": "channels", "value": 0, "reason": "Pilot", "expires_at": in_hours(1) });
                let event = json!({ "workspace_id": place.owner.workspace, "set": set });
                self.app.run(&set_override::FUNCTION, event).await.unwrap();
                ready
            }
            "recount-usage" => self.and_wait(ready, 21),
            _ => ready,
        }
    }
}
