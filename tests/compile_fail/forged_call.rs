//! The proofs of a signed call and of staff cannot be constructed field by field.

use shared::identity::staff_permissions::ReadStaff;
use shared::identity::{Inbound, Sender, Staff, Verified};

pub fn call<P: Sender>(verified: Verified) -> Inbound<P> {
    Inbound { verified }
}

pub fn staff() -> Staff<ReadStaff> {
    Staff { caller: 1 }
}
