//! The problems of workspaces, each declared once.

use shared::kernel::problems::{ProblemCode, Shows};

pub const TOO_MANY_WORKSPACES: ProblemCode = ProblemCode::new(
    409,
    "too_many_workspaces",
    "Too many workspaces",
    "The user is a member of the maximum number of workspaces.",
    "Leave a workspace first.",
);

pub const INVITED_YOURSELF: ProblemCode = ProblemCode::new(
    409,
    "invited_yourself",
    "Own address invited",
    "The invited address is the caller's own.",
    "Invite another address.",
);

pub const INVITED_OWNER: ProblemCode = ProblemCode::new(
    409,
    "invited_owner",
    "Owner invited",
    "The invited address belongs to an owner of the workspace.",
    "Invite another address.",
);

pub const INVITED_MEMBER: ProblemCode = ProblemCode::new(
    409,
    "invited_member",
    "Member invited",
    "The invited address belongs to a member of the workspace.",
    "Change the member's role instead.",
);

pub const ALREADY_INVITED: ProblemCode = ProblemCode::new(
    409,
    "already_invited",
    "Already invited",
    "The address has a pending invitation to the workspace.",
    "Send the pending invitation again, or revoke it first.",
);

pub const INVITED_SERVICE: ProblemCode = ProblemCode::new(
    422,
    "invited_service",
    "Address of the service",
    "The invited address is the one that this service sends from.",
    "Invite the address of a person.",
);

pub const TOO_MANY_INVITATIONS: ProblemCode = ProblemCode::new(
    429,
    "too_many_invitations",
    "Too many invitations",
    "The workspace has sent as many invitations as it may in a day.",
    "Wait for `retry-after` seconds.",
);

pub const TOO_MANY_MEMBERS: ProblemCode = ProblemCode::new(
    409,
    "too_many_members",
    "Too many members",
    "The workspace has as many members and pending invitations as its plan allows; `usage` shows the limit.",
    "Remove a member, revoke an invitation, or upgrade the plan.",
)
.showing(Shows::Usage);

pub const ALREADY_OWNER: ProblemCode = ProblemCode::new(
    409,
    "already_owner",
    "Already an owner",
    "The member is an owner of the workspace already.",
    "Offer the ownership to another member.",
);

pub const OWNERSHIP_FOR_REVIEWER: ProblemCode = ProblemCode::new(
    409,
    "ownership_for_reviewer",
    "Ownership for a reviewer",
    "A reviewer cannot become an owner.",
    "Change the member's role first.",
);

pub const OWNERSHIP_FOR_UNVERIFIED: ProblemCode = ProblemCode::new(
    409,
    "ownership_for_unverified",
    "Address not confirmed",
    "The email address of the member was never confirmed by an emailed link.",
    "Ask the member to reset their password, which confirms it.",
);

pub const OWNERSHIP_FOR_DELETED: ProblemCode = ProblemCode::new(
    409,
    "ownership_for_deleted",
    "Account deleted",
    "The account of the member is deleted.",
    "Offer the ownership to another member.",
);

pub const NO_OWNERSHIP_OFFER: ProblemCode = ProblemCode::new(
    409,
    "no_ownership_offer",
    "No offer of ownership",
    "The caller has no offer of ownership that can be accepted.",
    "Ask an owner of the workspace for an offer.",
);

pub const WORKSPACE_NOT_TRASHED: ProblemCode = ProblemCode::new(
    409,
    "workspace_not_trashed",
    "Workspace not in the trash",
    "The workspace is not in the trash.",
    "Open the workspace.",
);

pub const WORKSPACE_TRASH_EXPIRED: ProblemCode = ProblemCode::new(
    410,
    "workspace_trash_expired",
    "Deleted for good",
    "The workspace was deleted more than 30 days ago.",
    "Create another workspace.",
);

pub const TOO_MANY_WORKSPACE_TOKENS: ProblemCode = ProblemCode::new(
    409,
    "too_many_workspace_tokens",
    "Too many workspace tokens",
    "The workspace has as many tokens as its plan allows; `usage` shows the limit.",
    "Delete a token, or upgrade the plan.",
)
.showing(Shows::Usage);

pub const TOO_MANY_TOKEN_SECRETS: ProblemCode = ProblemCode::new(
    409,
    "too_many_token_secrets",
    "Too many secrets",
    "Three earlier secrets of the token still work.",
    "Wait until one of them ends, or rotate with `overlap_hours` 0, which ends all of them at once.",
);
