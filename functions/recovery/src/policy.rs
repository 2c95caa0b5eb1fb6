//! Whether a user's workspaces allow them to recover their account.

use shared::identity::{Accounts, Membership};
use shared::kernel::ids::UserId;
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::tenancy::{RecoveryRule, Role};

use crate::problems;

/// Why an account cannot be recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryError {
    #[error(
        "One of your workspaces blocks account recovery for its admins. Ask its owner to remove you, then try again."
    )]
    Blocked,
}

impl Refusal for RecoveryError {
    fn problem(&self) -> ProblemCode {
        problems::RECOVERY_BLOCKED
    }
}

/// Refuses an admin of a workspace whose owner blocked account recovery. Takes two reads.
pub async fn require_allowed(accounts: &Accounts, user: UserId) -> Result<(), Problem> {
    let memberships = accounts.memberships(user).await?;
    if memberships.iter().any(blocks) { Err(RecoveryError::Blocked.into()) } else { Ok(()) }
}

/// Owners are never blocked: there is no one above them to restore their access.
fn blocks(membership: &Membership) -> bool {
    membership.role == Role::Admin && membership.security.admin_recovery == RecoveryRule::Blocked
}
