//! `DELETE /me`: deletes the caller's account; an emailed link restores it within 30 days.

use accounts::address::Address;
use accounts::routes::get_me::Me;
use accounts::user::User;
use mail::MailUser;
use shared::identity::last_owner::bound_by;
use shared::identity::{AccountChanges, AccountKey, EpochTurn, Membership};
use shared::kernel::problems::Refusal;
use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;
use shared::system_events::{EventKind, Occurrence, Severity};

use crate::letters;
use crate::problems;

pub static ACCOUNT_DELETED: EventKind = EventKind::security("account_deleted", Severity::Info);

/// Deletes the caller's account and ends all its sessions at once. For 30 days, an emailed link restores the account,
/// and no other account can use its email address. Then all its data is erased.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteAccount {}

/// A deleted account.
#[derive(Serialize, ToSchema)]
pub struct DeletedAccount {
    /// When its data is erased. Until then, it can be restored.
    #[schema(value_type = String, format = DateTime)]
    erased_at: ApiTimestamp,
}

/// Why an account cannot be deleted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeleteAccountError {
    /// A workspace must not lose its last owner, nor lose a member unnoticed.
    #[error("You are a member of {0}. Leave or delete these workspaces before you delete your account.")]
    MemberOfWorkspaces(String),
}

impl Refusal for DeleteAccountError {
    fn problem(&self) -> ProblemCode {
        problems::MEMBER_OF_WORKSPACES
    }
}

pub static FUNCTION: Function = Function::route::<DeleteAccount>();

impl Endpoint for DeleteAccount {
    const ROUTE: Route = Route::delete("delete-account", "/me");
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::ReadAddresses,
        Grant::WriteAddresses,
        Grant::WriteSessions,
        Grant::LeaveWorkspaces,
        Grant::WriteLetters,
    ];
    const PROBLEMS: &'static [ProblemCode] = &[problems::MEMBER_OF_WORKSPACES, problem_codes::NOT_FOUND];
    const VERSIONED: Option<Versioned> = Some(Versioned::record::<User>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(4, "the user is read, and the epoch that the deletion bumps");
    type Access = Fresh<SignedIn>;
    type Output = Reply<DeletedAccount>;

    async fn handle(self, caller: &Self::Access) -> Result<Self::Output, Problem> {
        require_no_workspaces(&caller.memberships().await?)?;
        let accounts = caller.accounts();
        let (mut user, _) = Me::look_up(caller).await?;
        let address = accounts.find::<Address>(&AccountKey::email(user.email.as_str())).await?;
        let mut address = address.ok_or_else(|| Problem::internal("a user's address has no record"))?;
        let now = accounts.now();
        let link = user.delete(now);
        let erased_at = link.expires_at;
        address.account_was_deleted(now);
        let changes = AccountChanges::default()
            .replace(&user)
            .replace(&address)
            .turn(user.id, caller.epoch(), EpochTurn::default().and_closing())
            .in_no_workspace(user.id)
            .or(DeleteAccountError::MemberOfWorkspaces("a new workspace".to_owned()))
            .mail_to(user.id, letters::account_deleted(link))
            .event(Occurrence::of(&ACCOUNT_DELETED, user.id));
        accounts.commit(changes).await?;
        Ok(Reply(DeletedAccount { erased_at: erased_at.into() }))
    }
}

fn require_no_workspaces(memberships: &[Membership]) -> Result<(), DeleteAccountError> {
    let workspaces: Vec<_> = bound_by(memberships).iter().map(ToString::to_string).collect();
    if workspaces.is_empty() { Ok(()) } else { Err(DeleteAccountError::MemberOfWorkspaces(workspaces.join(", "))) }
}
