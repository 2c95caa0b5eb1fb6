//! The trash: a deleted post with its deliveries, for 30 days.

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};
use shared::kernel::author::Author;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::table::Entity;

use crate::delivery::Delivery;
use crate::post::{Post, PostId};

/// How long a deleted post can be restored (claim 44).
pub const KEPT_IN_TRASH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// It is stored under another key than a post, so that no read of posts must filter it out. It contains its deliveries,
/// so that none of them is due.
#[derive(Serialize, Deserialize)]
pub struct TrashedPost {
    pub post: Post,
    pub deliveries: Vec<Delivery>,
    pub deleted_by: Author,
    pub deleted_at: Timestamp,
}

impl Entity for TrashedPost {
    const KIND: &'static str = "TRASHED_POST";
    type Key = PostId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.post.id
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(after(self.deleted_at, KEPT_IN_TRASH))
    }
}
