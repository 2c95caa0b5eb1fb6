//! The job `publish-x`: publishes one delivery on X, or reconciles an earlier attempt.

use channels::publishing;
use channels::x::X;
use shared::prelude::job::*;

use crate::lease::FUNCTION_TIMEOUT_S;
use crate::publish_on::{Claimed, publish};

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublishX(pub Claimed);

pub static FUNCTION: Function = Function::job::<PublishX>();

impl From<PublishX> for Claimed {
    fn from(message: PublishX) -> Self {
        message.0
    }
}

impl Message for PublishX {
    const NAME: &'static str = "publish-x";
}

impl Job for PublishX {
    const JOB: Declaration =
        Declaration::new("publish-x", Trigger::message::<Self>()).timeout_s(FUNCTION_TIMEOUT_S).memory_mb(512);
    const GRANTS: &'static [Grant] =
        shared::grants!(publishing::GRANTS, &[Grant::ReadRenditions, Grant::ReadPlan, Grant::ReadPlatformApps]);
    type Access = Tenant;

    async fn run(self, workspace: &Tenant) -> Result<(), JobError> {
        publish::<X>(workspace, self.0).await
    }
}
