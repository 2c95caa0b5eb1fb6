//! An access that requires a session: personal access tokens are refused, whatever their scopes.

use std::ops::Deref;

use super::access::Access;
use super::admission::{Admission, Admit, Level, session_needed};
use crate::aws::grants::Statement;
use crate::kernel::ids::SessionId;
use crate::kernel::plane::Plane;
use crate::kernel::problems::{Problem, ProblemCode};
use crate::tenancy::scope::Scope;

/// The proof of `A`, from a session.
pub struct SessionOnly<A: Access> {
    access: A,
    session: SessionId,
}

impl<A: Access> SessionOnly<A> {
    /// The caller's session.
    pub fn session(&self) -> SessionId {
        self.session
    }
}

impl<A: Access> Access for SessionOnly<A> {}
impl<A: Access> Admit for SessionOnly<A> {
    const LEVEL: Level = A::LEVEL;
    const FRESH: bool = A::FRESH;
    const IN_TRASH: bool = A::IN_TRASH;
    const PLANES: &'static [Plane] = A::PLANES;
    const MAY_MOVE: bool = A::MAY_MOVE;
    const BASE: &'static [Statement] = A::BASE;
    const SETTLES: &'static [&'static str] = A::SETTLES;
    const REFUSES: &'static [&'static str] = A::REFUSES;
    const PROBLEMS: &'static [ProblemCode] = A::PROBLEMS;

    fn admit(admission: Admission) -> Result<Self, Problem> {
        let session = admission.caller.and_then(|caller| caller.session()).ok_or_else(session_needed)?;
        Ok(Self { access: A::admit(admission)?, session })
    }

    fn scope(&self) -> Option<&Scope> {
        self.access.scope()
    }
}

impl<A: Access> Deref for SessionOnly<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.access
    }
}
