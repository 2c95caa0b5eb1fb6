//! `POST /staff/enrolment`: registers a passkey of a member of the staff.

use passkeys::ceremony::{Ceremony, CeremonyToken, Purpose};
use passkeys::passkey::{PasskeyError, PasskeyName};
use passkeys::webauthn::credential::PasskeyRegistration;
use shared::http::Plane;
use shared::identity::AccountChanges;
use shared::prelude::route::*;
use shared::system_events::Occurrence;

use crate::enrolment::{EnrolmentOver, EnrolmentToken, StaffEnrolment};
use crate::passkey::{STAFF_PASSKEY_ADDED, StaffPasskey, relying_party};
use crate::problems;

/// Registers the passkey that the browser created, and uses up the enrolment link. Sign in with the passkey next.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteStaffEnrolment {
    token: EnrolmentToken,
    /// From the response of `POST /staff/enrolment/options`.
    ceremony: CeremonyToken,
    name: PasskeyName,
    /// The result of `PublicKeyCredential.toJSON()`.
    credential: PasskeyRegistration,
}

pub static FUNCTION: Function = Function::route::<CompleteStaffEnrolment>();

impl Endpoint for CompleteStaffEnrolment {
    const ROUTE: Route = Route::post("complete-staff-enrolment", "/staff/enrolment").on(&[Plane::STAFF]);
    const GRANTS: &'static [Grant] =
        &[Grant::ReadStaff, Grant::WriteStaff, Grant::DeleteStaff, Grant::ReadCeremonies, Grant::DeleteCeremonies];
    const PROBLEMS: &'static [ProblemCode] = &[
        problems::ENROLMENT_OVER,
        passkeys::problems::CEREMONY_OVER,
        passkeys::problems::PASSKEY_INVALID,
        passkeys::problems::PASSKEY_ALREADY_REGISTERED,
    ];
    type Access = Credentials;
    type Output = NoContent;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let enrolment = StaffEnrolment::of(accounts, &self.token).await?;
        let (staff, epoch) = (enrolment.staff, enrolment.epoch);
        let ceremony = Ceremony::end(accounts, &self.ceremony, Purpose::StaffRegistration { staff }).await?;
        let party = relying_party(accounts)?;
        let registered = self.credential.verify(ceremony.challenge.as_slice(), &party).map_err(PasskeyError::from)?;
        let passkey = StaffPasskey::new((staff, epoch), self.name, registered, accounts.now());
        let changes = AccountChanges::default()
            .delete(&enrolment)
            .or(EnrolmentOver)
            .same_staff_epoch(staff, epoch)
            .or(EnrolmentOver)
            .insert(&passkey)
            .or(PasskeyError::AlreadyRegistered)
            .event(Occurrence::of(&STAFF_PASSKEY_ADDED, staff));
        accounts.commit(changes).await?;
        accounts.proved();
        Ok(NoContent)
    }
}
