//! The job `sweep-due-posts`: every minute, claims what is due and takes up what got stuck.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::jobs::{Declaration, Job, JobError, Trigger};
use shared::kernel::problems::Problem;
use shared::kernel::time::after;
use shared::table::Stored;
use shared::tenancy::platform::DueEntry;
use shared::tenancy::{Changes, Platform, Reason, Tenant};

use crate::delivery::{Delivery, Swept};
use crate::lease::HORIZON;
use crate::post::Post;
use crate::post_error::PostError;
use crate::progress::{MEANWHILE, claim, stepped};
use crate::schedule::Schedule;

/// The due index is read from its beginning each time, so that an outage is caught up by itself and
/// there is no mark of how far it came that could be lost.
#[derive(Deserialize)]
pub struct SweepDuePosts {}

pub static FUNCTION: Function = Function::job::<SweepDuePosts>();

pub struct DuePosts;

impl Reason for DuePosts {
    const WHY: &'static str = "what is due must be claimed in every workspace, within the minute";
}

/// Deliveries at a time: each takes two or three calls of some milliseconds.
const AT_ONCE: usize = 16;

impl Job for SweepDuePosts {
    const JOB: Declaration = Declaration::new("sweep-due-posts", Trigger::Schedule("rate(1 minute)")).timeout_s(120);
    const GRANTS: &'static [Grant] = &[Grant::ReadDue, Grant::ReadItems, Grant::WriteItems];
    type Access = Platform<DuePosts>;

    async fn run(self, platform: &Platform<DuePosts>) -> Result<(), JobError> {
        let due = platform.due::<Delivery>(after(platform.now(), HORIZON)).await?;
        let mut failures = Vec::new();
        for entries in due.chunks(AT_ONCE) {
            let swept = futures::future::join_all(entries.iter().map(|entry| sweep(platform, entry))).await;
            failures.extend(swept.into_iter().filter_map(Result::err));
        }
        // One that fails holds up no other, and is due again in a minute; the run says that it failed.
        for failure in &failures {
            tracing::error!(cause = ?failure, "a due delivery could not be swept");
        }
        failures.into_iter().next().map_or(Ok(()), |first| Err(JobError::retry(first)))
    }
}

async fn sweep(platform: &Platform<DuePosts>, entry: &DueEntry) -> Result<(), Problem> {
    let (tenant, found) = platform.enter::<Delivery>(entry).await?;
    // The index is behind the table by moments: what is not there was deleted meanwhile.
    let Some(mut delivery) = found else { return Ok(()) };
    let swept = match delivery.rederived() {
        Some(schedule) => follow(&tenant, delivery, schedule).await,
        None => match delivery.sweep(platform.now(), platform.sending())? {
            Swept::Nothing => Ok(()),
            Swept::Claimed { not_before } => claim(&tenant, &delivery, not_before).await,
            Swept::Settled => settle(&tenant, delivery).await,
        },
    };
    // Another run or a person was quicker: what is left to do comes up again.
    swept.or_else(|problem| if problem.code() == MEANWHILE { Ok(()) } else { Err(problem) })
}

async fn settle(tenant: &Tenant, delivery: Stored<Delivery>) -> Result<(), Problem> {
    let mut post = tenant.get::<Post>(&delivery.post_id).await?;
    post.note(&delivery);
    tenant.commit(stepped(&delivery, &mut post)).await
}

/// New zone rules put the wall time at another instant: the post and this delivery go with them.
async fn follow(tenant: &Tenant, mut delivery: Stored<Delivery>, schedule: Schedule) -> Result<(), Problem> {
    let mut post = tenant.get::<Post>(&delivery.post_id).await?;
    delivery.follow(schedule.clone());
    post.schedule = Some(schedule);
    let changes = Changes::default()
        .replace(&delivery)
        .or(PostError::ChangedMeanwhile)
        .replace(&post)
        .or(PostError::ChangedMeanwhile)
        .audit("post.schedule_rederived", post.id)
        .detail(&post.schedule);
    tenant.commit(changes).await
}
