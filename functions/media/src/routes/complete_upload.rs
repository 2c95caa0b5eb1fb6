//! `POST /workspaces/{workspace_id}/media/{media_id}/complete`: checks an uploaded file and stores it as a picture.
//!
//! One version of the upload is read, once. The stored object is never that file but a re-encoded one, under a prefix
//! that cannot be presigned, and the written version is recorded: neither a later upload under the same signature nor a
//! later write changes the picture of a post.

use shared::kernel::problems::Refusal;
use shared::kernel::worker::Worker;
use shared::prelude::route::*;
use shared::table::Stored;
use shared::tenancy::{Limit, Scope};

use crate::audit_actions::MEDIA_COMPLETED;
use crate::media::{
    MAX_UPLOAD_BYTES, Media, MediaError, MediaId, RenditionRole, STORAGE_BYTES, Sha256, StoredPicture, UPLOADS,
};
use crate::permissions::WriteMedia;
use crate::picture::{self, Prepared};
use crate::problems;
use crate::rendition::Rendition;
use crate::view::MediaView;

/// Checks the uploaded file and stores it as a picture. A repeated request returns the same response.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteUpload {
    media_id: MediaId,
}

pub static FUNCTION: Function = Function::route::<CompleteUpload>();

/// At most one picture is in memory at a time (`picture::MAX_DECODED_BYTES`).
static WORKER: Worker = Worker::new();

impl Endpoint for CompleteUpload {
    /// This memory size comes with one full vCPU (1,769 MB, "Configure Lambda function memory"), which decoding 50
    /// megapixels needs more than the memory itself (`picture::MAX_DECODED_BYTES`).
    const ROUTE: Route = Route::post("complete-upload", "/workspaces/{workspace_id}/media/{media_id}/complete")
        .memory_mb(1_769)
        .timeout_s(28);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadItems,
        Grant::WriteItems,
        Grant::ProveToken,
        Grant::ReadObjects,
        Grant::WriteObjects,
        Grant::ServeOverrides,
    ];
    /// Counted before the file is read: a damaged file costs as much as a valid one.
    const LIMIT: Option<UserLimit> = Some(UPLOADS);
    const REPEATABLE: Repeatable<Self> = Repeatable::entity::<Media>();
    const TOKEN: Option<TokenScope> = Some(TokenScope::write("media"));
    const PLAN_LIMITS: &'static [Limit] = &[STORAGE_BYTES];
    const PROBLEMS: &'static [ProblemCode] = &[
        problems::MEDIA_NOT_UPLOADED,
        problems::MEDIA_UPLOAD_DIFFERS,
        problems::NOT_A_PICTURE,
        problems::PICTURE_TOO_MANY_PIXELS,
        problems::PICTURE_ANIMATED,
        problems::PICTURE_DAMAGED,
        problems::STORAGE_FULL,
    ];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Media>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(
        8,
        "counted exactly, which is two calls; then reads the picture's record, its file and the used storage, and writes \
         the file again",
    );
    type Access = Workspace<WriteMedia>;
    type Output = Reply<MediaView>;

    async fn handle(self, workspace: &Workspace<WriteMedia>) -> Result<Self::Output, Problem> {
        let mut media = workspace.get::<Media>(&self.media_id).await?;
        if media.ready().is_ok() {
            return Ok(Reply(MediaView::from(&*media)));
        }
        let upload = workspace.read_upload(&self.media_id.to_string(), None, MAX_UPLOAD_BYTES).await?;
        let upload = upload.ok_or(MediaError::NotUploaded)?;
        media.verify(&upload.bytes)?;
        let prepared = WORKER.run(move |cancellation| picture::prepare(&upload.bytes, cancellation)).await?;
        require_room(workspace, &prepared).await?;
        let full = store(workspace, &media, prepared.full, RenditionRole::Full).await?;
        let compact = match prepared.compact {
            Some(compact) => Some(store(workspace, &media, compact, RenditionRole::Compact).await?),
            None => None,
        };
        media.complete(full, compact);
        match workspace
            .commit(counted(workspace, &media).audit(&MEDIA_COMPLETED, media.id()).detail(media.state()))
            .await
        {
            // Both requests produced the same picture from the same bytes: return the recorded one.
            Err(problem) if problem.code() == MediaError::AlreadyCompleted.code() => {
                Ok(Reply(MediaView::from(&*workspace.get::<Media>(&self.media_id).await?)))
            }
            outcome => outcome.map(|()| Reply(MediaView::from(&*media))),
        }
    }
}

/// Refuses renditions that do not fit before they are stored: objects of a refused commit would stay without a record.
/// Only files that are completed at the same time can still be refused by the commit.
async fn require_room(workspace: &Workspace<WriteMedia>, prepared: &Prepared) -> Result<(), Problem> {
    let renditions = [Some(&prepared.full), prepared.compact.as_ref()];
    let bytes: u64 = renditions.into_iter().flatten().map(|rendition| rendition.bytes.len() as u64).sum();
    let used = workspace.used(STORAGE_BYTES).await?;
    if used.saturating_add(bytes) > workspace.plan().limit(STORAGE_BYTES) {
        return Err(STORAGE_BYTES.refused(workspace.plan(), used, full_storage(workspace)));
    }
    Ok(())
}

/// Records the completed picture and counts its bytes.
fn counted(workspace: &Workspace<WriteMedia>, media: &Stored<Media>) -> Changes {
    let (bytes, plan) = (media.stored_bytes(), workspace.plan());
    let changes = Changes::default().replace(media).or(MediaError::AlreadyCompleted);
    changes.count_up_by(STORAGE_BYTES, bytes, plan, full_storage(workspace))
}

fn full_storage(workspace: &Workspace<WriteMedia>) -> MediaError {
    MediaError::StorageFull { limit: workspace.plan().limit(STORAGE_BYTES) }
}

async fn store(
    scope: &Scope,
    media: &Media,
    rendition: Rendition,
    role: RenditionRole,
) -> Result<StoredPicture, Problem> {
    let name = media.object_name(&rendition, role);
    let Rendition { bytes, format, width, height } = rendition;
    let (size_bytes, sha256) = (bytes.len() as u64, Sha256::of(&bytes));
    let version = scope.write_object(&name, format.content_type(), bytes).await?;
    Ok(StoredPicture { name, version, format, size_bytes, width, height, sha256 })
}
