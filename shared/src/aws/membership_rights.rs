//! The rights on the proofs of a workspace: its directory entry, memberships and tokens.

use super::grants::{DELETE, OWN_WORKSPACE, PUT};
use super::statement::{Resource, Statement, Table, own, tenant};

/// Changes of members and of the workspace check that their author still has the role that admitted them.
const IN_ROLE: Statement = tenant(&["dynamodb:ConditionCheckItem"], Resource::Items(Table::Proofs, &["M#{workspace}"]));

pub(super) const FOUND_WORKSPACES: &[Statement] = &[
    tenant(
        &["dynamodb:PutItem", "dynamodb:UpdateItem"],
        Resource::Items(Table::Proofs, &["M#{workspace}", "D#{workspace}", "L#{user}"]),
    ),
    tenant(PUT, Resource::Items(Table::System, &["IDEM#{user}"])),
    own(&["dynamodb:GetItem"], Resource::Items(Table::System, &["IDEM#*"])),
];

pub(super) const JOIN_WORKSPACES: &[Statement] = &[
    tenant(
        &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
        Resource::Items(Table::Tenants, OWN_WORKSPACE),
    ),
    tenant(PUT, Resource::Items(Table::Outbox, OWN_WORKSPACE)),
    tenant(PUT, Resource::Items(Table::Audit, OWN_WORKSPACE)),
    tenant(&["dynamodb:ConditionCheckItem"], Resource::Items(Table::Proofs, &["S#*"])),
    tenant(&["dynamodb:ConditionCheckItem"], Resource::Items(Table::Proofs, &["D#{workspace}"])),
    tenant(
        &["dynamodb:PutItem", "dynamodb:UpdateItem"],
        Resource::Items(Table::Proofs, &["M#{workspace}", "L#{user}"]),
    ),
];

pub(super) const PROVE_MEMBERSHIP: &[Statement] = &[IN_ROLE];

pub(super) const PROVE_TOKEN: &[Statement] =
    &[tenant(&["dynamodb:ConditionCheckItem"], Resource::Items(Table::Proofs, &["T#{workspace}"]))];

pub(super) const CHANGE_ROLES: &[Statement] =
    &[IN_ROLE, tenant(&["dynamodb:UpdateItem"], Resource::Items(Table::Proofs, &["M#{workspace}", "D#{workspace}"]))];

pub(super) const END_MEMBERSHIPS: &[Statement] = &[
    IN_ROLE,
    tenant(DELETE, Resource::Items(Table::Proofs, &["M#{workspace}"])),
    tenant(&["dynamodb:UpdateItem"], Resource::Items(Table::Proofs, &["D#{workspace}", "L#{user}"])),
];

pub(super) const CHANGE_TOKENS: &[Statement] =
    &[tenant(&["dynamodb:PutItem", "dynamodb:DeleteItem"], Resource::Items(Table::Proofs, &["T#{workspace}"]))];
