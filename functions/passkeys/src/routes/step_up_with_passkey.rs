//! `POST /auth/step-up/passkey`: re-authenticates the current session by passkey (RFC 9470).

use shared::identity::Strength;
use shared::prelude::route::*;
use sign_in::routes::step_up::SteppedUp;

use crate::ceremony::{Ceremony, CeremonyToken, Purpose};
use crate::passkey::PasskeyError;
use crate::problems;
use crate::proof::prove;
use crate::webauthn::credential::PasskeyAssertion;

/// Re-authenticates the session of the access token with one of the caller's passkeys.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepUpWithPasskey {
    /// From the response of `POST /auth/passkey/options`.
    ceremony: CeremonyToken,
    /// The result of `PublicKeyCredential.toJSON()`.
    credential: PasskeyAssertion,
}

pub static FUNCTION: Function = Function::route::<StepUpWithPasskey>();

impl Endpoint for StepUpWithPasskey {
    const ROUTE: Route = Route::post("step-up-with-passkey", "/auth/step-up/passkey");
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::ReadCeremonies,
        Grant::DeleteCeremonies,
        Grant::WriteSessions,
    ];
    const LIMIT: Option<UserLimit> = Some(UserLimit { requests: 10, seconds: 300 });
    const PROBLEMS: &'static [ProblemCode] = &[problems::CEREMONY_OVER, problems::PASSKEY_REFUSED.under(403)];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(6, "attempts are counted exactly; the ceremony is read and ended before the passkey is read");
    type Access = SignedIn;
    type Output = Reply<SteppedUp>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        let ceremony = Ceremony::end(accounts, &self.ceremony, Purpose::Proof).await?;
        // Look another user's passkey up under an unused user id, so that it behaves like an unknown passkey.
        let claimed = self.credential.user().filter(|user| *user == caller.user());
        let claimed = claimed.unwrap_or_else(|| accounts.new_id());
        let proved = prove(accounts, &ceremony, &self.credential, claimed, PasskeyError::RefusedInSession).await?;
        let (now, strength) = (accounts.now(), (Strength::Multi, caller.epoch()));
        accounts.commit(proved.changes.prove_factor(caller.user(), caller.session(), strength, now)).await?;
        Ok(Reply(SteppedUp::at(now)))
    }
}
