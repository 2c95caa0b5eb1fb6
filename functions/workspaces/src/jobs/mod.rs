//! The jobs of `workspaces`. Written by `make generate`: each file of this folder is one.

pub mod expire_invitations;
pub mod expire_workspace_tokens;
pub mod mail_invitation;
pub mod remind_expiring_workspace_tokens;
pub mod report_inactive_members;
pub mod sweep_orphan_keys;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&expire_invitations::FUNCTION),
    Listed::job(&expire_workspace_tokens::FUNCTION),
    Listed::job(&mail_invitation::FUNCTION),
    Listed::job(&remind_expiring_workspace_tokens::FUNCTION),
    Listed::job(&report_inactive_members::FUNCTION),
    Listed::job(&sweep_orphan_keys::FUNCTION),
];
