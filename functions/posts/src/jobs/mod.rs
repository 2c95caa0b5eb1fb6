//! The jobs of `posts`. Written by `make generate`: each file of this folder is one.

pub mod publish_bluesky;
pub mod publish_mastodon;
pub mod publish_threads;
pub mod publish_x;
pub mod sweep_due_posts;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&publish_bluesky::FUNCTION),
    Listed::job(&publish_mastodon::FUNCTION),
    Listed::job(&publish_threads::FUNCTION),
    Listed::job(&publish_x::FUNCTION),
    Listed::job(&sweep_due_posts::FUNCTION),
];
