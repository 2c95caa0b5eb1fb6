//! The only module that writes memberships and roles.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::last_owner::OwnersChange;
use super::member::{MEMBERS, Member};
use super::ownership::OwnershipOffer;
use super::proofs::{self, DirectoryEntry, MembershipProof};
use crate::aws::grants::Table;
use crate::kernel::ids::{UserId, WorkspaceId};
use crate::kernel::problems::Problem;
use crate::table::commit::{Act, Expected, Plan, Write};
use crate::table::entity::{Stored, sort_key};
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
        let proof = proofs::row(&sort, &MembershipProof { role, since: now }, None)?;
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
        // The member took the counted place of their invitation.
        let member = Member { user, role, joined_at: now };
        self.plan.put(Table::Tenants, None, Row::of(&member)?, Expected::Absent);
        self.owners.count(None, Some(role));
        Ok(self)
    }

    /// Changes the role of a member who was read, if the member has not changed since.
    pub(crate) fn change(mut self, member: &Stored<Member>, after: Role) -> Result<Self, Problem> {
        let changed = Member { role: after, ..(**member).clone() };
        self.plan.put(Table::Tenants, None, Row::of(&changed)?, Expected::Revision(member.revision));
        self.turn(member.user, member.role, after)
    }

    /// Changes the role of a member, if it is still `before`.
    pub(crate) fn change_of(mut self, user: UserId, before: Role, after: Role) -> Result<Self, Problem> {
        let member = Act::Update {
            expression: "SET e.#role = :after, n = n + :one, w = :w".into(),
            condition: Some("attribute_exists(pk)"),
            values: HashMap::from([(":one".to_owned(), number(1)), (":after".to_owned(), encode(&after)?)]),
        };
        self.plan.add(Table::Tenants, None, sort_key::<Member>(&user), member);
        self.turn(user, before, after)
    }

    /// Changes the role in the proof, and the number of owners.
    fn turn(mut self, user: UserId, before: Role, after: Role) -> Result<Self, Problem> {
        let (partition, sort) = proofs::membership(self.workspace, user);
        let mut values = HashMap::from([(":one".to_owned(), number(1))]);
        for (name, role) in [(":before", before), (":after", after)] {
            values.insert(name.to_owned(), encode(&role)?);
        }
        let proof = Act::Update {
            expression: "SET e.#role = :after, n = n + :one, w = :w".into(),
            condition: Some("e.#role = :before"),
            values,
        };
        self.plan.add(Table::Proofs, Some(partition), sort, proof);
        self.owners.count(Some(before), Some(after));
        Ok(self)
    }

    /// Ends the membership of a member who was read, if the member has not changed since.
    pub(crate) fn end(mut self, member: &Stored<Member>) -> Result<Self, Problem> {
        let act = Act::Delete(Expected::Revision(member.revision));
        self.plan.add(Table::Tenants, None, sort_key::<Member>(&member.user), act);
        self.expel(member.user, member.role)
    }

    /// Ends a membership, if its role is still `before`.
    pub(crate) fn end_of(mut self, user: UserId, before: Role) -> Result<Self, Problem> {
        self.plan.add(Table::Tenants, None, sort_key::<Member>(&user), Act::Delete(Expected::Any));
        self.expel(user, before)
    }

    /// Removes the proof, the entry in the user's list, and an offer of ownership, which is for this membership only.
    fn expel(mut self, user: UserId, before: Role) -> Result<Self, Problem> {
        let (partition, sort) = proofs::membership(self.workspace, user);
        self.plan.add(Table::Proofs, Some(partition), sort, Act::Delete(proofs::still(before)?));
        let (partition, sort) = proofs::list(user);
        self.count(-1);
        let list =
            Act::Update { expression: "DELETE ids :id SET w = :w".into(), condition: None, values: self.listed() };
        self.plan.add(Table::Proofs, Some(partition), sort, list);
        self.plan.add(Table::Tenants, None, sort_key::<OwnershipOffer>(&user), Act::Delete(Expected::Any));
        self.owners.count(Some(before), None);
        Ok(self)
    }

    /// Requires that the author of the changes still has the role that admitted them, unless they change it.
    pub(crate) fn by(mut self, author: UserId, role: Role) -> Result<Self, Problem> {
        let (partition, sort) = proofs::membership(self.workspace, author);
        if self.plan.write_to(Table::Proofs, &partition, &sort).is_none() {
            self.plan.require_first(in_role((partition, sort), role)?);
        }
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
        Ok(self.uninvited().plan)
    }

    /// Counts a new member who was not invited.
    pub(crate) fn uninvited(mut self) -> Self {
        self.count(1);
        self
    }

    fn count(&mut self, by: i64) {
        let (sort, act) = MEMBERS.changed_by(by);
        self.plan.add(Table::Tenants, None, sort, act);
    }

    fn listed(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([(":id".to_owned(), AttributeValue::Ss(vec![self.workspace.to_string()]))])
    }
}

/// Requires that a membership still has this role.
pub(crate) fn in_role((partition, sort): proofs::Key, role: Role) -> Result<Write, Problem> {
    let action = Act::Check(proofs::still(role)?);
    Ok(Write { table: Table::Proofs, partition: Some(partition), sort, action, refusal: None })
}
