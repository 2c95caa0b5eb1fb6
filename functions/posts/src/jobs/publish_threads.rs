//! The job `publish-threads`: publishes one delivery on Threads, or reconciles an earlier attempt.

use channels::publishing;
use channels::threads::Threads;
use shared::prelude::job::*;

use crate::lease::FUNCTION_TIMEOUT_S;
use crate::publish_on::{Claimed, publish};

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublishThreads(pub Claimed);

pub static FUNCTION: Function = Function::job::<PublishThreads>();

impl From<PublishThreads> for Claimed {
    fn from(message: PublishThreads) -> Self {
        message.0
    }
}

impl Message for PublishThreads {
    const NAME: &'static str = "publish-threads";
}

impl Job for PublishThreads {
    const JOB: Declaration =
        Declaration::new("publish-threads", Trigger::message::<Self>()).timeout_s(FUNCTION_TIMEOUT_S).memory_mb(512);
    const GRANTS: &'static [Grant] = shared::grants!(
        publishing::GRANTS,
        &[Grant::ReadObjects, Grant::ReadPlan, Grant::SignDownloads, Grant::ReadPlatformApps]
    );
    type Access = Tenant;

    async fn run(self, workspace: &Tenant) -> Result<(), JobError> {
        publish::<Threads>(workspace, self.0).await
    }
}
