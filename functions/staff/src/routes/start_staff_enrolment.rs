//! `POST /staff/enrolment/options`: starts the registration of a passkey with an enrolment link.

use passkeys::ceremony::{self, Ceremony, Purpose};
use passkeys::options::{PasskeyCreationOptions, PasskeyOwner};
use shared::http::Plane;
use shared::identity::{AccountChanges, AccountKey};
use shared::prelude::route::*;

use crate::enrolment::{EnrolmentToken, StaffEnrolment};
use crate::member::StaffMember;
use crate::passkey::{StaffPasskey, relying_party};
use crate::problems;

/// Starts the registration of a passkey with the token of an enrolment link, and returns the options for
/// `navigator.credentials.create`. They are valid for 5 minutes; the link remains valid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartStaffEnrolment {
    token: EnrolmentToken,
}

/// A started registration.
#[derive(Serialize, ToSchema)]
pub struct StaffEnrolmentStarted {
    /// Send it to `POST /staff/enrolment` with the browser's response.
    ceremony: String,
    /// Seconds until the ceremony expires.
    expires_in_s: i64,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON`.
    options: PasskeyCreationOptions,
}

pub static FUNCTION: Function = Function::route::<StartStaffEnrolment>();

impl Endpoint for StartStaffEnrolment {
    const ROUTE: Route = Route::post("start-staff-enrolment", "/staff/enrolment/options").on(&[Plane::STAFF]);
    const GRANTS: &'static [Grant] = &[Grant::ReadStaff, Grant::WriteCeremonies];
    const PROBLEMS: &'static [ProblemCode] = &[problems::ENROLMENT_OVER];
    type Access = Credentials;
    type Output = Reply<StaffEnrolmentStarted>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let enrolment = StaffEnrolment::of(accounts, &self.token).await?;
        let key = AccountKey::Staff(enrolment.staff);
        let member = accounts.find::<StaffMember>(&key).await?;
        let member = member.ok_or_else(|| Problem::internal("an enrolment without a member of the staff"))?;
        let known = accounts.list::<StaffPasskey>(&key).await?;
        let purpose = Purpose::StaffRegistration { staff: member.id };
        let (name, ceremony) = Ceremony::begin(accounts.entropy(), purpose, accounts.now());
        accounts.commit(AccountChanges::default().insert(&ceremony)).await?;
        let known = known.iter().filter(|passkey| passkey.epoch == enrolment.epoch);
        let known = known.map(|passkey| (&passkey.credential, &*passkey.transports));
        let owner = PasskeyOwner {
            handle: member.id.as_bytes(),
            name: member.email.as_str(),
            display_name: member.name.as_str(),
        };
        let options = PasskeyCreationOptions::new(ceremony.challenge, relying_party(accounts)?, &owner, known);
        accounts.proved();
        let (ceremony, expires_in_s) = (name.into_text(), ceremony::LIFETIME.as_secs());
        Ok(Reply(StaffEnrolmentStarted { ceremony, expires_in_s, options }))
    }
}
