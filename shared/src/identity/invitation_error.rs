//! The problems of invitations, and why one cannot be used.

use crate::kernel::problems::{ProblemCode, Refusal};

pub const INVITATION_INVALID: ProblemCode = ProblemCode::new(
    422,
    "invitation_invalid",
    "Invalid invitation",
    "The token is not a valid invitation token.",
    "Open the link of the invitation email again.",
);

pub const INVITATION_FOR_OTHER_ADDRESS: ProblemCode = ProblemCode::new(
    403,
    "invitation_for_other_address",
    "Invitation for another address",
    "The invitation was sent to a different email address than the one of the signed-in user.",
    "Sign in with the account of the invited address, or ask for an invitation to your own address.",
);

pub const INVITATION_EXPIRED: ProblemCode = ProblemCode::new(
    410,
    "invitation_expired",
    "Invitation expired",
    "The invitation was not accepted within 7 days.",
    "Ask an admin of the workspace for a new invitation.",
);

pub const INVITATION_USED: ProblemCode = ProblemCode::new(
    410,
    "invitation_used",
    "Invitation used",
    "The invitation was accepted or declined before.",
    "Ask an admin of the workspace for a new invitation.",
);

pub const INVITATION_REVOKED: ProblemCode = ProblemCode::new(
    410,
    "invitation_revoked",
    "Invitation revoked",
    "The invitation was revoked, or its workspace was deleted.",
    "Ask an admin of the workspace.",
);

pub const ALREADY_MEMBER: ProblemCode = ProblemCode::new(
    409,
    "already_member",
    "Already a member",
    "The user is a member of the workspace already.",
    "Open the workspace.",
);

pub const EMAIL_DOMAIN_NOT_ALLOWED: ProblemCode = ProblemCode::new(
    403,
    "email_domain_not_allowed",
    "Email domain not allowed",
    "The workspace only invites and admits email addresses of certain domains, and this address has another one.",
    "Use an address of an allowed domain, or ask an admin of the workspace to allow this one.",
);

/// Why an invitation cannot be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    #[error("must be the token of an emailed invitation")]
    Invalid,
    #[error("This invitation was sent to another email address. Sign in with that account.")]
    OtherAddress,
    #[error("This invitation has expired. Ask an admin of the workspace for a new one.")]
    Expired,
    #[error("This invitation was accepted or declined before. Ask an admin of the workspace for a new one.")]
    Used,
    #[error("This invitation is no longer valid: it was revoked, or its workspace was deleted.")]
    Revoked,
    #[error("You are already a member of this workspace.")]
    AlreadyMember,
    #[error(
        "This workspace does not admit email addresses of this domain. Ask an admin to invite an address of an allowed \
         domain."
    )]
    DomainNotAllowed,
}

impl Refusal for InvitationError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::Invalid => INVITATION_INVALID,
            Self::OtherAddress => INVITATION_FOR_OTHER_ADDRESS,
            Self::Expired => INVITATION_EXPIRED,
            Self::Used => INVITATION_USED,
            Self::Revoked => INVITATION_REVOKED,
            Self::AlreadyMember => ALREADY_MEMBER,
            Self::DomainNotAllowed => EMAIL_DOMAIN_NOT_ALLOWED,
        }
    }

    fn field(&self) -> Option<&'static str> {
        (*self == Self::Invalid).then_some("token")
    }
}
