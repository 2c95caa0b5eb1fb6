//! The routes of `media`. Written by `make generate`: each file of this folder is one.

pub mod complete_upload;
pub mod create_upload;
pub mod get_media;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<complete_upload::CompleteUpload>(&complete_upload::FUNCTION),
    Listed::route::<create_upload::CreateUpload>(&create_upload::FUNCTION),
    Listed::route::<get_media::GetMedia>(&get_media::FUNCTION),
];
