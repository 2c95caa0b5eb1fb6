//! Transitions of a delivery as transactions: the delivery, its phase on the post, and the audit entry.

use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::table::Stored;
use shared::tenancy::{Audited, Changes, Scope, WorkspacePlan};
use shared::work::contend;

use crate::audit_actions::{DELIVERY_FAILED, DELIVERY_HELD, DELIVERY_PUBLISHED};
use crate::delivery::{Delivery, DeliveryKey, State, WrongState};
use crate::post::{Post, Progress, Recount, SCHEDULED_POSTS};
use crate::post_error::PostError;
use crate::problems::POST_MODIFIED_CONCURRENTLY;
use crate::publish_on::send_to_publisher;

/// Applies a transition, unless it no longer applies. `step` gets the current delivery and post, and returns whether it
/// changed anything; it runs again after a conflicting commit.
///
/// Returns whether the transition was applied.
pub async fn take_step(
    scope: &Scope,
    key: DeliveryKey,
    step: impl Fn(&mut Delivery, &Post) -> Result<bool, WrongState> + Send + Sync,
) -> Result<bool, Problem> {
    // Deliveries of one post that are sent at the same second conflict on the post.
    let step = &step;
    contend(CONFLICT, || async move {
        let (Some(mut delivery), Some(mut post)) =
            (scope.find::<Delivery>(&key).await?, scope.find::<Post>(&key.post_id).await?)
        else {
            return Ok(false);
        };
        if !step(&mut delivery, &post)? {
            return Ok(false);
        }
        post.note(&delivery);
        scope.commit(stepped(&delivery, &mut post)).await.map(|()| true)
    })
    .await
}

/// The problem code of a commit that conflicted with another one.
pub const CONFLICT: &str = POST_MODIFIED_CONCURRENTLY.code;

/// Replaces a post, and counts it among the workspace's scheduled posts while one of its deliveries is open. The
/// changes are refused if that exceeds the plan. Only scheduling passes the plan: a transition never opens a delivery,
/// and one that did would be refused.
pub fn replace_post(changes: Changes, post: &mut Stored<Post>, plan: Option<&WorkspacePlan>) -> Changes {
    let recount = post.recount();
    let changes = changes.replace(post).or(PostError::ModifiedConcurrently);
    match (recount, plan) {
        (Recount::OneMore, Some(plan)) => {
            let refusal = PostError::TooManyScheduled { limit: plan.limit(SCHEDULED_POSTS) };
            changes.count_up(SCHEDULED_POSTS, plan, refusal)
        }
        (Recount::OneMore, None) => changes.fail(Problem::internal("a transition without a plan opened a delivery")),
        (Recount::OneLess, _) => changes.count_down(SCHEDULED_POSTS),
        (Recount::Same, _) => changes,
    }
}

/// The transaction of one transition. It is audited if the delivery ends.
pub fn stepped(delivery: &Stored<Delivery>, post: &mut Stored<Post>) -> Audited {
    let changes = Changes::default().replace(delivery).or(PostError::ModifiedConcurrently);
    let changes = replace_post(changes, post, None);
    let channel_id = delivery.channel_id;
    let code = delivery.last_error().map(|error| error.code.as_str());
    match delivery.state() {
        State::Published { published, .. } => changes
            .audit(&DELIVERY_PUBLISHED, delivery.id)
            .detail(serde_json::json!({ "post_id": post.id, "channel_id": channel_id, "published_id": published.id })),
        State::Failed { .. } => changes
            .audit(&DELIVERY_FAILED, delivery.id)
            .detail(serde_json::json!({ "post_id": post.id, "channel_id": channel_id, "code": code })),
        State::Held { .. } => changes
            .audit(&DELIVERY_HELD, delivery.id)
            .detail(serde_json::json!({ "post_id": post.id, "channel_id": channel_id, "code": code })),
        State::Scheduled { .. } | State::Claimed { .. } | State::Sending { .. } | State::Cancelled { .. } => {
            changes.unaudited("an intermediate transition: the outcome is audited")
        }
    }
}

/// Commits a claim with the message that processes it, which arrives at `not_before`. The post is not written, so no
/// edit can conflict with it.
pub async fn claim(scope: &Scope, delivery: &Stored<Delivery>, not_before: Timestamp) -> Result<(), Problem> {
    let changes = Changes::default().replace(delivery).or(PostError::ModifiedConcurrently);
    let claim = changes.unaudited("a claim does not change the post: its outcome is audited");
    scope.commit(send_to_publisher(claim, delivery, not_before)).await
}

/// Commits a delivery whose post sees no difference.
pub async fn commit_unsent(scope: &Scope, delivery: &Stored<Delivery>, what: &'static str) -> Result<(), Problem> {
    let changes = Changes::default().replace(delivery).or(PostError::ModifiedConcurrently);
    scope.commit(changes.unaudited(what)).await
}

/// Commits the lease of a late message. False if another commit came first: a person's, or the sweep's.
pub async fn commit_lease(scope: &Scope, delivery: &mut Stored<Delivery>) -> Result<bool, Problem> {
    match commit_unsent(scope, delivery, "a lease").await {
        Ok(()) => delivery.committed(),
        Err(problem) if problem.code() == CONFLICT => return Ok(false),
        Err(problem) => return Err(problem),
    }
    Ok(true)
}

/// Cancels pending deliveries of a post, marks ended ones as replaced, and removes them from the post. The caller
/// commits them with the post.
pub async fn supersede(scope: &Scope, post: &mut Post, aside: &[Progress]) -> Result<Vec<Stored<Delivery>>, Problem> {
    let keys: Vec<_> = aside.iter().map(|progress| DeliveryKey::of(post.id, progress)).collect();
    let mut deliveries = Vec::with_capacity(keys.len());
    for found in scope.find_all::<Delivery>(&keys).await? {
        // The post was read just before: a delivery that differs from it has moved on since.
        let mut delivery = found.ok_or(PostError::ModifiedConcurrently)?;
        supersede_delivery(post, &mut delivery, scope.now())?;
        deliveries.push(delivery);
    }
    Ok(deliveries)
}

/// Cancels a pending delivery of a post or marks an ended one as replaced, and removes it from the post.
pub fn supersede_delivery(post: &mut Post, delivery: &mut Delivery, now: Timestamp) -> Result<(), PostError> {
    let taken = match delivery.state() {
        State::Failed { .. } | State::Held { .. } => delivery.replace(now),
        _ => delivery.cancel(now),
    };
    taken.map_err(|_| PostError::ModifiedConcurrently)?;
    post.forget(delivery.id);
    Ok(())
}
