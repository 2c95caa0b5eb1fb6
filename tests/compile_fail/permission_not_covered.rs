//! Code that requires a permission does not accept the proof of one that does not cover it, nor that of a job.

use shared::tenancy::permissions::{ManageSecurity, ReadWorkspace};
use shared::tenancy::{Covers, Tenant, Workspace};

pub fn administer(_: &Workspace<impl Covers<ManageSecurity>>) {}

pub fn as_reader(workspace: &Workspace<ReadWorkspace>) {
    administer(workspace);
}

pub fn as_job(tenant: &Tenant) {
    administer(tenant);
}
