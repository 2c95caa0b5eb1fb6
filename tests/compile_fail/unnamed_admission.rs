//! The type that admits a caller cannot be named through the bound of a public trait either.

use shared::identity::{Access, Anyone};
use shared::tenancy::permissions::ManageAdminRecovery;
use shared::tenancy::Workspace;

pub fn promote<A: Access>(admission: Admission) -> A {
    A::admit(admission)
}

pub fn hold<A: Admit>(_: A) {}

pub fn exchange(anyone: Anyone) -> Workspace<ManageAdminRecovery> {
    <Workspace<ManageAdminRecovery> as Access>::admit(anyone)
}
