//! `POST /staff/sign-in`: signs in a member of the staff by passkey.

use passkeys::ceremony::{Ceremony, CeremonyToken, Purpose};
use passkeys::webauthn::credential::PasskeyAssertion;
use shared::http::Plane;
use shared::identity::STAFF_SESSION_LIFETIME;
use shared::kernel::ids::{SessionId, StaffId};
use shared::prelude::route::*;
use shared::system_events::Occurrence;

use crate::sign_in::{Proved, STAFF_SIGNED_IN, prove};

/// Signs in with a passkey and opens a session of 60 minutes, which nothing extends. Afterwards, sign in again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteStaffSignIn {
    /// From the response of `POST /staff/sign-in/options`.
    ceremony: CeremonyToken,
    /// The result of `PublicKeyCredential.toJSON()`.
    credential: PasskeyAssertion,
}

/// The token of a session of the staff.
#[derive(Serialize, ToSchema)]
pub struct StaffToken {
    staff_id: StaffId,
    /// For `Authorization: Bearer`, on the staff's API alone. A JWT; treat it as opaque, its claims may change.
    access_token: String,
    #[schema(value_type = String, example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the session ends.
    expires_in_s: i64,
}

pub static FUNCTION: Function = Function::route::<CompleteStaffSignIn>();

impl Endpoint for CompleteStaffSignIn {
    const ROUTE: Route = Route::post("complete-staff-sign-in", "/staff/sign-in").on(&[Plane::STAFF]);
    const GRANTS: &'static [Grant] =
        &[Grant::ReadStaff, Grant::WriteStaff, Grant::ReadCeremonies, Grant::DeleteCeremonies, Grant::SignTokens];
    const PROBLEMS: &'static [ProblemCode] = &[passkeys::problems::CEREMONY_OVER, passkeys::problems::PASSKEY_REFUSED];
    type Access = Credentials;
    type Output = Reply<StaffToken>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let ceremony = Ceremony::end(accounts, &self.ceremony, Purpose::StaffProof).await?;
        let Proved { staff, epoch, changes } = prove(accounts, &ceremony, &self.credential).await?;
        let session: SessionId = accounts.new_id();
        let changes = changes.open_staff_session((staff, session), epoch, accounts.now());
        accounts.commit(changes.event(Occurrence::of(&STAFF_SIGNED_IN, staff))).await?;
        let token = accounts.staff_access_token(staff, session).await?;
        accounts.proved();
        Ok(Reply(StaffToken {
            staff_id: staff,
            access_token: token.expose().to_owned(),
            token_type: "Bearer",
            expires_in_s: STAFF_SESSION_LIFETIME.as_secs(),
        }))
    }
}
