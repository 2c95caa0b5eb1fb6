//! The rights on the records and proofs of the operator's staff, and their rights in one workspace.

use super::grants::{DELETE, OWN_WORKSPACE, PUT, READ, UPSERT};
use super::statement::{Resource, Statement, Table, own, tenant};

const RECORDS: Resource = Resource::Items(Table::Accounts, &["STAFF#*"]);
const PROOFS: Resource = Resource::Items(Table::Proofs, &["STAFF#*"]);
const REQUEST: Resource = Resource::Items(Table::Proofs, &["SUSPENSION#{workspace}"]);

pub(super) const READ_STAFF: &[Statement] = &[own(READ, RECORDS), own(&["dynamodb:GetItem"], PROOFS)];
/// With what the routes of users know of a member.
pub(super) const WRITE_STAFF: &[Statement] =
    &[own(UPSERT, RECORDS), own(UPSERT, PROOFS), own(PUT, Resource::Items(Table::Proofs, &["O#staff_*"]))];
pub(super) const DELETE_STAFF: &[Statement] = &[own(DELETE, RECORDS), own(DELETE, PROOFS)];

pub(super) const FIND_BY_DOMAIN: &[Statement] = &[own(&["dynamodb:Query"], Resource::DomainIndex(Table::Accounts))];

/// Without `Query`: no item can be listed.
pub(super) const GET_ITEMS: &[Statement] =
    &[tenant(&["dynamodb:GetItem"], Resource::Items(Table::Tenants, &["W#{workspace}"]))];

pub(super) const WRITE_AUDIT: &[Statement] = &[
    tenant(PUT, Resource::Items(Table::Audit, OWN_WORKSPACE)),
    tenant(PUT, Resource::Items(Table::Outbox, OWN_WORKSPACE)),
];

pub(super) const PROVE_STAFF: &[Statement] = &[
    tenant(&["dynamodb:ConditionCheckItem"], PROOFS),
    tenant(&["dynamodb:ConditionCheckItem"], Resource::Items(Table::Proofs, &["D#{workspace}"])),
    tenant(PUT, Resource::Items(Table::System, &["EVENT#*"])),
];

pub(super) const REQUEST_SUSPENSIONS: &[Statement] =
    &[tenant(&["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"], REQUEST)];

pub(super) const READ_SUSPENSION_REQUESTS: &[Statement] = &[tenant(&["dynamodb:GetItem"], REQUEST)];

pub(super) const READ_TIMELINE: &[Statement] = &[own(READ, Resource::Items(Table::System, &["EVENT#*"]))];

pub(super) const READ_RUNS: &[Statement] = &[own(&["dynamodb:Query"], Resource::Items(Table::System, &["RUN#*"]))];
