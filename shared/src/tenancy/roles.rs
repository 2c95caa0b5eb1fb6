//! Roles: what a member may do, as a value where it is stored and as a type where it is needed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A member's role, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads, and comments on what awaits approval.
    Reviewer,
    /// Writes posts and uploads media.
    Member,
    /// Connects channels, reads the audit log, manages members.
    Admin,
    /// Everything; there is one.
    Owner,
}

mod sealed {
    pub trait Rank {}
}

/// A role as a type: `Workspace<Admin>` is the proof that the caller is an admin or more.
pub trait Rank: sealed::Rank + Send + Sync + 'static {
    const ROLE: Role;
}

/// Ranks that may do what needs an `L`.
#[diagnostic::on_unimplemented(message = "the role `{Self}` may not do what needs `{L}`")]
pub trait AtLeast<L: Rank>: Rank {}

macro_rules! ranks {
    ($($rank:ident covers $($lower:ident)+;)+) => { $(
        #[doc = concat!("The rank of `Role::", stringify!($rank), "`.")]
        pub enum $rank {}
        impl sealed::Rank for $rank {}
        impl Rank for $rank {
            const ROLE: Role = Role::$rank;
        }
        $(impl AtLeast<$lower> for $rank {})+
    )+ };
}

ranks! {
    Reviewer covers Reviewer;
    Member covers Reviewer Member;
    Admin covers Reviewer Member Admin;
    Owner covers Reviewer Member Admin Owner;
}
