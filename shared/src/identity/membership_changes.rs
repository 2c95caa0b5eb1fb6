//! The only module that writes memberships and roles.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::last_owner::OwnersChange;
use super::member::Member;
use super::proofs::{self, DirectoryEntry, MembershipProof};
use crate::aws::grants::Table;
use crate::kernel::ids::{UserId, WorkspaceId};
use crate::kernel::problems::Problem;
use crate::table::commit::{Act, Expected, Plan};
use crate::table::entity::sort_key;
use crate::table::item::{Row, encode, number};
use crate::tenancy::Role;

/// The maximum number of workspaces per user, and the problem beyond it.
pub(crate) struct Cap {
    pub(crate) workspaces: u32,
    pub(crate) too_many: Problem,
}

/// Changes of the memberships of one workspace. A membership is three items: the proof, the user's list, and the member
/// among the workspace's items; the directory entry counts the owners.
pub(crate) struct MembershipChanges {
    workspace: WorkspaceId,
    plan: Plan,
    owners: OwnersChange,
}

impl MembershipChanges {
    pub(crate) fn of(workspace: WorkspaceId) -> Self {
        Self { workspace, plan: Plan::default(), owners: OwnersChange::default() }
    }

    /// Adds a user who is not a member.
    pub(crate) fn enter(mut self, user: UserId, role: Role, now: Timestamp, cap: Cap) -> Result<Self, Problem> {
        let (partition, sort) = proofs::membership(self.workspace, user);
        let proof = proofs::row(&sort, &MembershipProof { role }, None)?;
        self.plan.put(Table::Proofs, Some(partition), proof, Expected::Absent);
        let (partition, sort) = proofs::list(user);
        let mut values = self.listed();
        values.insert(":cap".to_owned(), number(cap.workspaces));
        let list = Act::Update {
            expression: "ADD ids :id SET w = :w".into(),
            condition: Some("attribute_not_exists(ids) OR size(ids) < :cap"),
            values,
        };
        self.plan.add(Table::Proofs, Some(partition), sort, list);
        self.plan.refuse(cap.too_many);
        let member = Member { user, role, joined_at: now };
        self.plan.put(Table::Tenants, None, Row::of(&member)?, Expected::Absent);
        self.owners.count(None, Some(role));
        Ok(self)
    }

    /// Changes the role of a member, if it is still `before`.
    pub(crate) fn change(mut self, user: UserId, before: Role, after: Role) -> Result<Self, Problem> {
        let (partition, sort) = proofs::membership(self.workspace, user);
        let values = |roles: &[(&str, Role)]| -> Result<HashMap<String, AttributeValue>, Problem> {
            let mut values = HashMap::from([(":one".to_owned(), number(1))]);
            for (name, role) in roles {
                values.insert((*name).to_owned(), encode(role)?);
            }
            Ok(values)
        };
        let proof = Act::Update {
            expression: "SET e.#role = :after, n = n + :one, w = :w".into(),
            condition: Some("e.#role = :before"),
            values: values(&[(":before", before), (":after", after)])?,
        };
        self.plan.add(Table::Proofs, Some(partition), sort, proof);
        let member = Act::Update {
            expression: "SET e.#role = :after, n = n + :one, w = :w".into(),
            condition: Some("attribute_exists(pk)"),
            values: values(&[(":after", after)])?,
        };
        self.plan.add(Table::Tenants, None, sort_key::<Member>(&user), member);
        self.owners.count(Some(before), Some(after));
        Ok(self)
    }

    /// Ends a membership, if its role is still `before`.
    pub(crate) fn end(mut self, user: UserId, before: Role) -> Result<Self, Problem> {
        let (partition, sort) = proofs::membership(self.workspace, user);
        let unchanged = Expected::That("e.#role = :before", HashMap::from([(":before".to_owned(), encode(&before)?)]));
        self.plan.add(Table::Proofs, Some(partition), sort, Act::Delete(unchanged));
        let (partition, sort) = proofs::list(user);
        let list =
            Act::Update { expression: "DELETE ids :id SET w = :w".into(), condition: None, values: self.listed() };
        self.plan.add(Table::Proofs, Some(partition), sort, list);
        self.plan.add(Table::Tenants, None, sort_key::<Member>(&user), Act::Delete(Expected::Any));
        self.owners.count(Some(before), None);
        Ok(self)
    }

    /// The writes, including a change of the number of owners. Their commit is refused with `last_owner` if none remains.
    pub(crate) fn into_plan(mut self) -> Plan {
        self.owners.add_to(&mut self.plan, self.workspace);
        self.plan
    }

    /// The writes of a new workspace with this directory entry.
    pub(crate) fn founding(mut self, entry: DirectoryEntry) -> Result<Plan, Problem> {
        let entry = DirectoryEntry { owners: self.owners.of_new(), ..entry };
        let (partition, sort) = proofs::directory(self.workspace);
        self.plan.put(Table::Proofs, Some(partition), proofs::row(&sort, &entry, None)?, Expected::Absent);
        Ok(self.plan)
    }

    fn listed(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([(":id".to_owned(), AttributeValue::Ss(vec![self.workspace.to_string()]))])
    }
}
