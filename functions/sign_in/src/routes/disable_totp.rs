//! `DELETE /me/totp`: removes the authenticator app.

use mail::MailUser;
use shared::identity::AccountChanges;
use shared::prelude::route::*;
use shared::system_events::{EventKind, Occurrence, Severity};

use crate::letters;
use crate::problems;
use crate::second_factor::Factors;
use crate::totp::APP;

/// Removes the authenticator app. If it is the last second factor, the recovery codes are removed, too.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisableTotp {}

pub static TOTP_REMOVED: EventKind = EventKind::security("totp_removed", Severity::Info);

pub static FUNCTION: Function = Function::route::<DisableTotp>();

impl Endpoint for DisableTotp {
    const ROUTE: Route = Route::delete("disable-totp", "/me/totp");
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::DeleteUserRecords,
        Grant::WriteSessions,
        Grant::WriteLetters,
    ];
    const PROBLEMS: &'static [ProblemCode] = &[problems::PASSWORD_TOO_SHORT, problem_codes::NOT_FOUND];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(4, "the user's factors are read, and whether the password may be the only factor");
    type Access = Fresh<SignedIn>;
    type Output = NoContent;

    async fn handle(self, caller: &Fresh<SignedIn>) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        let factors = Factors::of(accounts, caller.user()).await?;
        let totp = factors.totp.as_ref().filter(|totp| totp.confirmed_at().is_some());
        let mut changes = AccountChanges::default().delete(totp.ok_or_else(Problem::not_found)?);
        changes = match &factors.passkeys {
            // Require that the passkeys still exist: otherwise parallel requests could remove both factors.
            Some(tally) if factors.passkeys() > 0 => changes.unchanged(tally),
            _ => factors.remove_last(caller, changes).await?,
        };
        let letter = letters::sign_in_method_removed(accounts.now(), APP);
        changes = changes.event(Occurrence::of(&TOTP_REMOVED, caller.user())).mail_to(caller.user(), letter);
        accounts.commit(changes).await?;
        Ok(NoContent)
    }
}
