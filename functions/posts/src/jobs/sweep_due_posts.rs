//! The job `sweep-due-posts`: every minute, claims due deliveries and recovers stuck ones.

use shared::kernel::time::after;
use shared::prelude::job::*;
use shared::table::Stored;
use shared::tenancy::{AllWorkspaces, Changes};
use shared::work::each_due;

use crate::audit_actions::POST_SCHEDULE_REDERIVED;
use crate::delivery::{Delivery, Swept};
use crate::lease::HORIZON;
use crate::post::Post;
use crate::post_error::PostError;
use crate::progress::{CONFLICT, claim, stepped};
use crate::schedule::Schedule;

#[derive(Deserialize)]
pub struct SweepDuePosts {}

pub static FUNCTION: Function = Function::job::<SweepDuePosts>();

pub struct DuePosts;

impl Reason for DuePosts {
    const WHY: &'static str = "due deliveries of every workspace must be claimed within the minute";
}

impl Job for SweepDuePosts {
    const JOB: Declaration = Declaration::new("sweep-due-posts", Trigger::Schedule("rate(1 minute)")).timeout_s(120);
    const GRANTS: &'static [Grant] = &[Grant::ReadDue, Grant::ReadItems, Grant::WriteItems];
    type Access = AllWorkspaces<DuePosts>;

    async fn run(self, workspaces: &AllWorkspaces<DuePosts>) -> Result<(), JobError> {
        each_due(workspaces, after(workspaces.now(), HORIZON), sweep).await
    }
}

async fn sweep(tenant: Tenant, mut delivery: Stored<Delivery>) -> Result<(), Problem> {
    let swept = match delivery.rederived() {
        Some(schedule) => follow(&tenant, delivery, schedule).await,
        None => match delivery.sweep(tenant.now(), tenant.sending())? {
            Swept::Nothing => Ok(()),
            Swept::Claimed { not_before } => claim(&tenant, &delivery, not_before).await,
            Swept::Settled => settle(&tenant, delivery).await,
        },
    };
    // Another run or a person committed first: remaining work comes up again.
    swept.or_else(|problem| if problem.code() == CONFLICT { Ok(()) } else { Err(problem) })
}

async fn settle(tenant: &Tenant, delivery: Stored<Delivery>) -> Result<(), Problem> {
    let mut post = tenant.get::<Post>(&delivery.post_id).await?;
    post.note(&delivery);
    tenant.commit(stepped(&delivery, &mut post)).await
}

/// New zone rules give the wall time another instant: moves the post and this delivery to it.
async fn follow(tenant: &Tenant, mut delivery: Stored<Delivery>, schedule: Schedule) -> Result<(), Problem> {
    let mut post = tenant.get::<Post>(&delivery.post_id).await?;
    delivery.follow(schedule.clone());
    post.schedule = Some(schedule);
    let changes = Changes::default()
        .replace(&delivery)
        .or(PostError::ModifiedConcurrently)
        .replace(&post)
        .or(PostError::ModifiedConcurrently)
        .audit(&POST_SCHEDULE_REDERIVED, post.id)
        .detail(&post.schedule);
    tenant.commit(changes).await
}
