//! The last-owner rule: a workspace always has at least one owner.
//!
//! The directory entry counts the owners. A transaction that adds or removes an owner changes the count, and a decrement
//! has the condition that one owner remains, so of two owners who leave at the same time one is refused.

use std::collections::HashMap;

use super::account_changes::AccountChanges;
use super::memberships::Membership;
use super::proofs;
use crate::aws::grants::Table;
use crate::kernel::ids::{UserId, WorkspaceId};
use crate::kernel::problems::{Problem, ProblemCode};
use crate::table::commit::{Act, Plan};
use crate::table::item::number;
use crate::tenancy::Role;

pub const LAST_OWNER: ProblemCode = ProblemCode::new(
    409,
    "last_owner",
    "Last owner",
    "The member is the only owner of the workspace.",
    "Transfer the ownership first, or delete the workspace.",
);

/// By how many the owners of a workspace change.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OwnersChange(i32);

impl OwnersChange {
    /// Counts a role change; None means no membership.
    pub(crate) fn count(&mut self, before: Option<Role>, after: Option<Role>) {
        let owns = |role: Option<Role>| i32::from(role == Some(Role::Owner));
        self.0 += owns(after) - owns(before);
    }

    /// The number of owners of a new workspace.
    pub(crate) fn of_new(self) -> u32 {
        u32::try_from(self.0).unwrap_or_default()
    }

    /// Adds the change of the counter to a plan. An entry without a counter has one owner.
    pub(crate) fn add_to(self, plan: &mut Plan, workspace: WorkspaceId) {
        let (expression, condition) = match self.0 {
            0 => return,
            1.. => ("SET e.owners = if_not_exists(e.owners, :one) + :by, n = n + :one, w = :w", "attribute_exists(pk)"),
            _ => ("SET e.owners = e.owners - :by, n = n + :one, w = :w", "e.owners > :by"),
        };
        let values = HashMap::from([(":one".to_owned(), number(1)), (":by".to_owned(), number(self.0.unsigned_abs()))]);
        let (partition, sort) = proofs::directory(workspace);
        let act = Act::Update { expression: expression.into(), condition: Some(condition), values };
        plan.add(Table::Proofs, Some(partition), sort, act);
        if self.0 < 0 {
            let detail = "This is the only owner of the workspace. Transfer the ownership first.";
            plan.refuse(Problem::new(LAST_OWNER, detail));
        }
    }
}

/// The workspaces that prevent the deletion of a user's account: all of the user's, so that none loses its last owner,
/// or a member without notice.
pub fn bound_by(memberships: &[Membership]) -> Vec<WorkspaceId> {
    memberships.iter().map(|membership| membership.workspace).collect()
}

impl AccountChanges {
    /// Requires that the user is a member of no workspace, also if the user joins one concurrently.
    pub fn in_no_workspace(self, user: UserId) -> Self {
        let condition = Some("attribute_not_exists(ids)");
        let act = Act::Update { expression: "SET w = :w".into(), condition, values: HashMap::new() };
        self.touch_proof(proofs::list(user), act)
    }
}
