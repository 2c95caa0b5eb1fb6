//! An access whose workspace may be in the trash.

use std::ops::Deref;

use super::access::Access;
use super::admission::{Admission, Admit};
use super::as_inside::as_inside;
use crate::kernel::problems::Problem;
use crate::tenancy::scope::Scope;

/// The proof of `A`, also for a workspace in the trash: to restore it, and to leave it.
pub struct InTrash<A: Access>(A);

impl<A: Access> Access for InTrash<A> {}
impl<A: Access> Admit for InTrash<A> {
    as_inside!(A, FRESH = A::FRESH, IN_TRASH = true);

    fn admit(admission: Admission) -> Result<Self, Problem> {
        A::admit(admission).map(Self)
    }

    fn scope(&self) -> Option<&Scope> {
        self.0.scope()
    }
}

impl<A: Access> Deref for InTrash<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.0
    }
}
