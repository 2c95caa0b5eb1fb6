//! The problems of profiles, email addresses and access tokens, each declared once.

use shared::kernel::problems::ProblemCode;

pub const TOO_MANY_ACCESS_TOKENS: ProblemCode = ProblemCode::new(
    409,
    "too_many_access_tokens",
    "Too many access tokens",
    "The user has reached the maximum number of access tokens.",
    "Revoke a token first.",
);

pub const WORKSPACE_UNKNOWN: ProblemCode = ProblemCode::new(
    422,
    "workspace_unknown",
    "Unknown workspace",
    "The caller is not a member of the workspace that the token is for.",
    "Send the id of one of the caller's workspaces, or omit `workspace_id`.",
);

pub const SAME_ADDRESS: ProblemCode = ProblemCode::new(
    422,
    "same_address",
    "Same email address",
    "The account already has this email address.",
    "Send another address.",
);

pub const MEMBER_OF_WORKSPACES: ProblemCode = ProblemCode::new(
    409,
    "member_of_workspaces",
    "Member of workspaces",
    "The user is still a member of workspaces.",
    "Leave or delete these workspaces first.",
);
