//! Nor does the bound of a public trait lend its name to it.

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
