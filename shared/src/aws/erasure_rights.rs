//! The rights to erase a workspace and to certify it.

use super::grants::OWN_WORKSPACE;
use super::statement::{Resource, Statement, Table, own, tenant};

/// What the key that signs deletion certificates is sealed for: the purpose in the encryption context.
pub const CERTIFICATE_KEY: &str = "certificate-key";

/// The keys of a workspace's objects: uploads in quarantine, and files.
pub const OBJECT_PREFIXES: &[&str] = &["q/{workspace}/*", "m/{workspace}/*"];

/// The same actions for several tables, so that the session policy stays within the limit of STS.
const ERASE: &[&str] = &["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"];

/// The proofs of a workspace: its directory entry, its memberships, its tokens, its override sessions, and a request to suspend it.
const PROOFS: &[&str] = &["D#{workspace}", "M#{workspace}", "SUSPENSION#{workspace}", "T#{workspace}", "O#{workspace}"];

/// `Grant::EraseWorkspaces`: the only right to delete audit entries.
pub(super) const ERASE_WORKSPACE: &[Statement] = &[
    tenant(ERASE, Resource::Items(Table::Tenants, OWN_WORKSPACE)),
    tenant(ERASE, Resource::Items(Table::Outbox, OWN_WORKSPACE)),
    tenant(ERASE, Resource::Items(Table::Audit, OWN_WORKSPACE)),
    tenant(ERASE, Resource::Items(Table::Proofs, PROOFS)),
    tenant(&["dynamodb:UpdateItem"], Resource::Items(Table::Proofs, PROOFS)),
    tenant(&["s3:ListBucketVersions"], Resource::ObjectVersions),
    tenant(&["s3:DeleteObjectVersion"], Resource::Objects(OBJECT_PREFIXES[0])),
    tenant(&["s3:DeleteObjectVersion"], Resource::Objects(OBJECT_PREFIXES[1])),
    tenant(&["kms:ScheduleKeyDeletion", "kms:DescribeKey"], Resource::TaggedWorkspaceKey),
    // A session for each member would cost a call of STS each.
    own(&["dynamodb:UpdateItem"], Resource::Items(Table::Proofs, &["L#*"])),
];

/// `Grant::SignCertificates`.
pub(super) const SIGN_CERTIFICATES: &[Statement] = &[
    own(&["dynamodb:GetItem", "dynamodb:PutItem"], Resource::Items(Table::System, &["CERTKEY#*"])),
    own(&["dynamodb:GetItem", "dynamodb:PutItem"], Resource::Items(Table::Proofs, &["J#certificates"])),
    own(&["kms:Encrypt", "kms:Decrypt"], Resource::CertificateKey),
];
