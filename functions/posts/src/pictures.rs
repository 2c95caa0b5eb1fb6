//! The pictures of a draft, as each platform takes them.

use std::future::Future;

use channels::publishing::{DraftPicture, LinkedPicture, Picture, PublishError};
use media::MediaId;
use media::publishable::{Publishable, read};
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::tenancy::Scope;

/// A form in which a picture of a post can be read.
pub trait ReadPicture: DraftPicture + Sized {
    fn of(scope: &Scope, picture: Publishable) -> impl Future<Output = Result<Self, Problem>> + Send;
}

impl ReadPicture for Picture {
    async fn of(_scope: &Scope, picture: Publishable) -> Result<Self, Problem> {
        let Publishable { bytes, content_type, alt_text, width, height, .. } = picture;
        let (content_type, alt_text) = (content_type.to_owned(), alt_text.unwrap_or_default());
        Ok(Self { bytes, content_type, alt_text, width, height })
    }
}

impl ReadPicture for LinkedPicture {
    async fn of(scope: &Scope, picture: Publishable) -> Result<Self, Problem> {
        let url = SecretText::new(picture.signed(scope).await?.url);
        Ok(Self { url, size_bytes: picture.bytes.len() as u64, alt_text: picture.alt_text.unwrap_or_default() })
    }
}

/// The pictures of a post, in order: each in its largest rendition of at most `max_bytes` bytes.
pub async fn pictures<P: ReadPicture>(
    scope: &Scope,
    media_ids: &[MediaId],
    max_bytes: u64,
) -> Result<Vec<P>, PublishError> {
    let mut pictures = Vec::with_capacity(media_ids.len());
    for id in media_ids {
        let picture = read(scope, id, max_bytes).await.map_err(|problem| unreadable(*id, problem))?;
        pictures.push(P::of(scope, picture).await?);
    }
    Ok(pictures)
}

/// A picture that cannot be published is a permanent failure; one that cannot be read right now is a transient one.
fn unreadable(id: MediaId, problem: Problem) -> PublishError {
    if problem.status() >= 500 {
        return PublishError::Internal(problem);
    }
    let remedy = "Replace the picture, then schedule the post again.".to_owned();
    PublishError::Refused { code: problem.code().to_owned(), text: format!("{id}: {}", problem.detail()), remedy }
}
