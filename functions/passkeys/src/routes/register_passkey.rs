//! `POST /me/passkeys`: registers a passkey that the browser created.

use mail::MailUser;
use serde_json::json;
use shared::identity::{AccountChanges, Strength};
use shared::prelude::route::*;
use shared::system_events::Occurrence;
use sign_in::passkey_tally::PasskeyTally;
use sign_in::second_factor::Factors;

use crate::ceremony::{Ceremony, CeremonyToken, Purpose, relying_party};
use crate::letters;
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
    ];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(5, "the ceremony is read and ended before the factors are read");
    // Checked again: another session may have added a factor since the ceremony was started.
    type Access = Fresh<SignedIn>;
    type Output = Created<PasskeyView>;

    async fn handle(self, caller: &Fresh<SignedIn>) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        let purpose = Purpose::Registration { user: caller.user(), session: caller.session() };
        let ceremony = Ceremony::end(accounts, &self.ceremony, purpose).await?;
        let factors = Factors::of(accounts, caller.user()).await?;
        let party = relying_party(accounts)?;
        let registered = self.credential.verify(ceremony.challenge.as_slice(), &party).map_err(PasskeyError::from)?;
        let passkey = Passkey::new(accounts.new_id(), caller.user(), self.name, registered, accounts.now());
        let letter = letters::passkey_added(&passkey, accounts.now());
        let (first, epoch) = factors.add_first(caller, AccountChanges::default());
        let changes = PasskeyTally::one_more(factors.passkeys, caller.user(), MOST)
            .ok_or(PasskeyError::TooMany)?
            .insert(&passkey)
            .or(PasskeyError::AlreadyRegistered)
            .and(first)
            .prove_factor(caller.user(), caller.session(), (Strength::Multi, epoch), accounts.now())
            .event(Occurrence::of(&PASSKEY_ADDED, caller.user()).detail(json!({ "passkey": passkey.id })))
            .mail_to(caller.user(), letter);
        accounts.commit(changes).await?;
        Ok(Created(PasskeyView::from(&passkey)))
    }
}
