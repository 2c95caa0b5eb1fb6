//! What the functions of plans need.

use shared::kernel::time::{SignedDuration, after};

use crate::place::World;
use crate::sample::Filling;

impl World {
    pub(super) fn ready_for_plans(&self, function: &str, ready: Filling) -> Filling {
        match function {
            "set-override" => ready.with("expires_at", after(self.app.now(), SignedDuration::from_hours(24))),
            _ => ready,
        }
    }
}
