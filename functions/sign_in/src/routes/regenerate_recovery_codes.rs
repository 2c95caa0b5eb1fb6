//! `POST /me/recovery-codes`: replaces the caller's recovery codes.

use mail::MailUser;
use shared::identity::AccountChanges;
use shared::prelude::route::*;
use shared::system_events::{EventKind, Occurrence, Severity};

use crate::letters;
use crate::problems;
use crate::recovery_codes::RecoveryCodes;
use crate::second_factor::{Factors, SecondFactorError};

/// Generates new recovery codes. Earlier codes no longer work.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegenerateRecoveryCodes {}

/// A new set of recovery codes.
#[derive(Serialize, ToSchema)]
pub struct NewRecoveryCodes {
    /// Shown only once. Each code works once.
    recovery_codes: Vec<String>,
}

impl Located for NewRecoveryCodes {
    const PATH: &'static str = "/me/recovery-codes";

    fn id(&self) -> String {
        String::new()
    }
}

pub static RECOVERY_CODES_RENEWED: EventKind = EventKind::security("recovery_codes_renewed", Severity::Info);

pub static FUNCTION: Function = Function::route::<RegenerateRecoveryCodes>();

impl Endpoint for RegenerateRecoveryCodes {
    const ROUTE: Route = Route::post("regenerate-recovery-codes", "/me/recovery-codes");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadUserRecords, Grant::WriteUserRecords, Grant::WriteLetters, Grant::DeriveKeys];
    const PROBLEMS: &'static [ProblemCode] = &[problems::NO_SECOND_FACTOR];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the user's factors are read");
    type Access = Fresh<SignedIn>;
    type Output = Created<NewRecoveryCodes>;

    async fn handle(self, caller: &Fresh<SignedIn>) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        let factors = Factors::of(accounts, caller.user()).await?;
        if !factors.is_enrolled() {
            return Err(SecondFactorError::NothingToRecover.into());
        }
        let (codes, recovery_codes) = RecoveryCodes::generate(accounts, caller.user()).await?;
        let letter = letters::recovery_codes_renewed(accounts.now());
        let changes = codes
            .put(AccountChanges::default(), factors.recovery_codes)
            .event(Occurrence::of(&RECOVERY_CODES_RENEWED, caller.user()))
            .mail_to(caller.user(), letter);
        accounts.commit(changes).await?;
        Ok(Created(NewRecoveryCodes { recovery_codes }))
    }
}
