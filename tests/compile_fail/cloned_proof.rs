//! A proof cannot be cloned, so that no copy of it can be stored.

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
