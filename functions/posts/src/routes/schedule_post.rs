//! `POST /workspaces/{workspace_id}/posts/{post_id}/schedule`: schedules a post for a time and channels.

use channels::Channel;
use serde_json::json;
use shared::kernel::time::Timestamp;
use shared::prelude::route::*;
use shared::table::Stored;
use shared::tenancy::{Entitlement, Limit, Scope};

use crate::audit_actions::POST_SCHEDULED;
use crate::bounds::ScheduledChannelIds;
use crate::delivery::Delivery;
use crate::limits;
use crate::permissions::WritePosts;
use crate::post::{POST_PUBLISHING, POSTS_PER_MONTH, Post, PostId, SCHEDULED_POSTS};
use crate::post_error::PostError;
use crate::problems;
use crate::progress::{replace_post, supersede};
use crate::publish_on::send_to_publisher;
use crate::schedule::Schedule;
use crate::view::PostView;
use crate::wall_time::WallTime;

/// Schedules or reschedules a post. Pending deliveries are cancelled, and failed or held ones on the selected channels
/// are replaced. A local time that a clock change skips is refused; one that occurs twice means the first occurrence.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchedulePost {
    post_id: PostId,
    #[schema(inline)]
    at: WallTime,
    /// The IANA time zone of `at`.
    #[schema(example = "Europe/Paris")]
    time_zone: String,
    #[schema(inline)]
    channel_ids: ScheduledChannelIds,
}

pub static FUNCTION: Function = Function::route::<SchedulePost>();

impl Endpoint for SchedulePost {
    const ROUTE: Route = Route::post("schedule-post", "/workspaces/{workspace_id}/posts/{post_id}/schedule");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ProveToken, Grant::ServeOverrides];
    const NEEDS: &'static [Entitlement] = &[POST_PUBLISHING];
    const PLAN_LIMITS: &'static [Limit] = &[SCHEDULED_POSTS, POSTS_PER_MONTH];
    const REPEATABLE: Repeatable<Self> = Repeatable::entity::<Post>();
    const TOKEN: Option<TokenScope> = Some(TokenScope::write("posts"));
    const PROBLEMS: &'static [ProblemCode] = &[
        problems::TOO_MANY_SCHEDULED_POSTS,
        problems::TOO_MANY_POSTS_THIS_MONTH,
        problems::POST_DOES_NOT_FIT,
        problems::TIME_ZONE_UNKNOWN,
        problems::SCHEDULE_TIME_SKIPPED,
        problems::SCHEDULE_IN_THE_PAST,
        problems::SCHEDULE_TOO_FAR_AHEAD,
        problems::POST_BEING_PUBLISHED,
        problems::POST_PUBLISHED_THERE,
        problems::POST_HAS_TOO_MANY_CHANNELS,
        problems::POST_MODIFIED_CONCURRENTLY,
    ];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Post>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(4, "the post is read, and its channels");
    type Access = Workspace<WritePosts>;
    type Output = Reply<PostView>;

    async fn handle(self, workspace: &Workspace<WritePosts>) -> Result<Self::Output, Problem> {
        let mut post = workspace.get::<Post>(&self.post_id).await?;
        let now = workspace.now();
        let schedule = Schedule::new(self.at, &self.time_zone, now)?;
        let aside = post.reschedule(&self.channel_ids)?;
        let plan = workspace.plan();
        let channels = limits::check_schedule((workspace, plan), post.content(), &self.channel_ids).await?;
        let aside = supersede(workspace, &mut post, &aside).await?;
        let deliver = |channel: &Channel| Delivery::new(workspace.new_id(), post.id, channel, schedule.clone(), now);
        let mut deliveries: Vec<Delivery> = channels.iter().map(deliver).collect();
        let claimed = claim_at_once(workspace, &mut deliveries)?;
        post.schedule(schedule, self.channel_ids.into_vec(), &deliveries, now);
        let changes = counted(workspace, &mut post)
            .each(&aside, |changes, delivery| changes.replace(delivery).or(PostError::ModifiedConcurrently))
            .each(&deliveries, Changes::insert)
            .audit(&POST_SCHEDULED, post.id)
            .detail(json!({ "schedule": post.schedule, "channel_ids": post.channel_ids }));
        let send = |changes, (index, at): (usize, _)| send_to_publisher(changes, &deliveries[index], at);
        workspace.commit(claimed.into_iter().fold(changes, send)).await?;
        Ok(Reply(PostView::from(&*post)))
    }
}

/// Claims the deliveries that are due so soon that no sweep may see them in time. Returns which, and when their messages must
/// arrive.
fn claim_at_once(workspace: &Scope, deliveries: &mut [Delivery]) -> Result<Vec<(usize, Timestamp)>, Problem> {
    let (now, sending) = (workspace.now(), workspace.sending());
    let mut claimed = Vec::new();
    for (index, delivery) in deliveries.iter_mut().enumerate() {
        if let Some(not_before) = delivery.claim_at_once(now, sending)? {
            claimed.push((index, not_before));
        }
    }
    Ok(claimed)
}

/// Replaces the post and counts it: while it is scheduled, and once in the month in which it is first scheduled.
fn counted(workspace: &Workspace<WritePosts>, post: &mut Stored<Post>) -> Changes {
    let plan = workspace.plan();
    let was_counted = std::mem::replace(&mut post.counted_in_month, true);
    let changes = replace_post(Changes::default(), post, Some(plan));
    if was_counted {
        return changes;
    }
    let refusal = PostError::TooManyThisMonth { limit: plan.limit(POSTS_PER_MONTH) };
    changes.count_in_period((POSTS_PER_MONTH, &post.id.to_string()), plan, workspace.now(), refusal)
}
