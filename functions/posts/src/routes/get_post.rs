//! `GET /workspaces/{workspace_id}/posts/{post_id}`: reads a post, its schedule and its progress.

use shared::prelude::route::*;

use crate::permissions::ReadPosts;
use crate::post::{Post, PostId};
use crate::view::PostView;

/// Reads a post, with its schedule as a wall time and as an instant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetPost {
    post_id: PostId,
}

pub static FUNCTION: Function = Function::route::<GetPost>();

impl Endpoint for GetPost {
    const ROUTE: Route = Route::get("get-post", "/workspaces/{workspace_id}/posts/{post_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("posts"));
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Post>());
    type Access = Workspace<ReadPosts>;
    type Output = Reply<PostView>;

    async fn handle(self, workspace: &Workspace<ReadPosts>) -> Result<Self::Output, Problem> {
        Ok(Reply(PostView::from(&*workspace.get::<Post>(&self.post_id).await?)))
    }
}
