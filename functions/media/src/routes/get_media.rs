//! `GET /workspaces/{workspace_id}/media/{media_id}`: one picture, and whether it is ready.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::problems::Problem;
use shared::tenancy::{Reviewer, Workspace};
use utoipa::ToSchema;

use crate::media::{Media, MediaId};
use crate::view::MediaView;

/// One picture, and whether it is ready.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetMedia {
    #[serde(rename = "workspace_id")]
    _workspace_id: WorkspaceId,
    media_id: MediaId,
}

pub static FUNCTION: Function = Function::route::<GetMedia>();

impl Endpoint for GetMedia {
    const ROUTE: Route = Route::get("get-media", "/workspaces/{workspace_id}/media/{media_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems];
    type Access = Workspace<Reviewer>;
    type Output = Found<MediaView>;

    async fn handle(self, workspace: &Workspace<Reviewer>) -> Result<Self::Output, Problem> {
        let media = workspace.get::<Media>(&self.media_id).await?;
        Ok(Found(MediaView::from(&*media)))
    }
}
