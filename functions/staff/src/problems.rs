//! The problems of the staff, each declared once.

use shared::kernel::problems::ProblemCode;

pub const ENROLMENT_OVER: ProblemCode = ProblemCode::new(
    422,
    "enrolment_over",
    "Enrolment link not valid",
    "The enrolment link has expired, was used or replaced, or its member of the staff was revoked.",
    "Ask an operator for a new link.",
);

pub const NETWORKS_NOT_LIMITED: ProblemCode = ProblemCode::new(
    409,
    "networks_not_limited",
    "Networks not limited",
    "The workspace is not limited to networks.",
    "Look for another reason why its members are refused.",
);

pub const STAFF_GRANT_INVALID: ProblemCode = ProblemCode::of_job(422, "staff_grant_invalid");
pub const STAFF_UNKNOWN: ProblemCode = ProblemCode::of_job(404, "staff_unknown");
