//! What the functions of the staff need.

use test_support::staff_member::{self, Member, enrolled, grant, signed_in, start, start_enrolment, token};

use super::passkeys::with_credential;
use crate::place::World;
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_staff(&self, function: &str, ready: Filling) -> Filling {
        let app = &self.app;
        match function {
            "grant-staff" => ready.with("staff_email", self.email()),
            "revoke-staff" => ready.with("staff_email", enrolled(app, &["support"]).await.email),
            "start-staff-sign-in" => ready,
            "start-staff-enrolment" => {
                ready.with("enrolment_token", token(&grant(app, &self.email(), &["support"]).await))
            }
            "complete-staff-enrolment" => {
                let token = token(&grant(app, &self.email(), &["support"]).await);
                let started = start_enrolment(app, &token).await.expect(200).body;
                let credential = staff_member::authenticator().create(&started["options"]);
                with_credential(ready.with("enrolment_token", token), &started, credential)
            }
            "complete-staff-sign-in" => {
                let Member { mut authenticator, .. } = enrolled(app, &["support"]).await;
                let started = start(app).await;
                let credential = authenticator.get(&started["options"]);
                with_credential(ready, &started, credential)
            }
            // Its sessions are ended, so not those of the place.
            "end-user-sessions" => {
                let ready = self.as_someone(ready).await;
                let user = ready.get("user").to_owned();
                ready.with("user_id", user).with("token", signed_in(app, &["admin"]).await)
            }
            _ => ready.with("token", signed_in(app, &["admin"]).await),
        }
    }
}
