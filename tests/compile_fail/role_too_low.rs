//! What needs an admin does not take the proof of a member, nor a job's.

use shared::tenancy::{Admin, AtLeast, Member, Tenant, Workspace};

pub fn administer(_: &Workspace<impl AtLeast<Admin>>) {}

pub fn as_member(workspace: &Workspace<Member>) {
    administer(workspace);
}

pub fn as_job(tenant: &Tenant) {
    administer(tenant);
}
