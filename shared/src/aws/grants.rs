//! Grants: the rights that a function declares in its file, and their IAM statements.
//!
//! One table serves three readers: the generator writes the roles from it, `sessions` uses it to narrow the assumed
//! role to one workspace, and the test double refuses calls that it does not allow.

pub use super::erasure_rights::{CERTIFICATE_KEY, OBJECT_PREFIXES};
use super::erasure_rights::{ERASE_WORKSPACE, SIGN_CERTIFICATES};
pub use super::statement::{Holder, ItemRight, Resource, Statement, Table, item_rights, leading_keys};
use super::statement::{own, tenant};
use super::{key_rights, membership_rights, override_rights, staff_rights};

/// A right that a function declares in its `GRANTS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grant {
    /// Read the items of the one workspace.
    ReadItems,
    /// Change the items of the one workspace, with audit entries and outbox messages.
    WriteItems,
    /// Read single items of the one workspace by their keys: for the staff, who list nothing.
    GetItems,
    /// Add audit entries and messages of the one workspace, and change none of its items.
    WriteAudit,
    /// Require, in a transaction, that the acting member of the staff still is one and that the one workspace has not changed,
    /// and record a system event in it.
    ProveStaff,
    /// Read, make and delete the request to suspend the one workspace.
    RequestSuspensions,
    /// Read the request to suspend the one workspace.
    ReadSuspensionRequests,
    /// Read the plan of the one workspace: for jobs, which have no member's proof with the plan.
    ReadPlan,
    /// Read the audit entries of the one workspace.
    ReadAudit,
    /// Create a workspace: its directory entry, its first membership, the user's list.
    FoundWorkspaces,
    /// Join a workspace by an invitation: read and consume the invitation, write the membership and the user's list.
    JoinWorkspaces,
    /// Require, in a transaction, that a member of the one workspace still has a role.
    ProveMembership,
    /// Require, in a transaction, that the acting token of the one workspace is still valid: for routes that accept tokens.
    ProveToken,
    /// Change the roles of the one workspace's members.
    ChangeRoles,
    /// End memberships of the one workspace, and remove it from the user's list.
    EndMemberships,
    /// Create, rotate and delete the tokens of the one workspace. A change by a member also needs `ProveMembership`.
    ChangeTokens,
    /// Admit override sessions of the staff: record each of their requests, on the condition that the session is valid.
    ServeOverrides,
    /// Open and end override sessions of the one workspace, for the staff.
    OpenOverrides,
    /// List override sessions of every workspace, for the staff.
    ListOverrides,
    /// List the override sessions of the one workspace.
    ReadOverrides,
    /// Approve and end the override sessions of the one workspace. A change by a member also needs `ProveMembership`.
    DecideOverrides,
    /// End the override sessions of the one workspace whose time is over, by a job.
    ExpireOverrides,
    /// Change the directory entry of the one workspace. A change by a member also needs `ProveMembership`.
    ChangeDirectory,
    /// Seal secrets for the one workspace, and create its KMS key if it has none.
    SealSecrets,
    /// Seal secrets again for the one workspace, which has a KMS key because it has secrets.
    ResealSecrets,
    /// Open secrets of the one workspace.
    OpenSecrets,
    /// Read the objects of the one workspace.
    ReadObjects,
    /// Read the objects of the one workspace outside the quarantine.
    ReadRenditions,
    /// Write the objects of the one workspace outside the quarantine, whose objects expire.
    WriteObjects,
    /// Sign uploads into the quarantine of the one workspace.
    SignUploads,
    /// Sign downloads of the workspace's objects outside the quarantine.
    SignDownloads,
    /// Read the records of users: profile, password, factors, sessions, history.
    ReadUserRecords,
    WriteUserRecords,
    DeleteUserRecords,
    /// Read the records of email addresses: their users and failed attempts.
    ReadAddresses,
    WriteAddresses,
    DeleteAddresses,
    ReadRefreshTokens,
    WriteRefreshTokens,
    DeleteRefreshTokens,
    /// Read the pending ceremonies of passkeys.
    ReadCeremonies,
    WriteCeremonies,
    DeleteCeremonies,
    /// Read the staff: members, addresses, passkeys, links and epochs.
    ReadStaff,
    WriteStaff,
    DeleteStaff,
    /// Read the proofs of users: sessions, personal access tokens, epochs.
    ReadSessions,
    WriteSessions,
    DeleteSessions,
    /// Read the last uses of tokens.
    ReadTokenUses,
    /// Change and delete a user's list of workspaces: deleting an account removes it from every workspace, and deletes
    /// the list.
    LeaveWorkspaces,
    /// Put messages to users into the outbox. The functions of accounts act without a workspace, so no tenant session
    /// could write their mail: they may put messages of users, never of workspaces.
    WriteLetters,
    /// Seal a letter to an address, so that it cannot be read in the outbox or a queue.
    SealLetters,
    /// Open sealed letters, and read the user that a letter is to.
    OpenLetters,
    /// Find the accounts that are due for a job, by the due index.
    ReadAccountsDue,
    /// Find the addresses of a domain, by the domain index: for the staff.
    FindByDomain,
    /// Read the members of workspaces, with their roles.
    ReadMembers,
    /// Read the memberships of a user, and the directory entries of their workspaces: for routes that everyone may call.
    ReadMemberships,
    /// Read the public keys that verify access tokens: for routes that everyone may call.
    ReadPublicKeys,
    /// Read the system events.
    ReadEvents,
    /// Read the system events with their acknowledgements, for the staff.
    ReadTimeline,
    /// Read the records of the runs of jobs.
    ReadRuns,
    /// Create and use the keys that sign access tokens.
    SignTokens,
    /// Replace and withdraw the keys that sign access tokens.
    RotateKeys,
    /// Replace the keys that verify calls from outside.
    ReplaceSenderKeys,
    /// Derive the keys of cursors, mailed links and passwords.
    DeriveKeys,
    /// Send mail.
    SendMail,
    /// Read the due index, which spans workspaces.
    ReadDue,
    /// Read the outbox's stream and hand its messages to the queues.
    RelayOutbox,
    /// List workspace keys and schedule the deletion of orphans.
    RetireKeys,
    /// Erase the one workspace: its items, messages, audit entries, memberships, directory entry, objects and key.
    EraseWorkspaces,
    /// Create and use the key that signs deletion certificates.
    SignCertificates,
    /// Read the operator's registrations with platforms.
    ReadPlatformApps,
    /// Call addresses outside AWS. Not an IAM right: `Scope::call` requires it.
    CallPlatforms,
}

/// What letters are sealed for: the purpose in the encryption context of their keys.
pub const LETTER: &str = "letter";
pub(super) const READ: &[&str] = &["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"];
const WRITE: &[&str] =
    &["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"];
pub(super) const UPSERT: &[&str] = &["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"];
pub(super) const DELETE: &[&str] = &["dynamodb:DeleteItem"];
pub(super) const PUT: &[&str] = &["dynamodb:PutItem"];
pub(super) const OWN_WORKSPACE: &[&str] = &["W#{workspace}", "W#{workspace}#*"];

/// Every transaction of a user checks that they are still admitted.
const STILL_ADMITTED: Statement = own(&["dynamodb:ConditionCheckItem"], Resource::Items(Table::Proofs, &["S#*"]));

/// The memberships of a user, and the directory entries of their workspaces.
const MEMBERSHIPS: Statement = own(&["dynamodb:BatchGetItem"], Resource::Items(Table::Proofs, &["L#*", "M#*", "D#*"]));

/// A right on the records of Accounts whose partition key starts with a prefix.
macro_rules! records {
    (READ, $start:literal) => {
        const { &[own(READ, Resource::Items(Table::Accounts, &[$start]))] }
    };
    ($actions:ident, $start:literal) => {
        const { &[own($actions, Resource::Items(Table::Accounts, &[$start])), STILL_ADMITTED] }
    };
}

/// The rights of every tenant session in addition to its grants: use of the storage key. Tables and objects cannot be
/// read or written without it.
pub const TENANT_BASE: &[Statement] = &[tenant(&["kms:Decrypt", "kms:GenerateDataKey"], Resource::StorageKey)];

/// The rights of every job: its lock, its history, the system events that it raises.
pub const JOB_BASE: &[Statement] = &[
    own(&["dynamodb:UpdateItem", "dynamodb:DeleteItem"], Resource::Items(Table::System, &["RUN#*", "LOCK#*"])),
    own(PUT, Resource::Items(Table::System, &["EVENT#*"])),
];

impl Grant {
    /// The IAM statements of the grant.
    pub const fn statements(self) -> &'static [Statement] {
        match self {
            Self::ReadItems => const { &[tenant(READ, Resource::Items(Table::Tenants, OWN_WORKSPACE))] },
            Self::WriteItems => {
                const {
                    &[
                        tenant(WRITE, Resource::Items(Table::Tenants, OWN_WORKSPACE)),
                        tenant(PUT, Resource::Items(Table::Outbox, OWN_WORKSPACE)),
                        tenant(PUT, Resource::Items(Table::Audit, OWN_WORKSPACE)),
                        // Checks that the acting user is still admitted, which every route may read anyway.
                        tenant(&["dynamodb:ConditionCheckItem"], Resource::Items(Table::Proofs, &["S#*"])),
                    ]
                }
            }
            Self::GetItems => staff_rights::GET_ITEMS,
            Self::WriteAudit => staff_rights::WRITE_AUDIT,
            Self::ProveStaff => staff_rights::PROVE_STAFF,
            Self::RequestSuspensions => staff_rights::REQUEST_SUSPENSIONS,
            Self::ReadSuspensionRequests => staff_rights::READ_SUSPENSION_REQUESTS,
            Self::ReadPlan => {
                const { &[tenant(&["dynamodb:GetItem"], Resource::Items(Table::Proofs, &["D#{workspace}"]))] }
            }
            Self::ReadAudit => const { &[tenant(&["dynamodb:Query"], Resource::Items(Table::Audit, OWN_WORKSPACE))] },
            Self::FoundWorkspaces => membership_rights::FOUND_WORKSPACES,
            Self::JoinWorkspaces => membership_rights::JOIN_WORKSPACES,
            Self::ProveMembership => membership_rights::PROVE_MEMBERSHIP,
            Self::ProveToken => membership_rights::PROVE_TOKEN,
            Self::ChangeRoles => membership_rights::CHANGE_ROLES,
            Self::EndMemberships => membership_rights::END_MEMBERSHIPS,
            Self::ChangeTokens => membership_rights::CHANGE_TOKENS,
            Self::ServeOverrides => override_rights::SERVE_OVERRIDES,
            Self::OpenOverrides => override_rights::OPEN_OVERRIDES,
            Self::ListOverrides => override_rights::LIST_OVERRIDES,
            Self::ReadOverrides => override_rights::READ_OVERRIDES,
            Self::DecideOverrides => override_rights::DECIDE_OVERRIDES,
            Self::ExpireOverrides => override_rights::EXPIRE_OVERRIDES,
            Self::ChangeDirectory => {
                const { &[tenant(&["dynamodb:UpdateItem"], Resource::Items(Table::Proofs, &["D#{workspace}"]))] }
            }
            Self::SealSecrets => {
                const {
                    &[
                        tenant(&["kms:GenerateDataKey"], Resource::WorkspaceKeys),
                        tenant(
                            &[
                                "kms:CreateKey",
                                "kms:TagResource",
                                "kms:EnableKeyRotation",
                                "kms:CreateAlias",
                                "kms:ScheduleKeyDeletion",
                            ],
                            Resource::NewWorkspaceKey,
                        ),
                    ]
                }
            }
            Self::ResealSecrets => const { &[tenant(&["kms:GenerateDataKey"], Resource::WorkspaceKeys)] },
            Self::OpenSecrets => const { &[tenant(&["kms:Decrypt"], Resource::WorkspaceKeys)] },
            Self::ReadObjects => {
                const {
                    &[
                        tenant(&["s3:GetObject", "s3:GetObjectVersion"], Resource::Objects("q/{workspace}/*")),
                        tenant(&["s3:GetObject", "s3:GetObjectVersion"], Resource::Objects("m/{workspace}/*")),
                    ]
                }
            }
            Self::ReadRenditions => {
                const { &[tenant(&["s3:GetObject", "s3:GetObjectVersion"], Resource::Objects("m/{workspace}/*"))] }
            }
            Self::WriteObjects => const { &[tenant(&["s3:PutObject"], Resource::Objects("m/{workspace}/*"))] },
            Self::SignUploads => const { &[tenant(&["s3:PutObject"], Resource::Objects("q/{workspace}/*"))] },
            Self::SignDownloads => const { &[tenant(&["s3:GetObjectVersion"], Resource::Objects("m/{workspace}/*"))] },
            Self::ReadUserRecords => records!(READ, "U#*"),
            Self::WriteUserRecords => records!(UPSERT, "U#*"),
            Self::DeleteUserRecords => records!(DELETE, "U#*"),
            Self::ReadAddresses => records!(READ, "E#*"),
            Self::WriteAddresses => records!(UPSERT, "E#*"),
            Self::DeleteAddresses => records!(DELETE, "E#*"),
            Self::ReadRefreshTokens => records!(READ, "R#*"),
            Self::WriteRefreshTokens => records!(UPSERT, "R#*"),
            Self::DeleteRefreshTokens => records!(DELETE, "R#*"),
            Self::ReadCeremonies => records!(READ, "C#*"),
            Self::WriteCeremonies => records!(UPSERT, "C#*"),
            Self::DeleteCeremonies => records!(DELETE, "C#*"),
            Self::ReadStaff => staff_rights::READ_STAFF,
            Self::WriteStaff => staff_rights::WRITE_STAFF,
            Self::DeleteStaff => staff_rights::DELETE_STAFF,
            Self::ReadSessions => const { &[own(READ, Resource::Items(Table::Proofs, &["S#*"]))] },
            Self::WriteSessions => const { &[own(UPSERT, Resource::Items(Table::Proofs, &["S#*"]))] },
            Self::DeleteSessions => const { &[own(DELETE, Resource::Items(Table::Proofs, &["S#*"])), STILL_ADMITTED] },
            Self::ReadTokenUses => {
                const { &[own(&["dynamodb:BatchGetItem"], Resource::Items(Table::System, &["USED#*"]))] }
            }
            Self::LeaveWorkspaces => {
                const { &[own(&["dynamodb:UpdateItem", "dynamodb:DeleteItem"], Resource::Items(Table::Proofs, &["L#*"]))] }
            }
            Self::WriteLetters => const { &[own(PUT, Resource::Items(Table::Outbox, &["U#*"]))] },
            Self::SealLetters => const { &[own(&["kms:GenerateDataKey"], Resource::LetterKey)] },
            Self::OpenLetters => {
                const {
                    &[
                        own(&["kms:Decrypt"], Resource::LetterKey),
                        own(&["dynamodb:GetItem"], Resource::Items(Table::Accounts, &["U#*"])),
                    ]
                }
            }
            Self::SignTokens => key_rights::SIGN_TOKENS,
            Self::ReadAccountsDue => const { &[own(&["dynamodb:Query"], Resource::DueIndex(Table::Accounts))] },
            Self::FindByDomain => staff_rights::FIND_BY_DOMAIN,
            Self::ReadMembers => {
                const { &[own(&["dynamodb:Query"], Resource::Items(Table::Proofs, &["M#*"])), MEMBERSHIPS] }
            }
            Self::ReadMemberships => const { &[MEMBERSHIPS] },
            Self::ReadPublicKeys => const { &[own(&["dynamodb:GetItem"], Resource::Items(Table::Proofs, &["J#*"]))] },
            Self::ReadTimeline => staff_rights::READ_TIMELINE,
            Self::ReadRuns => staff_rights::READ_RUNS,
            Self::ReadEvents => const { &[own(&["dynamodb:Query"], Resource::Items(Table::System, &["EVENT#*"]))] },
            Self::RotateKeys => key_rights::ROTATE_KEYS,
            Self::ReplaceSenderKeys => key_rights::REPLACE_SENDER_KEYS,
            Self::DeriveKeys => const { &[own(&["kms:GenerateMac"], Resource::DerivationKey)] },
            Self::SendMail => const { &[own(&["ses:SendEmail"], Resource::MailIdentity)] },
            Self::ReadDue => {
                const {
                    &[
                        own(&["dynamodb:Query"], Resource::DueIndex(Table::Tenants)),
                        own(&["dynamodb:Query"], Resource::DueIndex(Table::Outbox)),
                    ]
                }
            }
            Self::RelayOutbox => {
                const {
                    &[
                        own(
                            &[
                                "dynamodb:DescribeStream",
                                "dynamodb:GetRecords",
                                "dynamodb:GetShardIterator",
                                "dynamodb:ListStreams",
                            ],
                            Resource::Stream(Table::Outbox),
                        ),
                        own(
                            &["dynamodb:BatchGetItem", "dynamodb:DeleteItem"],
                            Resource::Items(Table::Outbox, &["W#*", "U#*"]),
                        ),
                        own(&["sqs:SendMessage"], Resource::Queues),
                    ]
                }
            }
            Self::RetireKeys => {
                const {
                    &[own(
                        &["kms:ListAliases", "kms:ListResourceTags", "kms:DescribeKey", "kms:ScheduleKeyDeletion"],
                        Resource::AnyWorkspaceKey,
                    )]
                }
            }
            Self::EraseWorkspaces => ERASE_WORKSPACE,
            Self::SignCertificates => SIGN_CERTIFICATES,
            Self::ReadPlatformApps => const { &[own(&["secretsmanager:GetSecretValue"], Resource::PlatformApps)] },
            Self::CallPlatforms => &[],
        }
    }
}

/// Joins lists of grants: [`grants!`](crate::grants) computes the length.
pub const fn joined<const N: usize>(lists: &[&[Grant]]) -> [Grant; N] {
    let mut grants = [Grant::ReadItems; N];
    let (mut list, mut filled) = (0, 0);
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            grants[filled] = lists[list][at];
            (at, filled) = (at + 1, filled + 1);
        }
        list += 1;
    }
    grants
}

/// Joins lists of grants: `shared::grants!(publishing::GRANTS, &[Grant::ReadObjects])`.
#[macro_export]
macro_rules! grants {
    ($($list:expr),+ $(,)?) => {
        const {
            const COUNT: usize = 0 $(+ <[$crate::aws::grants::Grant]>::len($list))+;
            &$crate::aws::grants::joined::<COUNT>(&[$($list),+])
        }
    };
}
