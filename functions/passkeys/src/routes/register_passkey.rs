//! `POST /me/passkeys`: registers a passkey that the browser created.

use accounts::user::User;
use mail::{Letter, SendEmail};
use serde::Deserialize;
use serde_json::json;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Created, Endpoint, Route};
use shared::identity::{AccountChanges, AccountKey, Fresh, SignedIn, Strength, Wanted};
use shared::kernel::problem_codes;
use shared::kernel::problems::{Problem, ProblemCode};
use shared::kernel::time::Timestamp;
use shared::system_events::Occurrence;
use sign_in::passkey_tally::PasskeyTally;
use sign_in::second_factor::Factors;
use utoipa::ToSchema;

use crate::ceremony::{Ceremony, CeremonyToken, Purpose, relying_party};
use crate::passkey::{MOST, PASSKEY_ADDED, Passkey, PasskeyError, PasskeyName, PasskeyView};
use crate::problems;
use crate::webauthn::credential::PasskeyRegistration;

/// Registers a passkey from `navigator.credentials.create`. From then on, the session counts as opened with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterPasskey {
    /// From the response of `POST /me/passkeys/options`, in the same session.
    ceremony: CeremonyToken,
    name: PasskeyName,
    /// The result of `PublicKeyCredential.toJSON()`.
    credential: PasskeyRegistration,
}

pub static FUNCTION: Function = Function::route::<RegisterPasskey>();

impl Endpoint for RegisterPasskey {
    const ROUTE: Route = Route::post("register-passkey", "/me/passkeys");
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::ReadCeremonies,
        Grant::DeleteCeremonies,
        Grant::WriteSessions,
        Grant::WriteLetters,
    ];
    const PROBLEMS: &'static [ProblemCode] = &[
        problems::CEREMONY_OVER,
        problems::PASSKEY_INVALID,
        problems::TOO_MANY_PASSKEYS,
        problems::PASSKEY_ALREADY_REGISTERED,
        problem_codes::NOT_FOUND,
    ];
    // Checked again: another session may have added a factor since the ceremony was started.
    type Access = Fresh<SignedIn>;
    type Output = Created<PasskeyView>;

    async fn handle(self, caller: &Fresh<SignedIn>) -> Result<Self::Output, Problem> {
        let (accounts, user_key) = (caller.accounts(), AccountKey::User(caller.user()));
        let purpose = Purpose::Registration { user: caller.user(), session: caller.session() };
        let ceremony = Ceremony::end(accounts, &self.ceremony, purpose).await?;
        let wanted = Factors::wanted(Wanted::default().of::<User>(&user_key), caller.user());
        let mut found = accounts.look_up(wanted).await?;
        let user = found.take::<User>(&user_key)?.ok_or_else(Problem::not_found)?;
        let factors = Factors::taken(&mut found, user.id)?;
        let party = relying_party(accounts)?;
        let registered = self.credential.verify(ceremony.challenge.as_slice(), &party).map_err(PasskeyError::from)?;
        let passkey = Passkey::new(accounts.new_id(), user.id, self.name, registered, accounts.now());
        let (first, epoch) = factors.add_first(caller, AccountChanges::default());
        let changes = PasskeyTally::one_more(factors.passkeys, user.id, MOST)
            .ok_or(PasskeyError::TooMany)?
            .insert(&passkey)
            .or(PasskeyError::AlreadyRegistered)
            .and(first)
            .prove_factor(user.id, caller.session(), (Strength::Multi, epoch), accounts.now())
            .event(Occurrence::of(&PASSKEY_ADDED, user.id).detail(json!({ "passkey": passkey.id })))
            .send(user.id, &letter(&user, &passkey, accounts.now()));
        accounts.commit(changes).await?;
        Ok(Created(PasskeyView::from(&passkey)))
    }
}

fn letter(user: &User, passkey: &Passkey, at: Timestamp) -> SendEmail {
    let letter = Letter::SecondFactorAdded { name: user.name.as_str().to_owned(), at, factor: passkey.factor() };
    SendEmail { to: user.email.clone(), letter }
}
