//! What the functions of posts need.

use posts::delivery::{Cure, Delivery, DeliveryError, deliveries_of};
use posts::jobs::publish_bluesky::PublishBluesky;
use posts::jobs::publish_instagram::PublishInstagram;
use posts::jobs::publish_mastodon::PublishMastodon;
use posts::jobs::publish_threads::PublishThreads;
use posts::jobs::publish_x::PublishX;
use posts::post::{Post, PostId};
use posts::publish_on::Claimed;
use shared::kernel::time::SignedDuration;
use shared::outbox::Message;
use shared::tenancy::{Changes, Page};

use crate::place::{Place, World};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_posts(&self, function: &str, place: &Place, ready: Filling) -> Filling {
        let channel = place.filling.get("channel_id");
        match function {
            "update-post" | "schedule-post" | "delete-post" => ready.with("post_id", self.draft(place).await),
            "unschedule-post" => ready.with("post_id", self.scheduled(place, 3600, &[channel]).await),
            "publish-bluesky" => self.claimed::<PublishBluesky>(place, ready, channel).await,
            "publish-mastodon" => {
                let channel = self.mastodon_channel(place).await;
                self.claimed::<PublishMastodon>(place, ready, &channel).await
            }
            "publish-instagram" => {
                let channel = self.instagram_channel(place).await;
                self.scheduled_with_picture(place, 30, &[&channel]).await;
                self.newest_claim::<PublishInstagram>(place, ready).await
            }
            "publish-threads" => {
                let channel = self.threads_channel(place).await;
                self.claimed::<PublishThreads>(place, ready, &channel).await
            }
            "resolve-delivery" => self.held(place, ready, channel).await,
            "publish-x" => {
                let channel = self.x_channel(place).await;
                self.claimed::<PublishX>(place, ready, &channel).await
            }
            "sweep-due-posts" => {
                // Further ahead than the request itself claims.
                self.scheduled(place, 150, &[channel]).await;
                self.app.advance(SignedDuration::from_secs(100));
                ready
            }
            _ => ready,
        }
    }

    /// A held delivery.
    async fn held(&self, place: &Place, ready: Filling, channel: &str) -> Filling {
        let post_id: PostId = self.scheduled(place, 3600, &[channel]).await.parse().unwrap();
        let workspace = self.app.scope(place.owner.workspace);
        let mut post = workspace.get::<Post>(&post_id).await.unwrap();
        let page = Page { limit: 1, cursor: None, newest_first: true };
        let mut delivery = workspace.page::<Delivery>(&deliveries_of(post_id), &page).await.unwrap().items.remove(0);
        let (code, text) = ("outcome_unknown".to_owned(), "No answer came.".to_owned());
        delivery.hold(DeliveryError { code, text, cure: Cure::Time, at: self.app.now() }).unwrap();
        post.note(&delivery);
        let changes = Changes::default().replace(&post).replace(&delivery).unaudited("a fixture");
        workspace.commit(changes).await.unwrap();
        ready.with("post_id", post_id).with("delivery_id", delivery.id)
    }

    /// A claimed delivery, at its due time.
    pub(super) async fn claimed<M: Message + Into<Claimed>>(
        &self,
        place: &Place,
        ready: Filling,
        channel: &str,
    ) -> Filling {
        self.scheduled(place, 30, &[channel]).await;
        self.newest_claim::<M>(place, ready).await
    }

    async fn newest_claim<M: Message + Into<Claimed>>(&self, place: &Place, ready: Filling) -> Filling {
        self.app.advance(SignedDuration::from_secs(31));
        let posted = self.app.outbox::<M>(&place.owner.outbox()).await.unwrap();
        let newest: Claimed = posted.last().unwrap().payload::<M>().unwrap().into();
        ready.with("post_id", newest.post_id).with("delivery_id", newest.delivery_id)
    }
}
