//! The job `publish-mastodon`: publishes one delivery on Mastodon, or reconciles an earlier attempt.

use channels::mastodon::Mastodon;
use channels::publishing;
use shared::prelude::job::*;

use crate::lease::FUNCTION_TIMEOUT_S;
use crate::publish_on::{Claimed, publish};

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublishMastodon(pub Claimed);

pub static FUNCTION: Function = Function::job::<PublishMastodon>();

impl From<PublishMastodon> for Claimed {
    fn from(message: PublishMastodon) -> Self {
        message.0
    }
}

impl Message for PublishMastodon {
    const NAME: &'static str = "publish-mastodon";
}

impl Job for PublishMastodon {
    const JOB: Declaration =
        Declaration::new("publish-mastodon", Trigger::message::<Self>()).timeout_s(FUNCTION_TIMEOUT_S).memory_mb(512);
    const GRANTS: &'static [Grant] = shared::grants!(publishing::GRANTS, &[Grant::ReadRenditions, Grant::ReadPlan]);
    type Access = Tenant;

    async fn run(self, workspace: &Tenant) -> Result<(), JobError> {
        publish::<Mastodon>(workspace, self.0).await
    }
}
