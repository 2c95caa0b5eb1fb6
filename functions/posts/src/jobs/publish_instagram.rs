//! The job `publish-instagram`: publishes one delivery on Instagram, or reconciles an earlier attempt.

use channels::instagram::Instagram;
use channels::publishing;
use shared::prelude::job::*;

use crate::lease::FUNCTION_TIMEOUT_S;
use crate::publish_on::{Claimed, publish};

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublishInstagram(pub Claimed);

pub static FUNCTION: Function = Function::job::<PublishInstagram>();

impl From<PublishInstagram> for Claimed {
    fn from(message: PublishInstagram) -> Self {
        message.0
    }
}

impl Message for PublishInstagram {
    const NAME: &'static str = "publish-instagram";
}

impl Job for PublishInstagram {
    /// This memory size comes with one full vCPU, which a PNG of 16 megapixels needs to become JPEG within a second or two.
    const JOB: Declaration = Declaration::new("publish-instagram", Trigger::message::<Self>())
        .timeout_s(FUNCTION_TIMEOUT_S)
        .memory_mb(1_769);
    const GRANTS: &'static [Grant] = shared::grants!(
        publishing::GRANTS,
        &[Grant::ReadRenditions, Grant::WriteObjects, Grant::ReadPlan, Grant::SignDownloads, Grant::ReadPlatformApps]
    );
    type Access = Tenant;

    async fn run(self, workspace: &Tenant) -> Result<(), JobError> {
        publish::<Instagram>(workspace, self.0).await
    }
}
