//! `POST /workspaces/{workspace_id}/media`: declares a picture and signs its upload.
//!
//! The signature binds the key, the size (`content-length`) and the SHA-256
//! (`x-amz-checksum-sha256`): S3 accepts exactly these bytes under this name. The file stays in quarantine until
//! [`crate::complete_upload`] has stored it as a picture.

use std::collections::BTreeMap;

use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;
use shared::tenancy::{Limit, Scope};

use crate::audit_actions::MEDIA_UPLOAD_CREATED;
use crate::media::{
    AltText, MAX_UPLOAD_BYTES, Media, MediaError, MediaId, STORAGE_BYTES, Sha256, SizeBytes, State, UPLOAD_BYTES,
    UPLOADS,
};
use crate::permissions::WriteMedia;
use crate::problems;
use crate::view::MediaView;

/// Declares a picture and returns a signed upload request for its file.
///
/// The request has no file name or type: the server detects the type and chooses the name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUpload {
    size_bytes: SizeBytes,
    /// The size of the whole file.
    sha256: Sha256,
    alt_text: Option<AltText>,
}

/// A picture that awaits its file, and the request that uploads it.
#[derive(Serialize, ToSchema)]
pub struct UploadCreated {
    media: MediaView,
    /// Null if a repeated request finds the upload complete.
    upload: Option<Upload>,
}

impl Located for UploadCreated {
    const PATH: &'static str = "/workspaces/{workspace_id}/media/{media_id}";

    fn id(&self) -> String {
        self.media.id().to_string()
    }
}

/// Send this request unchanged, with these headers and the file as its body. HTTP clients set `content-length`
/// automatically; S3 refuses any other length than the one given here.
#[derive(Serialize, ToSchema)]
pub struct Upload {
    method: &'static str,
    url: String,
    headers: BTreeMap<String, String>,
    #[schema(value_type = String, format = DateTime)]
    expires_at: ApiTimestamp,
}

pub static FUNCTION: Function = Function::route::<CreateUpload>();

impl Endpoint for CreateUpload {
    const ROUTE: Route = Route::post("create-upload", "/workspaces/{workspace_id}/media");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::ProveToken, Grant::SignUploads, Grant::ServeOverrides];
    const LIMIT: Option<UserLimit> = Some(UPLOADS);
    const PLAN_LIMITS: &'static [Limit] = &[UPLOAD_BYTES, STORAGE_BYTES];
    const REPEATABLE: Repeatable<Self> = Repeatable::recalled::<Media>(|id, workspace| Box::pin(recall(id, workspace)));
    const TOKEN: Option<TokenScope> = Some(TokenScope::write("media"));
    const PROBLEMS: &'static [ProblemCode] = &[problems::MEDIA_OVER_PLAN_LIMIT, problems::STORAGE_FULL];
    const VERSIONED: Option<Versioned> = Some(Versioned::made::<Media>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(
        4,
        "uploads of a user are counted exactly: a conditional write of an existing record is two calls",
    );
    type Access = Workspace<WriteMedia>;
    type Output = Created<UploadCreated>;

    async fn handle(self, workspace: &Workspace<WriteMedia>) -> Result<Self::Output, Problem> {
        let max_bytes = workspace.plan().limit(UPLOAD_BYTES).min(MAX_UPLOAD_BYTES);
        if self.size_bytes.get() > max_bytes {
            return Err(MediaError::OverPlanLimit { max_bytes }.into());
        }
        let Self { size_bytes, sha256, alt_text, .. } = self;
        let media =
            Media::announced(workspace.new_id(), size_bytes, sha256, alt_text, workspace.author(), workspace.now());
        let answer = sign(workspace, &media).await?;
        // Early, before the file is sent. Its renditions are counted when they are stored.
        let full = MediaError::StorageFull { limit: workspace.plan().limit(STORAGE_BYTES) };
        let changes = Changes::default().require_room(STORAGE_BYTES, size_bytes.get(), workspace.plan(), full);
        let changes = changes.insert(&media).audit(&MEDIA_UPLOAD_CREATED, media.id());
        workspace.commit(changes.detail(media.state())).await?;
        Ok(Created(answer))
    }
}

async fn recall(id: &str, workspace: &Workspace<WriteMedia>) -> Result<Created<UploadCreated>, Problem> {
    let id: MediaId = id.parse().map_err(Problem::internal)?;
    sign(workspace, &*workspace.get::<Media>(&id).await?).await.map(Created)
}

async fn sign(scope: &Scope, media: &Media) -> Result<UploadCreated, Problem> {
    let upload = match media.state() {
        State::Awaiting { size_bytes, sha256, .. } => {
            let name = media.id().to_string();
            let signed = scope.sign_upload(&name, size_bytes.get(), sha256.as_str()).await?;
            Some(Upload {
                method: "PUT",
                url: signed.url,
                headers: signed.headers,
                expires_at: signed.expires_at.into(),
            })
        }
        State::Ready { .. } => None,
    };
    Ok(UploadCreated { media: MediaView::from(media), upload })
}
