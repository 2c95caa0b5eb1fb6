//! `DELETE /me/passkeys/{passkey_id}`: deletes a passkey.

use mail::MailUser;
use serde_json::json;
use shared::identity::{AccountChanges, AccountKey};
use shared::prelude::route::*;
use shared::system_events::Occurrence;
use sign_in::passkey_tally::PasskeyTally;
use sign_in::second_factor::Factors;

use crate::letters;
use crate::passkey::{PASSKEY_DELETED, Passkey, PasskeyId};

/// Deletes a passkey: it can no longer sign in. If it is the last second factor, the recovery codes are deleted, too.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletePasskey {
    passkey_id: PasskeyId,
}

pub static FUNCTION: Function = Function::route::<DeletePasskey>();

impl Endpoint for DeletePasskey {
    const ROUTE: Route = Route::delete("delete-passkey", "/me/passkeys/{passkey_id}");
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::DeleteUserRecords,
        Grant::WriteSessions,
        Grant::WriteLetters,
    ];
    const PROBLEMS: &'static [ProblemCode] = &[sign_in::problems::PASSWORD_TOO_SHORT];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(5, "passkeys and factors are read, and whether the password may be the only factor");
    type Access = Fresh<SignedIn>;
    type Output = NoContent;

    async fn handle(self, caller: &Fresh<SignedIn>) -> Result<Self::Output, Problem> {
        let (accounts, key) = (caller.accounts(), AccountKey::User(caller.user()));
        let passkeys = accounts.list::<Passkey>(&key).await?;
        let passkey = passkeys.iter().find(|passkey| passkey.id == self.passkey_id);
        let passkey = passkey.ok_or_else(Problem::not_found)?;
        let factors = Factors::of(accounts, caller.user()).await?;
        let letter = letters::passkey_removed(passkey, accounts.now());
        let mut changes = AccountChanges::default().delete(passkey);
        changes = match &factors.totp {
            // Require that the app still exists: otherwise parallel requests could remove both factors.
            Some(totp) if factors.has_app() => changes.unchanged(totp),
            // Of two parallel deletions one fails, because of the tally.
            _ if factors.passkeys() > 1 => changes,
            _ => factors.remove_last(caller, changes).await?,
        };
        changes = changes
            .and(PasskeyTally::fewer(factors.passkeys, 1))
            .event(Occurrence::of(&PASSKEY_DELETED, caller.user()).detail(json!({ "passkey": passkey.id })))
            .mail_to(caller.user(), letter);
        accounts.commit(changes).await?;
        Ok(NoContent)
    }
}
