//! `POST /auth/passkey/options`: starts a sign-in or a step-up by passkey.

use shared::identity::AccountChanges;
use shared::prelude::route::*;

use crate::ceremony::{Ceremony, LIFETIME, Purpose, relying_party};
use crate::options::PasskeyRequestOptions;

/// Starts a sign-in or a step-up by passkey and returns the options for `navigator.credentials.get`. They are valid for
/// 5 minutes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartPasskeySignIn {}

/// A started sign-in or step-up.
#[derive(Serialize, ToSchema)]
pub struct PasskeySignInStarted {
    /// Send it to `POST /auth/passkey` or `POST /auth/step-up/passkey` with the browser's response.
    ceremony: String,
    /// Seconds until the ceremony expires.
    expires_in_s: i64,
    /// For `PublicKeyCredential.parseRequestOptionsFromJSON`.
    options: PasskeyRequestOptions,
}

pub static FUNCTION: Function = Function::route::<StartPasskeySignIn>();

impl Endpoint for StartPasskeySignIn {
    const ROUTE: Route = Route::post("start-passkey-sign-in", "/auth/passkey/options");
    const GRANTS: &'static [Grant] = &[Grant::WriteCeremonies];
    // `Anyone`, because it checks no credential: if it counted as an attempt, an IP address would have half as many.
    type Access = Anyone;
    type Output = Reply<PasskeySignInStarted>;

    async fn handle(self, accounts: &Anyone) -> Result<Self::Output, Problem> {
        let party = relying_party(accounts)?;
        let (name, ceremony) = Ceremony::begin(accounts.entropy(), Purpose::Proof, accounts.now());
        accounts.commit(AccountChanges::default().insert(&ceremony)).await?;
        let options = PasskeyRequestOptions::new(ceremony.challenge, party);
        Ok(Reply(PasskeySignInStarted { ceremony: name.into_text(), expires_in_s: LIFETIME.as_secs(), options }))
    }
}
