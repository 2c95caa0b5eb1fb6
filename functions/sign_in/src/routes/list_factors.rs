//! `GET /me/factors`: lists the caller's second factors.

use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;

use crate::second_factor::Factors;

/// Lists the caller's second factors.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListFactors {}

/// A user's second factors.
#[derive(Serialize, ToSchema)]
pub struct FactorsView {
    /// Whether a sign-in by password requires a second factor.
    second_factor_required: bool,
    /// Null without a confirmed authenticator app.
    totp: Option<TotpView>,
    /// The number of passkeys. `GET /me/passkeys` lists them.
    passkeys: u32,
    /// Null without recovery codes.
    recovery_codes: Option<RecoveryCodesView>,
}

/// An authenticator app.
#[derive(Serialize, ToSchema)]
struct TotpView {
    #[schema(value_type = String, format = DateTime)]
    confirmed_at: ApiTimestamp,
}

/// A set of recovery codes.
#[derive(Serialize, ToSchema)]
struct RecoveryCodesView {
    left: usize,
    #[schema(value_type = String, format = DateTime)]
    made_at: ApiTimestamp,
}

pub static FUNCTION: Function = Function::route::<ListFactors>();

impl Endpoint for ListFactors {
    const ROUTE: Route = Route::get("list-factors", "/me/factors");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords];
    type Access = SignedIn;
    type Output = Reply<FactorsView>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let factors = Factors::of(caller.accounts(), caller.user()).await?;
        let confirmed_at = factors.totp.as_ref().and_then(|totp| totp.confirmed_at());
        let codes = factors.recovery_codes.as_ref();
        Ok(Reply(FactorsView {
            second_factor_required: factors.is_enrolled(),
            totp: confirmed_at.map(|at| TotpView { confirmed_at: at.into() }),
            passkeys: factors.passkeys(),
            recovery_codes: codes
                .map(|codes| RecoveryCodesView { left: codes.left(), made_at: codes.made_at().into() }),
        }))
    }
}
