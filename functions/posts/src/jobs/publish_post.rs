//! The job `publish-post`: publishes one delivery on its platform, or reconciles an earlier attempt.

use channels::publishing;
use shared::prelude::job::*;

use crate::attempt::Attempt;
use crate::delivery::{Delivery, DeliveryKey, Work};
use crate::lease::FUNCTION_TIMEOUT_S;
pub use crate::progress::PublishPost;
use crate::progress::commit_lease;

pub static FUNCTION: Function = Function::job::<PublishPost>();

impl Job for PublishPost {
    const JOB: Declaration =
        Declaration::new("publish-post", Trigger::message::<Self>()).timeout_s(FUNCTION_TIMEOUT_S).memory_mb(512);
    const GRANTS: &'static [Grant] = shared::grants!(publishing::GRANTS, &[Grant::ReadObjects, Grant::ReadPlan]);
    type Access = Tenant;

    async fn run(self, workspace: &Tenant) -> Result<(), JobError> {
        let key = DeliveryKey { post_id: self.post_id, delivery_id: self.delivery_id };
        // Not found: the post was deleted.
        let Some(mut delivery) = workspace.find::<Delivery>(&key).await? else { return Ok(()) };
        if delivery.renew(self.attempt, workspace.now(), workspace.sending())
            && !commit_lease(workspace, &mut delivery).await?
        {
            return Ok(());
        }
        let attempt = Attempt::new(workspace, key, self.attempt);
        match delivery.work(self.attempt, workspace.now(), workspace.sending()) {
            Work::Publish => attempt.publish(&delivery).await,
            Work::Reconcile(intent) => attempt.reconcile(&delivery, &intent).await,
            Work::Nothing(why) => {
                tracing::info!(delivery.id = %self.delivery_id, attempt = self.attempt, why, "nothing to publish");
                Ok(())
            }
        }
    }
}
