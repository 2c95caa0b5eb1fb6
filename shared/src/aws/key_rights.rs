//! The rights on the keys that sign access tokens, and on those of senders.

use super::grants::PUT;
use super::statement::{Resource, Statement, Table, own};

/// Create and use the keys that sign access tokens.
pub(super) const SIGN_TOKENS: &[Statement] = &[
    own(&["dynamodb:GetItem", "dynamodb:PutItem"], Resource::Items(Table::System, &["KEY#*"])),
    own(PUT, Resource::Items(Table::Proofs, &["J#keys"])),
    own(&["kms:Encrypt", "kms:Decrypt"], Resource::SystemKey),
];

/// Replace and withdraw the keys that sign access tokens.
pub(super) const ROTATE_KEYS: &[Statement] = &[
    own(&["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"], Resource::Items(Table::System, &["KEY#*"])),
    own(&["dynamodb:GetItem", "dynamodb:PutItem"], Resource::Items(Table::Proofs, &["J#keys"])),
    own(&["kms:Encrypt"], Resource::SystemKey),
];

/// Replace the keys that verify calls from outside.
pub(super) const REPLACE_SENDER_KEYS: &[Statement] = &[
    own(&["dynamodb:GetItem", "dynamodb:PutItem"], Resource::Items(Table::System, &["SENDER#*"])),
    own(&["kms:Encrypt", "kms:Decrypt"], Resource::SystemKey),
];
