//! A proof cannot be copied, so that it cannot be kept as a copy.

use shared::identity::SignedIn;
use shared::tenancy::{Member, Scope, Tenant, Workspace};

fn copies<T: Clone>() {}

pub fn all() {
    copies::<Scope>();
    copies::<Workspace<Member>>();
    copies::<Tenant>();
    copies::<SignedIn>();
}
