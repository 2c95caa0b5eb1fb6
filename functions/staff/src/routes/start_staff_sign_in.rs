//! `POST /staff/sign-in/options`: starts a sign-in of the staff by passkey.

use passkeys::ceremony::{Ceremony, LIFETIME, Purpose};
use passkeys::options::PasskeyRequestOptions;
use shared::http::Plane;
use shared::identity::AccountChanges;
use shared::prelude::route::*;

use crate::passkey::relying_party;

/// Starts a sign-in of the staff and returns the options for `navigator.credentials.get`. They are valid for 5 minutes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartStaffSignIn {}

/// A started sign-in.
#[derive(Serialize, ToSchema)]
pub struct StaffSignInStarted {
    /// Send it to `POST /staff/sign-in` with the browser's response.
    ceremony: String,
    /// Seconds until the ceremony expires.
    expires_in_s: i64,
    /// For `PublicKeyCredential.parseRequestOptionsFromJSON`.
    options: PasskeyRequestOptions,
}

pub static FUNCTION: Function = Function::route::<StartStaffSignIn>();

impl Endpoint for StartStaffSignIn {
    const ROUTE: Route = Route::post("start-staff-sign-in", "/staff/sign-in/options").on(&[Plane::STAFF]);
    const GRANTS: &'static [Grant] = &[Grant::WriteCeremonies];
    // `Anyone`, because it checks no credential: if it counted as an attempt, an IP address would have half as many.
    type Access = Anyone;
    type Output = Reply<StaffSignInStarted>;

    async fn handle(self, accounts: &Anyone) -> Result<Self::Output, Problem> {
        let party = relying_party(accounts)?;
        let (name, ceremony) = Ceremony::begin(accounts.entropy(), Purpose::StaffProof, accounts.now());
        accounts.commit(AccountChanges::default().insert(&ceremony)).await?;
        let options = PasskeyRequestOptions::new(ceremony.challenge, party);
        let (ceremony, expires_in_s) = (name.into_text(), LIFETIME.as_secs());
        Ok(Reply(StaffSignInStarted { ceremony, expires_in_s, options }))
    }
}
