//! `GET /workspaces/{workspace_id}/posts`: lists the workspace's posts, newest first.

use shared::prelude::route::*;
use shared::tenancy::{Listing, Page, PageLimit};

use crate::permissions::ReadPosts;
use crate::post::Post;
use crate::view::PostView;

/// Lists the workspace's posts, newest first, without deleted ones.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPosts {
    /// Posts per page; the default is 50.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

pub static FUNCTION: Function = Function::route::<ListPosts>();

impl Endpoint for ListPosts {
    const ROUTE: Route = Route::get("list-posts", "/workspaces/{workspace_id}/posts");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::DeriveKeys, Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("posts"));
    type Access = Workspace<ReadPosts>;
    type Output = Reply<Listing<PostView>>;

    async fn handle(self, workspace: &Workspace<ReadPosts>) -> Result<Self::Output, Problem> {
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: true };
        let posts = workspace.page::<Post>("", &page).await?;
        Ok(Reply(posts.map(|post| PostView::from(&*post))))
    }
}
