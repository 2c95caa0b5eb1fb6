//! Media: pictures of a workspace, from the upload to what is published.

pub mod media;
pub mod picture;
pub mod publishable;
pub mod rendition;
pub mod view;

pub mod complete_upload;
pub mod create_upload;
pub mod get_media;

pub use media::{Media, MediaId};

use shared::function::Listed;

/// Every function of the domain, with its schema.
pub static FUNCTIONS: &[Listed] = &[
    Listed::route::<create_upload::CreateUpload>(&create_upload::FUNCTION),
    Listed::route::<complete_upload::CompleteUpload>(&complete_upload::FUNCTION),
    Listed::route::<get_media::GetMedia>(&get_media::FUNCTION),
];
