//! The access of a user who presents an invitation to a workspace.

use std::ops::Deref;

use super::access::{Access, Known, SignedIn};
use super::admission::{Admission, Admit, Level};
use super::entering::Invited;
use super::invitation::InvitationClaim;
use super::invitation_error::{
    ALREADY_MEMBER, EMAIL_DOMAIN_NOT_ALLOWED, INVITATION_EXPIRED, INVITATION_FOR_OTHER_ADDRESS, INVITATION_INVALID,
    INVITATION_REVOKED, INVITATION_USED,
};
use crate::crypto::derived::Label;
use crate::kernel::problem_codes::{WORKSPACE_LIVES_ELSEWHERE, WORKSPACE_SUSPENDED, WORKSPACE_TRASHED};
use crate::kernel::problems::{Problem, ProblemCode};
use crate::kernel::secrets::SecretText;

/// A caller with a live session, never a token, who presents an invitation. Its route needs no
/// Idempotency-Key: a repeated acceptance by the same user has the same response.
pub struct Joining(SignedIn);

impl Access for Joining {}
impl Admit for Joining {
    const LEVEL: Level = SignedIn::LEVEL;
    const PROBLEMS: &'static [ProblemCode] = &[
        INVITATION_INVALID,
        INVITATION_FOR_OTHER_ADDRESS,
        INVITATION_EXPIRED,
        INVITATION_USED,
        INVITATION_REVOKED,
        ALREADY_MEMBER,
        EMAIL_DOMAIN_NOT_ALLOWED,
        WORKSPACE_SUSPENDED,
        WORKSPACE_TRASHED,
        WORKSPACE_LIVES_ELSEWHERE,
    ];

    fn admit(admission: Admission) -> Result<Self, Problem> {
        SignedIn::admit(admission).map(Self)
    }
}

impl Joining {
    /// Verifies the token of an invitation. `address` is the caller's own email address in its normalised form. Two reads;
    /// needs `Grant::JoinWorkspaces` and `Grant::DeriveKeys`.
    pub async fn present(&self, token: &SecretText, address: &str) -> Result<Invited<'_>, Problem> {
        let app = &self.accounts().app;
        let key = app.derived.get(&app.aws, Label::Invitation).await?;
        let claim = InvitationClaim::verify(&key, token)?;
        claim.require(address, self.accounts().now())?;
        Invited::read(self.0.scope_outside(claim.workspace), self.user(), claim).await
    }
}

impl Deref for Joining {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}
