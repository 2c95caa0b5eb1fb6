//! `POST /workspaces/{workspace_id}/posts/{post_id}/unschedule`: cancels a post's pending deliveries.

use shared::prelude::route::*;

use crate::audit_actions::POST_UNSCHEDULED;
use crate::permissions::WritePosts;
use crate::post::{Post, PostId};
use crate::post_error::PostError;
use crate::problems;
use crate::progress::{replace_post, supersede};
use crate::view::PostView;

/// Cancels every delivery that is not being sent yet, up to the last moment. Deliveries that are being sent or
/// published stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnschedulePost {
    post_id: PostId,
}

pub static FUNCTION: Function = Function::route::<UnschedulePost>();

impl Endpoint for UnschedulePost {
    const ROUTE: Route = Route::post("unschedule-post", "/workspaces/{workspace_id}/posts/{post_id}/unschedule");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ProveToken, Grant::ServeOverrides];
    const REPEATABLE: Repeatable<Self> = Repeatable::entity::<Post>();
    const TOKEN: Option<TokenScope> = Some(TokenScope::write("posts"));
    const PROBLEMS: &'static [ProblemCode] =
        &[problems::POST_BEING_PUBLISHED, problems::POST_NOT_SCHEDULED, problems::POST_MODIFIED_CONCURRENTLY];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Post>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(4, "the post is read, and its deliveries");
    type Access = Workspace<WritePosts>;
    type Output = Reply<PostView>;

    async fn handle(self, workspace: &Workspace<WritePosts>) -> Result<Self::Output, Problem> {
        let mut post = workspace.get::<Post>(&self.post_id).await?;
        let pending = post.unschedule()?;
        let cancelled = supersede(workspace, &mut post, &pending).await?;
        post.updated_at = workspace.now();
        let changes = replace_post(Changes::default(), &mut post, None)
            .each(&cancelled, |changes, delivery| changes.replace(delivery).or(PostError::ModifiedConcurrently))
            .audit(&POST_UNSCHEDULED, post.id);
        workspace.commit(changes).await?;
        Ok(Reply(PostView::from(&*post)))
    }
}
