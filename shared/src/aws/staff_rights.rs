//! The rights on the records and proofs of the operator's staff.

use super::grants::{DELETE, PUT, READ, UPSERT};
use super::statement::{Resource, Statement, Table, own};

const RECORDS: Resource = Resource::Items(Table::Accounts, &["STAFF#*"]);
const PROOFS: Resource = Resource::Items(Table::Proofs, &["STAFF#*"]);

pub(super) const READ_STAFF: &[Statement] = &[own(READ, RECORDS), own(&["dynamodb:GetItem"], PROOFS)];
/// With what the routes of users know of a member.
pub(super) const WRITE_STAFF: &[Statement] =
    &[own(UPSERT, RECORDS), own(UPSERT, PROOFS), own(PUT, Resource::Items(Table::Proofs, &["O#staff_*"]))];
pub(super) const DELETE_STAFF: &[Statement] = &[own(DELETE, RECORDS), own(DELETE, PROOFS)];
