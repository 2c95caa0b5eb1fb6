//! Securing: an admin changes a workspace's security rules for its members' accounts.

use std::collections::HashMap;

use super::proofs;
use crate::aws::grants::Table;
use crate::kernel::problems::Problem;
use crate::table::commit::{Act, Plan};
use crate::table::item::encode;
use crate::tenancy::permissions::ManageSecurity;
use crate::tenancy::{Audited, Covers, SecurityRules, Workspace};

/// Changes a workspace's security rules, from the next request on. Needs `Grant::SecureWorkspace`.
pub async fn secure<P: Covers<ManageSecurity>>(
    workspace: &Workspace<P>,
    rules: SecurityRules,
    audited: Audited,
) -> Result<(), Problem> {
    let (partition, sort) = proofs::directory(workspace.id());
    let values = HashMap::from([
        (":rules".to_owned(), encode(&rules)?),
        // The rules as of the caller's admission: an admin must not undo a concurrent change by an owner.
        (":before".to_owned(), encode(&workspace.security())?),
    ]);
    let condition = Some("attribute_exists(pk) AND e.security = :before");
    let mut plan = Plan::default();
    let update = Act::Update { expression: "SET e.security = :rules, w = :w".into(), condition, values };
    plan.add(Table::Proofs, Some(partition), sort, update);
    Box::pin(workspace.commit_plan(audited, plan)).await
}
