//! The rights of routes in addition to their grants, by access.

use super::grants::PUT;
use super::statement::{Resource, Statement, Table, own};

/// The rights of every route that admits users or tokens: the one read of its proof, the public signing keys, rate leases.
pub const ROUTE_BASE: &[Statement] = &[
    own(&["dynamodb:BatchGetItem"], Resource::Items(Table::Proofs, &["S#*", "L#*", "M#*", "D#*", "T#*", "O#*"])),
    own(&["dynamodb:GetItem"], Resource::Items(Table::Proofs, &["J#*"])),
    own(&["dynamodb:UpdateItem"], Resource::Items(Table::System, &["RATE#*", "USED#*"])),
    own(PUT, Resource::Items(Table::System, &["EVENT#*"])),
];

/// The rights of a staff route: it reads proofs of staff, and none of users.
pub const STAFF_BASE: &[Statement] = &[
    own(&["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem"], Resource::Items(Table::Proofs, &["STAFF#*"])),
    own(&["dynamodb:GetItem"], Resource::Items(Table::Proofs, &["J#*"])),
    own(&["dynamodb:UpdateItem"], Resource::Items(Table::System, &["RATE#*"])),
    own(PUT, Resource::Items(Table::System, &["EVENT#*"])),
];

/// The rights of a route that reads no proof: for everyone, or for signed calls.
pub const OPEN_BASE: &[Statement] = &[
    own(&["dynamodb:UpdateItem"], Resource::Items(Table::System, &["RATE#*"])),
    own(PUT, Resource::Items(Table::System, &["EVENT#*"])),
];

/// The same, with the stored keys of senders of signed calls.
pub const INBOUND_BASE_WITH_KEYS: &[Statement] = &[
    OPEN_BASE[0],
    OPEN_BASE[1],
    own(&["dynamodb:GetItem"], Resource::Items(Table::System, &["SENDER#*"])),
    own(&["kms:Decrypt"], Resource::SystemKey),
];
