//! Securing: an admin changes what a workspace asks of whom it lets in.

use std::collections::HashMap;

use super::proofs;
use crate::aws::grants::Table;
use crate::kernel::problems::Problem;
use crate::table::commit::{Act, Plan};
use crate::table::item::encode;
use crate::tenancy::{Admin, AtLeast, Audited, Rank, SecondFactorRule, Workspace};

/// Changes of whom a workspace asks a second factor, from the next request on. Needs `Grant::SecureWorkspace`.
pub async fn require_second_factor<R: Rank + AtLeast<Admin>>(
    workspace: &Workspace<R>,
    rule: SecondFactorRule,
    audited: Audited,
) -> Result<(), Problem> {
    let (partition, sort) = proofs::directory(workspace.id());
    let values = HashMap::from([(":rule".to_owned(), encode(&rule)?)]);
    let condition = Some("attribute_exists(pk)");
    let mut plan = Plan::default();
    let update = Act::Update { expression: "SET e.second_factor = :rule, w = :w", condition, values };
    plan.add(Table::Proofs, Some(partition), sort, update);
    Box::pin(workspace.commit_plan(audited, plan)).await
}
