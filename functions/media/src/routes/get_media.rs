//! `GET /workspaces/{workspace_id}/media/{media_id}`: reads a picture and its state.

use shared::prelude::route::*;

use crate::media::{Media, MediaId};
use crate::permissions::ReadMedia;
use crate::view::MediaView;

/// Reads a picture and whether it is ready.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetMedia {
    media_id: MediaId,
}

pub static FUNCTION: Function = Function::route::<GetMedia>();

impl Endpoint for GetMedia {
    const ROUTE: Route = Route::get("get-media", "/workspaces/{workspace_id}/media/{media_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("media"));
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Media>());
    type Access = Workspace<ReadMedia>;
    type Output = Reply<MediaView>;

    async fn handle(self, workspace: &Workspace<ReadMedia>) -> Result<Self::Output, Problem> {
        let media = workspace.get::<Media>(&self.media_id).await?;
        Ok(Reply(MediaView::from(&*media)))
    }
}
