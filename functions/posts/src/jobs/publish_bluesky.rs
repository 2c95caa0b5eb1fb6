//! The job `publish-bluesky`: publishes one delivery on Bluesky, or reconciles an earlier attempt.

use channels::bluesky::Bluesky;
use channels::publishing;
use shared::prelude::job::*;

use crate::lease::FUNCTION_TIMEOUT_S;
use crate::publish_on::{Claimed, publish};

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublishBluesky(pub Claimed);

pub static FUNCTION: Function = Function::job::<PublishBluesky>();

impl From<PublishBluesky> for Claimed {
    fn from(message: PublishBluesky) -> Self {
        message.0
    }
}

impl Message for PublishBluesky {
    const NAME: &'static str = "publish-bluesky";
}

impl Job for PublishBluesky {
    const JOB: Declaration =
        Declaration::new("publish-bluesky", Trigger::message::<Self>()).timeout_s(FUNCTION_TIMEOUT_S).memory_mb(512);
    const GRANTS: &'static [Grant] = shared::grants!(publishing::GRANTS, &[Grant::ReadRenditions, Grant::ReadPlan]);
    type Access = Tenant;

    async fn run(self, workspace: &Tenant) -> Result<(), JobError> {
        publish::<Bluesky>(workspace, self.0).await
    }
}
