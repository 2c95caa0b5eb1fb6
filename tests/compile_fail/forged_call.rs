//! The proofs of a signed call and of staff cannot be constructed field by field.

use shared::identity::{Inbound, Sender, Staff, Verified};
use shared::staff_permissions;

pub fn call<P: Sender>(verified: Verified) -> Inbound<P> {
    Inbound { verified }
}

pub fn staff() -> Staff<ReadStaff> {
    Staff { caller: 1 }
}

staff_permissions! {
    /// Sees who is on the staff.
    ReadStaff;
}
