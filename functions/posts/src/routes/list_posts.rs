//! `GET /workspaces/{workspace_id}/posts`: the workspace's posts, the newest first.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::problems::Problem;
use shared::tenancy::{Listing, Page, PageLimit, Reviewer, Workspace};
use utoipa::ToSchema;

use crate::post::Post;
use crate::view::PostView;

/// Lists the workspace's posts, the newest first. Deleted ones are not among them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPosts {
    #[serde(rename = "workspace_id")]
    _workspace_id: WorkspaceId,
    /// Posts on a page; 50 if it is left out.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

pub static FUNCTION: Function = Function::route::<ListPosts>();

impl Endpoint for ListPosts {
    const ROUTE: Route = Route::get("list-posts", "/workspaces/{workspace_id}/posts");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::DeriveKeys];
    type Access = Workspace<Reviewer>;
    type Output = Found<Listing<PostView>>;

    async fn handle(self, workspace: &Workspace<Reviewer>) -> Result<Self::Output, Problem> {
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: true };
        let posts = workspace.page::<Post>("", &page).await?;
        Ok(Found(posts.map(|post| PostView::from(&*post))))
    }
}
