//! An access that requires a session: tokens are refused, whatever their scopes.

use std::ops::Deref;

use super::access::Access;
use super::admission::{Admission, Admit, session_needed};
use super::as_inside::as_inside;
use crate::kernel::ids::SessionId;
use crate::kernel::problems::Problem;
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
    as_inside!(A, FRESH = A::FRESH, IN_TRASH = A::IN_TRASH);

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
