//! The rights on override sessions, by which the operator's staff enters a workspace.

use super::grants::{OWN_WORKSPACE, PUT};
use super::statement::{Resource, Statement, Table, own, tenant};

const SESSIONS: Resource = Resource::Items(Table::Proofs, &["O#{workspace}"]);
/// Its member of the staff is not revoked.
const STILL_STAFF: &[&str] = &["O#staff_*"];

/// A route that admits them records each request, on the condition that the session is still valid.
pub(super) const SERVE_OVERRIDES: &[Statement] = &[
    tenant(PUT, Resource::Items(Table::Audit, OWN_WORKSPACE)),
    tenant(&["dynamodb:ConditionCheckItem"], SESSIONS),
    tenant(&["dynamodb:ConditionCheckItem"], Resource::Items(Table::Proofs, STILL_STAFF)),
];

/// The staff opens and ends them. The list of a member's sessions is outside the workspace: it proves nothing, and is not read.
pub(super) const OPEN_OVERRIDES: &[Statement] = &[
    tenant(&["dynamodb:PutItem", "dynamodb:DeleteItem"], SESSIONS),
    tenant(&["dynamodb:ConditionCheckItem"], Resource::Items(Table::Proofs, STILL_STAFF)),
    tenant(PUT, Resource::Items(Table::Proofs, &["OL#staff_*"])),
];

pub(super) const LIST_OVERRIDES: &[Statement] = &[
    own(&["dynamodb:Query"], Resource::Items(Table::Proofs, &["O#ws_*", "OL#staff_*"])),
    own(&["dynamodb:BatchGetItem"], Resource::Items(Table::Proofs, &["O#ws_*"])),
];

pub(super) const READ_OVERRIDES: &[Statement] = &[tenant(&["dynamodb:Query"], SESSIONS)];

/// A job records that the time of a session is over.
pub(super) const EXPIRE_OVERRIDES: &[Statement] =
    &[tenant(&["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"], SESSIONS)];

pub(super) const DECIDE_OVERRIDES: &[Statement] = &[tenant(&["dynamodb:PutItem", "dynamodb:DeleteItem"], SESSIONS)];
