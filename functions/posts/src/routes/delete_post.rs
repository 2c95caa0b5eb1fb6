//! `DELETE /workspaces/{workspace_id}/posts/{post_id}`: moves a post and its deliveries to the trash.

use shared::prelude::route::*;

use crate::audit_actions::POST_DELETED;
use crate::delivery::{Delivery, DeliveryKey};
use crate::permissions::WritePosts;
use crate::post::{Post, PostId, SCHEDULED_POSTS};
use crate::post_error::PostError;
use crate::problems;
use crate::trash::TrashedPost;

/// Deletes a post and cancels its pending deliveries. Published copies stay on their platforms. The post stays in the
/// trash for 30 days.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletePost {
    post_id: PostId,
}

pub static FUNCTION: Function = Function::route::<DeletePost>();

impl Endpoint for DeletePost {
    const ROUTE: Route = Route::delete("delete-post", "/workspaces/{workspace_id}/posts/{post_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ProveToken, Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::write("posts"));
    const PROBLEMS: &'static [ProblemCode] = &[problems::POST_BEING_PUBLISHED, problems::POST_MODIFIED_CONCURRENTLY];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Post>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the post is read");
    type Access = Workspace<WritePosts>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<WritePosts>) -> Result<Self::Output, Problem> {
        let mut post = workspace.get::<Post>(&self.post_id).await?;
        let keys: Vec<_> = post.discard()?.iter().map(|progress| DeliveryKey::of(post.id, progress)).collect();
        let found = workspace.find_all::<Delivery>(&keys).await?;
        // The post was read just before: a delivery that moved on since then changed the post too, and the commit is
        // refused.
        let deliveries: Vec<_> = found.into_iter().flatten().collect();
        let was_counted = std::mem::take(&mut post.counted);
        let trashed = TrashedPost {
            post: (*post).clone(),
            deliveries: deliveries.iter().map(|delivery| (**delivery).clone()).collect(),
            deleted_by: workspace.author(),
            deleted_at: workspace.now(),
        };
        let changes = Changes::default()
            .delete(&post)
            .or(PostError::ModifiedConcurrently)
            .each(&deliveries, |changes, delivery| changes.delete(delivery).or(PostError::ModifiedConcurrently))
            .insert(&trashed);
        let changes = if was_counted { changes.count_down(SCHEDULED_POSTS) } else { changes };
        workspace.commit(changes.audit(&POST_DELETED, post.id)).await?;
        Ok(NoContent)
    }
}
