//! What the functions of media need.

use crate::place::{Place, World};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_media(&self, function: &str, place: &Place, ready: Filling) -> Filling {
        match function {
            "complete-upload" => ready.with("media_id", self.uploaded(place).await),
            _ => ready,
        }
    }
}
