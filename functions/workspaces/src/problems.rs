//! The problems of workspaces, each declared once.

use shared::kernel::problems::ProblemCode;

pub const TOO_MANY_WORKSPACES: ProblemCode = ProblemCode::new(
    409,
    "too_many_workspaces",
    "Too many workspaces",
    "The user is a member of the maximum number of workspaces.",
    "Leave a workspace first.",
);
