//! What the functions of posts need.

use posts::jobs::publish_bluesky::PublishBluesky;
use shared::kernel::time::SignedDuration;

use crate::place::{Place, World};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_posts(&self, function: &str, place: &Place, ready: Filling) -> Filling {
        let channel = place.filling.get("channel_id");
        match function {
            "update-post" | "schedule-post" | "delete-post" => ready.with("post_id", self.draft(place).await),
            "unschedule-post" => ready.with("post_id", self.scheduled(place, 3600, &[channel]).await),
            "publish-bluesky" => self.claimed(place, ready).await,
            "sweep-due-posts" => {
                // Further ahead than the request itself claims.
                self.scheduled(place, 150, &[channel]).await;
                self.app.advance(SignedDuration::from_secs(100));
                ready
            }
            _ => ready,
        }
    }

    /// A claimed delivery, at its due time.
    pub(super) async fn claimed(&self, place: &Place, ready: Filling) -> Filling {
        self.scheduled(place, 30, &[place.filling.get("channel_id")]).await;
        self.app.advance(SignedDuration::from_secs(31));
        let posted = self.app.outbox::<PublishBluesky>(&place.owner.outbox()).await.unwrap();
        let PublishBluesky(newest) = posted.last().unwrap().payload().unwrap();
        ready.with("post_id", newest.post_id).with("delivery_id", newest.delivery_id)
    }
}
