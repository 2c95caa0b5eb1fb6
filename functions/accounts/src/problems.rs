//! The problems of accounts, each declared once.

use shared::kernel::problems::ProblemCode;

pub const LINK_INVALID: ProblemCode = ProblemCode::new(
    422,
    "link_invalid",
    "Invalid link",
    "The emailed link has expired, was used before, or was replaced by a later one.",
    "Request a new link.",
);

pub const EMAIL_TAKEN: ProblemCode = ProblemCode::new(
    409,
    "email_taken",
    "Email address in use",
    "Another account now uses this email address.",
    "Use another address.",
);
