//! `POST /me/totp`: starts the enrolment of an authenticator app. It becomes a factor once a code confirms it.

use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;

use crate::problems;
use crate::second_factor::{Factors, SecondFactorError};
use crate::totp::Totp;
use crate::totp_secret::TotpSecret;
use accounts::user::User;

/// Starts the enrolment of an authenticator app. Replaces an earlier enrolment that was never confirmed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolTotp {}

/// The secret for an authenticator app. It is shown only once.
#[derive(Serialize, ToSchema)]
pub struct TotpEnrolment {
    /// The secret in base32, for typing it into an app.
    secret: String,
    /// The same as an `otpauth:` URI, for showing it as a QR code.
    uri: String,
    /// When the enrolment expires. Send the first code to `POST /me/totp/confirm` before.
    #[schema(value_type = String, format = DateTime)]
    expires_at: ApiTimestamp,
}

impl Located for TotpEnrolment {
    const PATH: &'static str = "/me/totp";

    fn id(&self) -> String {
        String::new()
    }
}

pub static FUNCTION: Function = Function::route::<EnrolTotp>();

impl Endpoint for EnrolTotp {
    const ROUTE: Route = Route::post("enrol-totp", "/me/totp");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::WriteUserRecords, Grant::DeriveKeys];
    const PROBLEMS: &'static [ProblemCode] = &[problems::TOTP_ENROLLED, problem_codes::NOT_FOUND];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(4, "the user's factors are read, and the address that the app shows");
    type Access = Fresh<SignedIn>;
    type Output = Created<TotpEnrolment>;

    async fn handle(self, caller: &Fresh<SignedIn>) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        let factors = Factors::of(accounts, caller.user()).await?;
        if factors.has_app() {
            return Err(SecondFactorError::TotpEnrolled.into());
        }
        let user = accounts.find::<User>(&AccountKey::User(caller.user())).await?.ok_or_else(Problem::not_found)?;
        let secret = TotpSecret::new(accounts.entropy());
        let begun = Totp::begin(accounts, user.id, &secret).await?;
        let expires_at = begun.pending_until().unwrap_or_else(|| accounts.now());
        let changes = match factors.totp {
            Some(mut pending) => {
                *pending = begun;
                AccountChanges::default().replace(&pending)
            }
            None => AccountChanges::default().insert(&begun),
        };
        accounts.commit(changes).await?;
        let (uri, secret) = (secret.uri(&user.email).expose().to_owned(), secret.base32().expose().to_owned());
        Ok(Created(TotpEnrolment { secret, uri, expires_at: expires_at.into() }))
    }
}
