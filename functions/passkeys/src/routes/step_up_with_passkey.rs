//! `POST /auth/step-up/passkey`: proves a passkey again, for what asks for a fresh factor (RFC 9470).

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Reply, Route, UserLimit};
use shared::identity::{SignedIn, Strength};
use shared::kernel::problems::{Problem, ProblemCode};
use sign_in::routes::step_up::SteppedUp;
use utoipa::ToSchema;

use crate::ceremony::{Ceremony, CeremonyName, Purpose};
use crate::passkey::PasskeyError;
use crate::problems;
use crate::proof::prove;
use crate::webauthn::credential::PasskeyAssertion;

/// Proves a passkey of the caller's, in the session of the access token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepUpWithPasskey {
    /// As `POST /auth/passkey/options` gave it.
    ceremony: CeremonyName,
    /// What `PublicKeyCredential.toJSON()` gives.
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
    type Access = SignedIn;
    type Output = Reply<SteppedUp>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        let ceremony = Ceremony::end(accounts, &self.ceremony, Purpose::Proof).await?;
        // Another user's passkey is looked up under an id that no user has, like an unknown one.
        let claimed = self.credential.user().filter(|user| *user == caller.user());
        let claimed = claimed.unwrap_or_else(|| accounts.new_id());
        let proved = prove(accounts, &ceremony, &self.credential, claimed, PasskeyError::RefusedInSession).await?;
        let (now, strength) = (accounts.now(), (Strength::Multi, caller.epoch()));
        accounts.commit(proved.changes.prove_factor(caller.user(), caller.session(), strength, now)).await?;
        Ok(Reply(SteppedUp::at(now)))
    }
}
