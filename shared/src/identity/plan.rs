//! The plan of a job's workspace: no member's proof brings it, so that it is read where it is needed.

use super::proofs::{self, DirectoryEntry};
use crate::aws::grants::Table;
use crate::kernel::problems::Problem;
use crate::table::item::body;
use crate::tenancy::WorkspacePlan;
use crate::tenancy::scope::Tenant;

impl Tenant {
    /// The workspace's plan as it is now. One read; needs `Grant::ReadPlan`. 404 for a workspace that is gone.
    pub async fn plan(&self) -> Result<WorkspacePlan, Problem> {
        let (partition, sort) = proofs::directory(self.id());
        let item = Box::pin(async { self.reader().await?.get(Table::Proofs, &partition, &sort).await }).await?;
        let entry: DirectoryEntry = body(&item.ok_or_else(Problem::not_found)?)?;
        Ok(WorkspacePlan::named(entry.plan))
    }
}
