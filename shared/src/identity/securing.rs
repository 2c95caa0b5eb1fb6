//! Securing: an admin changes what a workspace asks of its members' accounts.

use std::collections::HashMap;

use super::proofs;
use crate::aws::grants::Table;
use crate::kernel::problems::Problem;
use crate::table::commit::{Act, Plan};
use crate::table::item::encode;
use crate::tenancy::{Admin, AtLeast, Audited, Rank, SecurityRules, Workspace};

/// Changes what a workspace asks, from the next request on. Needs `Grant::SecureWorkspace`.
pub async fn secure<R: Rank + AtLeast<Admin>>(
    workspace: &Workspace<R>,
    rules: SecurityRules,
    audited: Audited,
) -> Result<(), Problem> {
    let (partition, sort) = proofs::directory(workspace.id());
    let values = HashMap::from([
        (":rules".to_owned(), encode(&rules)?),
        // The rules as they were when the caller was let in: an admin must not undo what an owner changes at this moment.
        (":before".to_owned(), encode(&workspace.security())?),
    ]);
    let condition = Some("attribute_exists(pk) AND e.security = :before");
    let mut plan = Plan::default();
    let update = Act::Update { expression: "SET e.security = :rules, w = :w".into(), condition, values };
    plan.add(Table::Proofs, Some(partition), sort, update);
    Box::pin(workspace.commit_plan(audited, plan)).await
}
