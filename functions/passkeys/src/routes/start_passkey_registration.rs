//! `POST /me/passkeys/options`: begins to add a passkey.

use accounts::user::User;
use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Reply, Route};
use shared::identity::{AccountChanges, AccountKey, Fresh, SignedIn, Wanted};
use shared::kernel::problem_codes;
use shared::kernel::problems::{Problem, ProblemCode};
use sign_in::second_factor::Factors;
use utoipa::ToSchema;

use crate::ceremony::{Ceremony, LIFETIME, Purpose, relying_party};
use crate::options::PasskeyCreationOptions;
use crate::passkey::{MOST, Passkey, PasskeyError};
use crate::problems;

/// Begins to add a passkey: gives out what `navigator.credentials.create` needs. The user then has 5 minutes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartPasskeyRegistration {}

/// A ceremony that adds a passkey.
#[derive(Serialize, ToSchema)]
pub struct PasskeyRegistrationStarted {
    /// To be sent to `POST /me/passkeys` with what the browser made.
    ceremony: String,
    /// Seconds from now until the ceremony is over.
    expires_in_s: i64,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON`.
    options: PasskeyCreationOptions,
}

pub static FUNCTION: Function = Function::route::<StartPasskeyRegistration>();

impl Endpoint for StartPasskeyRegistration {
    const ROUTE: Route = Route::post("start-passkey-registration", "/me/passkeys/options");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::WriteCeremonies];
    const PROBLEMS: &'static [ProblemCode] = &[problems::TOO_MANY_PASSKEYS, problem_codes::NOT_FOUND];
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
        let known = known.iter().map(|passkey| &**passkey);
        let options = PasskeyCreationOptions::new(ceremony.challenge, party, &user, known);
        let ceremony = name.give_out();
        Ok(Reply(PasskeyRegistrationStarted { ceremony, expires_in_s: LIFETIME.as_secs(), options }))
    }
}
