//! The type that admits a caller cannot be named, so that no proof can be promoted with it.

use shared::identity::Access;
use shared::identity::admission::{Admission, Admit};
use shared::kernel::problems::Problem;

pub fn promote<A: Access>(admission: Admission) -> Result<A, Problem> {
    A::admit(admission)
}
