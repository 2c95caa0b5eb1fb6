//! The problems of profiles, email addresses and access tokens, each declared once.

use shared::kernel::problems::ProblemCode;

pub const TOO_MANY_ACCESS_TOKENS: ProblemCode = ProblemCode::new(
    409,
    "too_many_access_tokens",
    "Too many access tokens",
    "The user has the most access tokens that are allowed.",
    "Revoke a token first.",
);

pub const WORKSPACE_UNKNOWN: ProblemCode = ProblemCode::new(
    422,
    "workspace_unknown",
    "Unknown workspace",
    "The caller is not a member of the workspace that the token is for.",
    "Send the id of a workspace of the caller, or none.",
);

pub const SAME_ADDRESS: ProblemCode = ProblemCode::new(
    422,
    "same_address",
    "Same email address",
    "The account has this email address already.",
    "Send another address.",
);

pub const MEMBER_OF_WORKSPACES: ProblemCode = ProblemCode::new(
    409,
    "member_of_workspaces",
    "Member of workspaces",
    "The user is still a member of workspaces.",
    "Leave these workspaces first.",
);
