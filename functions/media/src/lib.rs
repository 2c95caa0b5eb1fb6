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
