//! An access whose workspace may be in the trash.

use std::ops::Deref;

use super::access::Access;
use super::admission::{Admission, Admit, Level};
use crate::aws::grants::Statement;
use crate::kernel::plane::Plane;
use crate::kernel::problems::{Problem, ProblemCode};
use crate::tenancy::scope::Scope;

/// The proof of `A`, also for a workspace in the trash: to restore it, and to leave it.
pub struct InTrash<A: Access>(A);

impl<A: Access> Access for InTrash<A> {}
impl<A: Access> Admit for InTrash<A> {
    const LEVEL: Level = A::LEVEL;
    const FRESH: bool = A::FRESH;
    const IN_TRASH: bool = true;
    const PLANES: &'static [Plane] = A::PLANES;
    const MAY_MOVE: bool = A::MAY_MOVE;
    const BASE: &'static [Statement] = A::BASE;
    const SETTLES: &'static [&'static str] = A::SETTLES;
    const REFUSES: &'static [&'static str] = A::REFUSES;
    const PROBLEMS: &'static [ProblemCode] = A::PROBLEMS;

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
