//! `GET /workspaces/{workspace_id}/posts/{post_id}`: one post, its schedule, and how far it has come.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::problems::Problem;
use shared::tenancy::{Reviewer, Workspace};
use utoipa::ToSchema;

use crate::post::{Post, PostId};
use crate::view::PostView;

/// Reads a post, with its schedule as a wall time and as an instant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetPost {
    #[serde(rename = "workspace_id")]
    _workspace_id: WorkspaceId,
    post_id: PostId,
}

pub static FUNCTION: Function = Function::route::<GetPost>();

impl Endpoint for GetPost {
    const ROUTE: Route = Route::get("get-post", "/workspaces/{workspace_id}/posts/{post_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems];
    type Access = Workspace<Reviewer>;
    type Output = Found<PostView>;

    async fn handle(self, workspace: &Workspace<Reviewer>) -> Result<Self::Output, Problem> {
        Ok(Found(PostView::from(&*workspace.get::<Post>(&self.post_id).await?)))
    }
}
