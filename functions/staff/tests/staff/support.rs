//! What the staff changes in one workspace for its support: overrides of the plan, and invitations.

use serde_json::{Value, json};
use shared::audit::AuditEntry;
use shared::function::Function;
use shared::identity::StaffRole::{self, Billing, Security, Support};
use shared::identity::{Invitation, InvitationState};
use shared::kernel::time::{SignedDuration, after};
use shared::tenancy::{AssignableRole, Changes, Page};
use shared::testing::{Person, Request, Response, TestApp};
use staff::routes::{
    expire_open_invitation, list_open_invitations, remove_workspace_override, resend_open_invitation,
    set_workspace_override,
};
use test_support::staff_member::call;
use workspaces::jobs::mail_invitation::MailInvitation;

struct At {
    app: TestApp,
    owner: Person,
}

impl At {
    async fn new() -> Self {
        let app = TestApp::new();
        let owner = app.owner().await.unwrap();
        Self { app, owner }
    }

    async fn send(&self, role: StaffRole, request: Request) -> Response {
        let member = self.app.staff(&[role], Some(self.app.now())).await.unwrap();
        call(&self.app, &member.token, request.path("workspace_id", self.owner.workspace)).await
    }

    async fn post(&self, role: StaffRole, route: &'static Function, body: Value) -> Response {
        self.send(role, Request::to(route).json(body)).await
    }

    /// The workspace's audit entries: action, detail, kind of actor.
    async fn entries(&self) -> Vec<AuditEntry> {
        let page = Page { limit: 100, cursor: None, newest_first: false };
        self.app.scope(self.owner.workspace).audit_entries(&page).await.unwrap().items
    }

    async fn events(&self, name: &str) -> usize {
        let events = self.app.events_since(self.app.now() - SignedDuration::from_mins(1)).await.unwrap();
        let of_workspace = self.owner.workspace.to_string();
        events.iter().filter(|event| event.name == name && event.subject == of_workspace).count()
    }

    async fn limit(&self, name: &str) -> Option<Value> {
        let directory = self.app.scope(self.owner.workspace);
        let directory = directory.directory().await.unwrap();
        directory.overrides().get(name).map(|change| json!(change.value))
    }

    /// An invitation that was made now.
    async fn invited(&self, email: &str) -> Invitation {
        let scope = self.app.scope(self.owner.workspace);
        let invitation = Invitation::new(&scope, email, AssignableRole::Member, self.owner.user);
        let changes = Changes::default().insert(&invitation).insert(&invitation.pending());
        scope.commit(changes.unaudited("a fixture")).await.unwrap();
        self.app.advance(SignedDuration::from_millis(1));
        invitation
    }

    async fn invitation(&self, invitation: &Invitation) -> Invitation {
        let scope = self.app.scope(self.owner.workspace);
        scope.get::<Invitation>(&invitation.id).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn an_override_is_set_and_removed_with_a_reason_in_the_workspaces_audit_log() {
    let at = At::new().await;
    let expires_at = after(at.app.now(), SignedDuration::from_hours(24));
    let body = json!({ "name": "members", "value": 25, "reason": "Agreed", "expires_at": expires_at });
    for role in [Support, Security] {
        let refused = at.post(role, &set_workspace_override::FUNCTION, body.clone()).await.expect(403);
        assert_eq!(refused.code(), "permission_missing");
    }
    at.post(Billing, &set_workspace_override::FUNCTION, body.clone()).await.expect(204);
    assert_eq!(at.limit("members").await, Some(json!(25)));
    // The same again changes nothing.
    at.post(Billing, &set_workspace_override::FUNCTION, body).await.expect(204);
    let removing = json!({ "name": "members", "reason": "The pilot ended" });
    at.post(Billing, &remove_workspace_override::FUNCTION, removing.clone()).await.expect(204);
    assert_eq!(at.limit("members").await, None);
    let unknown = at.post(Billing, &remove_workspace_override::FUNCTION, removing).await.expect(404);
    assert_eq!(unknown.code(), "override_unknown");
    let entries = at.entries().await;
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["plan_override.applied", "plan_override.removed"]);
    assert_eq!(entries[0].target.detail.as_ref().unwrap()["reason"], "Agreed");
    assert_eq!(entries[1].target.detail, Some(json!({ "name": "members", "reason": "The pilot ended" })));
    for entry in &entries {
        assert_eq!(json!(entry.origin.actor)["kind"], "staff");
        assert_eq!((&entry.origin.ip, &entry.origin.user_agent), (&None, &None));
    }
    assert_eq!(at.events("staff_changed_workspace").await, 2);
}

#[tokio::test]
async fn an_override_that_breaks_a_rule_is_refused() {
    let at = At::new().await;
    let set = async |name: &str, value: Value, hours: i64| {
        let expires_at = after(at.app.now(), SignedDuration::from_hours(hours));
        let body = json!({ "name": name, "value": value, "reason": "Agreed", "expires_at": expires_at });
        at.post(Billing, &set_workspace_override::FUNCTION, body).await.expect(422).code().to_owned()
    };
    assert_eq!(set("moons", json!(7), 24).await, "override_invalid");
    assert_eq!(set("members", json!(true), 24).await, "override_invalid");
    assert_eq!(set("members", json!(7), 0).await, "override_invalid");
    assert_eq!(set("members", json!(7), 367 * 24).await, "override_invalid");
    assert_eq!((at.entries().await.len(), at.events("staff_changed_workspace").await), (0, 0));
}

#[tokio::test]
async fn open_invitations_are_listed_without_their_addresses_and_the_look_is_recorded() {
    let at = At::new().await;
    let first = at.invited("ada.lovelace@example.com").await;
    let revoked = at.invited("eve@example.com").await;
    let last = at.invited("grace@example.org").await;
    let ending = Request::to(&expire_open_invitation::FUNCTION).path("invitation_id", revoked.id);
    at.send(Support, ending.json(json!({ "reason": "A wrong address" }))).await.expect(204);
    let shown = at.send(Support, Request::to(&list_open_invitations::FUNCTION)).await.expect(200);
    let items: Vec<_> =
        shown.body["items"].as_array().unwrap().iter().map(|item| (&item["id"], &item["address"])).collect();
    assert_eq!(items, [(&json!(last.id), &json!("g…@example.org")), (&json!(first.id), &json!("a…@example.com"))]);
    assert!(!shown.text.contains("lovelace"));
    assert_eq!(at.events("staff_looked_up").await, 1);
    let refused = at.send(Billing, Request::to(&list_open_invitations::FUNCTION)).await.expect(403);
    assert_eq!(refused.code(), "permission_missing");
    at.app.advance(SignedDuration::from_hours(7 * 24));
    let shown = at.send(Support, Request::to(&list_open_invitations::FUNCTION)).await.expect(200);
    assert_eq!(shown.body["items"], json!([]), "those that have expired");
}

#[tokio::test]
async fn an_invitation_is_sent_again_and_ended_by_the_rules_of_the_customers_routes() {
    let at = At::new().await;
    let invitation = at.invited("ada@example.com").await;
    let to = |route: &'static Function| Request::to(route).path("invitation_id", invitation.id);
    at.app.advance(SignedDuration::from_hours(24));
    let body = json!({ "reason": "The letter was lost" });
    at.send(Support, to(&resend_open_invitation::FUNCTION).json(body.clone())).await.expect(204);
    let sent = at.invitation(&invitation).await;
    assert_eq!((sent.letters, sent.expires_at), (2, after(at.app.now(), SignedDuration::from_hours(7 * 24))));
    let asked = at.app.outbox::<MailInvitation>(&format!("W#{}", at.owner.workspace)).await.unwrap();
    assert_eq!(asked.len(), 1);
    at.send(Support, to(&expire_open_invitation::FUNCTION).json(body.clone())).await.expect(204);
    assert!(matches!(at.invitation(&invitation).await.state, InvitationState::Revoked { .. }));
    for route in [&resend_open_invitation::FUNCTION, &expire_open_invitation::FUNCTION] {
        let refused = at.send(Support, to(route).json(body.clone())).await.expect(410);
        assert_eq!(refused.code(), "invitation_revoked");
    }
    let entries = at.entries().await;
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["invitation.resent", "invitation.revoked"]);
    assert!(entries.iter().all(|entry| entry.target.detail == Some(body.clone())));
    assert_eq!(at.events("staff_changed_workspace").await, 2);
}

/// An invitation of another workspace is a missing one.
#[tokio::test]
async fn an_invitation_of_another_workspace_is_404() {
    let at = At::new().await;
    let invitation = at.invited("ada@example.com").await;
    let other = At { owner: at.app.owner().await.unwrap(), app: at.app };
    for route in [&resend_open_invitation::FUNCTION, &expire_open_invitation::FUNCTION] {
        let request = Request::to(route).path("invitation_id", invitation.id).json(json!({ "reason": "x" }));
        other.send(Support, request).await.expect(404);
    }
}

/// Its erasure may have begun, or it may have changed which addresses it invites.
#[tokio::test]
async fn an_invitation_is_not_sent_again_in_a_workspace_that_has_changed_since_it_was_read() {
    let at = At::new().await;
    let invitation = at.invited("ada@example.com").await;
    let member = at.app.staff(&[Support], Some(at.app.now())).await.unwrap();
    let request = Request::to(&resend_open_invitation::FUNCTION).path("invitation_id", invitation.id);
    let request = request.path("workspace_id", at.owner.workspace).bearer(&member.token);
    let changed = async {
        let scope = at.app.scope(at.owner.workspace);
        let renamed = scope.directory().await.unwrap().change().name("Other");
        renamed.commit(Changes::default().unaudited("a fixture")).await.unwrap();
    };
    let (answer, reached) = at.app.call_while(request.json(json!({ "reason": "x" })), changed).await;
    assert_eq!((answer.expect(409).code(), reached), ("modified_concurrently", Some(())));
    assert_eq!((at.invitation(&invitation).await.letters, at.entries().await.len()), (1, 0));
}
