//! A proof cannot be copied, so that it cannot be kept as a copy.

use shared::identity::SignedIn;
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::{Scope, Tenant, Workspace};

fn copies<T: Clone>() {}

pub fn all() {
    copies::<Scope>();
    copies::<Workspace<ReadWorkspace>>();
    copies::<Tenant>();
    copies::<SignedIn>();
}
