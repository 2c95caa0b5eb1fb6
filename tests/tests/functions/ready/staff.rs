//! What the functions of the staff need.

use accounts::address::Address;
use plans::jobs::recount_usage::USAGE_DRIFTED;
use plans::jobs::set_override;
use serde_json::json;
use shared::identity::{AccountChanges, Invitation, StaffRole};
use shared::kernel::ids::{UserKind, WorkspaceId};
use shared::kernel::time::{SignedDuration, after};
use shared::system_events::Occurrence;
use shared::tenancy::{AssignableRole, Changes};
use shared::testing::Request;
use staff::routes::request_suspension;
use test_support::staff_member::{self, Member, enrolled, grant, signed_in, start, start_enrolment, token};
use workspaces::routes::update_security;

use super::passkeys::with_credential;
use crate::place::{Place, World, text};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_staff(&self, function: &str, place: &Place, ready: Filling) -> Filling {
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
            "request-suspension" => self.as_admin(ready).await.with("workspace_id", self.another_workspace().await),
            "get-suspension-request" | "withdraw-suspension-request" | "suspend-workspace" => {
                let workspace = self.another_workspace().await;
                let id = self.suspension_requested(workspace).await;
                let ready = self.as_admin(ready).await.with("suspension_request_id", id);
                ready.with("workspace_id", workspace)
            }
            "resume-workspace" => {
                let workspace = self.another_workspace().await;
                let scope = app.scope(workspace);
                let suspending = scope.directory().await.unwrap().change().suspend();
                suspending.commit(Changes::default().unaudited("a fixture")).await.unwrap();
                self.as_admin(ready).await.with("workspace_id", workspace)
            }
            "lift-workspace-networks" => {
                let owner = app.owner().await.unwrap();
                let limiting = Request::to(&update_security::FUNCTION).by(&owner).ip("192.0.2.7");
                app.call(limiting.json(json!({ "networks": ["192.0.2.0/24"] }))).await.expect(200);
                self.as_admin(ready).await.with("workspace_id", owner.workspace)
            }
            "set-workspace-override" => {
                let until = after(app.now(), SignedDuration::from_hours(24));
                self.as_admin(ready).await.with("expires_at", until)
            }
            "remove-workspace-override" => {
                let until = after(app.now(), SignedDuration::from_hours(24));
                let set = json!({ "name": "members", "value": 300, "reason": "Pilot", "expires_at": until });
                let event = json!({ "workspace_id": place.owner.workspace, "set": set });
                app.run(&set_override::FUNCTION, event).await.unwrap();
                self.as_admin(ready).await
            }
            "resend-open-invitation" | "expire-open-invitation" => {
                // Not by the route, whose invitations of a day are counted.
                let scope = app.scope(place.owner.workspace);
                let by = place.owner.user;
                let invitation = Invitation::new(&scope, &self.email(), AssignableRole::Member, by);
                let changes = Changes::default().insert(&invitation).insert(&invitation.pending());
                scope.commit(changes.unaudited("a fixture")).await.unwrap();
                self.as_admin(ready).await.with("invitation_id", invitation.id)
            }
            "find-users-by-domain" => {
                let domain = format!("{}.example.com", self.app.new_id::<UserKind>().to_string().replace('_', "-"));
                let mut address = Address::new(format!("ada@{domain}").parse().unwrap());
                address.claim(place.owner.user).unwrap();
                app.accounts().commit(AccountChanges::default().insert(&address)).await.unwrap();
                self.as_admin(ready).await.with("domain", domain)
            }
            "list-system-events" => {
                app.accounts().emit(Occurrence::of(&USAGE_DRIFTED, place.owner.workspace)).await.unwrap();
                self.as_admin(ready).await
            }
            "get-system-event" | "acknowledge-system-event" => {
                let ready = self.as_admin(ready).await;
                let events = app.events_since(app.now() - SignedDuration::from_hours(1)).await.unwrap();
                // The sign-in of that admin: nothing has acknowledged it.
                let last = events.iter().map(|event| &event.id).max().unwrap();
                ready.with("event_id", format!("event_{last}"))
            }
            _ => self.as_admin(ready).await,
        }
    }

    async fn as_admin(&self, ready: Filling) -> Filling {
        ready.with("token", signed_in(&self.app, &["admin"]).await)
    }

    /// A workspace whose suspension nothing else needs.
    async fn another_workspace(&self) -> WorkspaceId {
        self.app.owner().await.unwrap().workspace
    }

    /// The id of a request by another member of the staff.
    async fn suspension_requested(&self, workspace: WorkspaceId) -> String {
        let requester = self.app.staff(&[StaffRole::Support], Some(self.app.now())).await.unwrap();
        let path = Filling::default().with("workspace_id", workspace);
        let body = json!({ "reason": "Phishing", "ticket": "CASE-1" });
        text(&self.call(&request_suspension::FUNCTION, &requester.token, &path, body).await["id"])
    }
}
