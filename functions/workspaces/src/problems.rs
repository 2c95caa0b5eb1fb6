//! The problems of workspaces, each declared once.

use shared::kernel::problems::ProblemCode;

pub const TOO_MANY_WORKSPACES: ProblemCode = ProblemCode::new(
    409,
    "too_many_workspaces",
    "Too many workspaces",
    "The user is in the most workspaces that are allowed.",
    "Leave a workspace first.",
);
