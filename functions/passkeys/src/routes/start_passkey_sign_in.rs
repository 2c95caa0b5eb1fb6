//! `POST /auth/passkey/options`: begins to prove who one is by a passkey.

use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Reply, Route};
use shared::identity::{AccountChanges, Anyone};
use shared::kernel::problems::Problem;
use utoipa::ToSchema;

use crate::ceremony::{Ceremony, LIFETIME, Purpose, relying_party};
use crate::options::PasskeyRequestOptions;

/// Begins a sign-in or a step-up with a passkey: gives out what `navigator.credentials.get` needs. The user then has 5
/// minutes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartPasskeySignIn {}

/// A ceremony that proves who somebody is.
#[derive(Serialize, ToSchema)]
pub struct PasskeySignInStarted {
    /// To be sent to `POST /auth/passkey` or `POST /auth/step-up/passkey` with what the browser made.
    ceremony: String,
    /// Seconds from now until the ceremony is over.
    expires_in_s: i64,
    /// For `PublicKeyCredential.parseRequestOptionsFromJSON`.
    options: PasskeyRequestOptions,
}

pub static FUNCTION: Function = Function::route::<StartPasskeySignIn>();

impl Endpoint for StartPasskeySignIn {
    const ROUTE: Route = Route::post("start-passkey-sign-in", "/auth/passkey/options");
    const GRANTS: &'static [Grant] = &[Grant::WriteCeremonies];
    // It tries nothing: counted as an attempt, it would halve those that an address has.
    type Access = Anyone;
    type Output = Reply<PasskeySignInStarted>;

    async fn handle(self, accounts: &Anyone) -> Result<Self::Output, Problem> {
        let party = relying_party(accounts)?;
        let (name, ceremony) = Ceremony::begin(accounts.entropy(), Purpose::Proof, accounts.now());
        accounts.commit(AccountChanges::default().insert(&ceremony)).await?;
        let options = PasskeyRequestOptions::new(ceremony.challenge, party);
        Ok(Reply(PasskeySignInStarted { ceremony: name.give_out(), expires_in_s: LIFETIME.as_secs(), options }))
    }
}
