//! Step-up: an access whose caller recently proved a factor (RFC 9470).

use std::ops::Deref;

use super::access::Access;
use super::admission::{Admission, Admit, factor_needed, second_factor_needed};
use super::as_inside::as_inside;
use super::sessions::Strength;
use crate::kernel::problems::Problem;
use crate::tenancy::scope::Scope;

/// The proof of `A`, from a session in which a factor was proved within [`FRESH_FOR`](super::sessions::FRESH_FOR).
pub struct Fresh<A: Access> {
    access: A,
    strength: Strength,
}

impl<A: Access> Access for Fresh<A> {}
impl<A: Access> Admit for Fresh<A> {
    as_inside!(A, FRESH = true, IN_TRASH = A::IN_TRASH);

    fn admit(admission: Admission) -> Result<Self, Problem> {
        // Checked again, although the pipeline checked it: this check is the guarantee of the type.
        let now = admission.accounts.now();
        match &admission.caller {
            Some(caller) if caller.is_fresh(now) => {
                let strength = caller.strength;
                Ok(Self { access: A::admit(admission)?, strength })
            }
            _ => Err(factor_needed()),
        }
    }

    fn scope(&self) -> Option<&Scope> {
        self.access.scope()
    }
}

impl<A: Access> Fresh<A> {
    /// 403 if the fresh factor is not a second one.
    pub fn require_second_factor(&self) -> Result<(), Problem> {
        if self.strength < Strength::Multi { Err(second_factor_needed()) } else { Ok(()) }
    }
}

impl<A: Access> Deref for Fresh<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.access
    }
}
