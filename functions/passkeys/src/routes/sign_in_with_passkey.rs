//! `POST /auth/passkey`: signs in by passkey.

use shared::prelude::route::*;
use sign_in::device::{DeviceToken, recognise};
use sign_in::session::{self, AuthMethod, Opening, Tokens};

use crate::ceremony::{Ceremony, CeremonyToken, Purpose};
use crate::passkey::PasskeyError;
use crate::problems;
use crate::proof::prove;
use crate::webauthn::credential::PasskeyAssertion;

/// Signs in with a passkey and opens a session. No other factor is required, because the authenticator verified its
/// user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInWithPasskey {
    /// From the response of `POST /auth/passkey/options`.
    ceremony: CeremonyToken,
    /// The result of `PublicKeyCredential.toJSON()`.
    credential: PasskeyAssertion,
    device_token: Option<DeviceToken>,
}

pub static FUNCTION: Function = Function::route::<SignInWithPasskey>();

impl Endpoint for SignInWithPasskey {
    const ROUTE: Route = Route::post("sign-in-with-passkey", "/auth/passkey");
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::DeleteUserRecords,
        Grant::WriteRefreshTokens,
        Grant::ReadCeremonies,
        Grant::DeleteCeremonies,
        Grant::ReadSessions,
        Grant::WriteSessions,
        Grant::WriteLetters,
        Grant::DeriveKeys,
        Grant::SignTokens,
    ];
    const PROBLEMS: &'static [ProblemCode] =
        &[problems::CEREMONY_OVER, problems::PASSKEY_REFUSED, sign_in::problems::WRONG_CREDENTIALS];
    type Access = Credentials;
    type Output = Reply<Tokens>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let ceremony = Ceremony::end(accounts, &self.ceremony, Purpose::Proof).await?;
        let claimed = self.credential.user().unwrap_or_else(|| accounts.new_id());
        // Read before the check, so that a concurrent revocation wins.
        let epoch = accounts.find_epoch(claimed).await?;
        let proved = prove(accounts, &ceremony, &self.credential, claimed, PasskeyError::Refused).await?;
        let epoch = epoch.ok_or_else(|| Problem::internal("a user has no epoch"))?;
        let device = recognise(accounts, self.device_token.as_ref(), &proved.user.email).await?;
        let how = Opening { method: AuthMethod::Passkey, device, epoch };
        let tokens = session::open(accounts, &proved.user, how, proved.changes).await?;
        accounts.proved();
        Ok(Reply(tokens))
    }
}
