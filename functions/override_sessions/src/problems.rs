//! The problems of override sessions, each declared once.

use shared::kernel::problems::ProblemCode;

pub const OWN_WORKSPACE: ProblemCode = ProblemCode::new(
    409,
    "own_workspace",
    "Own workspace",
    "The member of the staff has an account, with the same email address, that is a member of the workspace.",
    "Use the workspace by that account, or ask another member of the staff.",
);

pub const FULL_ACCESS_NOT_ALLOWED: ProblemCode = ProblemCode::new(
    409,
    "full_access_not_allowed",
    "Full access not allowed",
    "The security rules of the workspace allow the staff to read only.",
    "Ask for `read_only`, or ask an owner of the workspace to set `override_access` to `full`.",
);
