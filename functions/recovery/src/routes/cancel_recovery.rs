//! `DELETE /me/recovery`: cancels the recovery of the caller's account.

use accounts::recovery::Recovery;
use mail::MailUser;
use shared::identity::{AccountChanges, AccountKey};
use shared::prelude::route::*;
use shared::system_events::{EventKind, Occurrence, Severity};

use crate::letters;

pub static RECOVERY_CANCELLED: EventKind = EventKind::security("recovery_cancelled", Severity::Info);

/// Cancels the recovery of the caller's account. Any session may do so; a fresh factor is not required.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRecovery {}

pub static FUNCTION: Function = Function::route::<CancelRecovery>();

impl Endpoint for CancelRecovery {
    const ROUTE: Route = Route::delete("cancel-recovery", "/me/recovery");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::DeleteUserRecords, Grant::WriteLetters];
    const PROBLEMS: &'static [ProblemCode] = &[problem_codes::NOT_FOUND];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the recovery is read");
    type Access = SignedIn;
    type Output = NoContent;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let (accounts, key) = (caller.accounts(), AccountKey::User(caller.user()));
        let recovery = accounts.find::<Recovery>(&key).await?;
        let recovery = recovery.filter(|recovery| recovery.is_live(caller.epoch(), accounts.now()));
        let recovery = recovery.ok_or_else(Problem::not_found)?;
        let letter = letters::recovery_cancelled(accounts.now());
        let changes = AccountChanges::default()
            .delete(&recovery)
            .event(Occurrence::of(&RECOVERY_CANCELLED, caller.user()))
            .mail_to(caller.user(), letter);
        accounts.commit(changes).await?;
        Ok(NoContent)
    }
}
