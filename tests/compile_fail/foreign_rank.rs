//! Which role covers which is settled in `shared`.

use shared::tenancy::{AtLeast, Owner, Reviewer};

impl AtLeast<Owner> for Reviewer {}
