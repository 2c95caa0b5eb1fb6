//! Publishing on one platform: one delivery, or the reconciliation of an earlier attempt.
//!
//! Each platform has a function of its own (`jobs/publish_<platform>.rs`), with its own queue, concurrency and alarms: a
//! platform that is down delays no other one, and a function contains no other platform's code.

use channels::{Adapter, Platform};
use serde::{Deserialize, Serialize};
use shared::jobs::JobError;
use shared::kernel::time::Timestamp;
use shared::tenancy::{Audited, Tenant};

use crate::attempt::Attempt;
use crate::delivery::{Delivery, DeliveryId, DeliveryKey, Work};
use crate::jobs::publish_bluesky::PublishBluesky;
use crate::jobs::publish_mastodon::PublishMastodon;
use crate::jobs::publish_threads::PublishThreads;
use crate::jobs::publish_x::PublishX;
use crate::pictures::ReadPicture;
use crate::post::PostId;
use crate::progress::commit_lease;

/// The payload of a publishing function: one delivery, for one claim. It may arrive twice, late, or after the claim has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claimed {
    pub post_id: PostId,
    pub delivery_id: DeliveryId,
    pub attempt: u32,
}

/// Adds the message for the claim that a delivery is under, to the function of its platform.
pub fn send_to_publisher(changes: Audited, delivery: &Delivery, not_before: Timestamp) -> Audited {
    let claimed = Claimed { post_id: delivery.post_id, delivery_id: delivery.id, attempt: delivery.attempt() };
    match delivery.platform {
        Platform::Bluesky => changes.send_at(&PublishBluesky(claimed), not_before),
        Platform::Mastodon => changes.send_at(&PublishMastodon(claimed), not_before),
        Platform::Threads => changes.send_at(&PublishThreads(claimed), not_before),
        Platform::X => changes.send_at(&PublishX(claimed), not_before),
    }
}

/// Publishes a delivery, unless another claim or a person came first.
pub async fn publish<A: Adapter<Picture: ReadPicture>>(workspace: &Tenant, claimed: Claimed) -> Result<(), JobError> {
    let Claimed { post_id, delivery_id, attempt: number } = claimed;
    let key = DeliveryKey { post_id, delivery_id };
    // Not found: the post was deleted.
    let Some(mut delivery) = workspace.find::<Delivery>(&key).await? else { return Ok(()) };
    if delivery.renew(number, workspace.now(), workspace.sending()) && !commit_lease(workspace, &mut delivery).await? {
        return Ok(());
    }
    let attempt = Attempt::<A>::new(workspace, key, number);
    match delivery.work(number, workspace.now(), workspace.sending()) {
        Work::Publish => attempt.publish(delivery.into_inner()).await,
        Work::Reconcile(intent) => attempt.reconcile(&delivery, &intent).await,
        Work::Nothing(why) => {
            tracing::info!(delivery.id = %delivery_id, attempt = number, why, "nothing to publish");
            Ok(())
        }
    }
}
