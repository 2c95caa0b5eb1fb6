//! Nor does the bound of a public trait lend its name to it.

use shared::identity::{Access, Anyone};
use shared::tenancy::{Owner, Workspace};

pub fn promote<A: Access>(admission: Admission) -> A {
    A::admit(admission)
}

pub fn hold<A: Admit>(_: A) {}

pub fn exchange(anyone: Anyone) -> Workspace<Owner> {
    <Workspace<Owner> as Access>::admit(anyone)
}
