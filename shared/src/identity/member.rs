//! A member, for the list of members of a workspace.

use std::borrow::Borrow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::kernel::ids::UserId;
use crate::table::Entity;
use crate::tenancy::Role;

/// A member, stored with the workspace's items. Admission uses the membership in Proofs; `membership_changes` writes both
/// in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub user: UserId,
    pub role: Role,
    pub joined_at: Timestamp,
}

impl Entity for Member {
    const KIND: &'static str = "MEMBER";
    type Key = UserId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.user
    }
}
