//! `POST /me/passkeys/options`: starts the registration of a passkey.

use accounts::user::User;
use shared::identity::{AccountChanges, AccountKey, Wanted};
use shared::prelude::route::*;
use sign_in::second_factor::Factors;

use crate::ceremony::{Ceremony, LIFETIME, Purpose, relying_party};
use crate::options::{PasskeyCreationOptions, PasskeyOwner};
use crate::passkey::{MOST, Passkey, PasskeyError};
use crate::problems;

/// Starts the registration of a passkey and returns the options for `navigator.credentials.create`. They are valid for
/// 5 minutes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartPasskeyRegistration {}

/// A started registration.
#[derive(Serialize, ToSchema)]
pub struct PasskeyRegistrationStarted {
    /// Send it to `POST /me/passkeys` with the browser's response.
    ceremony: String,
    /// Seconds until the ceremony expires.
    expires_in_s: i64,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON`.
    options: PasskeyCreationOptions,
}

pub static FUNCTION: Function = Function::route::<StartPasskeyRegistration>();

impl Endpoint for StartPasskeyRegistration {
    const ROUTE: Route = Route::post("start-passkey-registration", "/me/passkeys/options");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::WriteCeremonies];
    const PROBLEMS: &'static [ProblemCode] = &[problems::TOO_MANY_PASSKEYS, problem_codes::NOT_FOUND];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(4, "the user's factors are read, and the passkeys that the browser must leave out");
    type Access = Fresh<SignedIn>;
    type Output = Reply<PasskeyRegistrationStarted>;

    async fn handle(self, caller: &Fresh<SignedIn>) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        let key = AccountKey::User(caller.user());
        let wanted = Factors::wanted(Wanted::default().of::<User>(&key), caller.user());
        let mut found = accounts.look_up(wanted).await?;
        let user = found.take::<User>(&key)?.ok_or_else(Problem::not_found)?;
        let factors = Factors::taken(&mut found, user.id)?;
        if factors.passkeys() >= MOST {
            return Err(PasskeyError::TooMany.into());
        }
        let known = accounts.list::<Passkey>(&key).await?;
        let party = relying_party(accounts)?;
        let purpose = Purpose::Registration { user: user.id, session: caller.session() };
        let (name, ceremony) = Ceremony::begin(accounts.entropy(), purpose, accounts.now());
        accounts.commit(AccountChanges::default().insert(&ceremony)).await?;
        let known = known.iter().map(|passkey| (&passkey.credential, &*passkey.transports));
        let owner =
            PasskeyOwner { handle: user.id.as_bytes(), name: user.email.as_str(), display_name: user.name.as_str() };
        let options = PasskeyCreationOptions::new(ceremony.challenge, party, &owner, known);
        let ceremony = name.into_text();
        Ok(Reply(PasskeyRegistrationStarted { ceremony, expires_in_s: LIFETIME.as_secs(), options }))
    }
}
