//! The problems of account recovery, each declared once.

use shared::kernel::problems::ProblemCode;

pub const RECOVERY_BLOCKED: ProblemCode = ProblemCode::new(
    403,
    "recovery_blocked",
    "Recovery blocked",
    "A workspace does not allow its admins to recover their accounts without a second factor.",
    "Ask the workspace's owner to remove you, then try again.",
);
