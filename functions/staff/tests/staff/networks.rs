//! A workspace that no admin can reach any more, because its networks exclude all of them.

use mail::SendEmail;
use serde_json::{Value, json};
use shared::identity::StaffRole::{self, Admin, Billing, Security, Support};
use shared::kernel::time::SignedDuration;
use shared::tenancy::{Page, Role};
use shared::testing::{Person, Request, Response, TestApp};
use staff::letters::NETWORKS_LIFTED;
use staff::routes::lift_workspace_networks;
use test_support::staff_member::call;
use workspaces::routes::{get_security, list_members, update_security};

const INSIDE: &str = "203.0.113.7";
const OUTSIDE: &str = "198.51.100.1";
const NETWORK: &str = "203.0.113.0/24";

struct At {
    app: TestApp,
    owner: Person,
}

impl At {
    /// A workspace that is limited to a network.
    async fn new() -> Self {
        let app = TestApp::new();
        let owner = app.owner().await.unwrap();
        let at = Self { app, owner };
        at.secure(INSIDE, json!({ "networks": [NETWORK], "longest_session_hours": 12 })).await.expect(200);
        at.app.empty_outbox().await.unwrap();
        at
    }

    async fn secure(&self, ip: &str, rules: Value) -> Response {
        self.app.call(Request::to(&update_security::FUNCTION).by(&self.owner).ip(ip).json(rules)).await
    }

    async fn visit(&self, ip: &str) -> Response {
        self.app.call(Request::to(&list_members::FUNCTION).by(&self.owner).ip(ip)).await
    }

    async fn lift(&self, role: StaffRole) -> Response {
        let member = self.app.staff(&[role], Some(self.app.now())).await.unwrap();
        let request = Request::to(&lift_workspace_networks::FUNCTION).path("workspace_id", self.owner.workspace);
        let body = json!({ "reason": "No admin is in the office any more.", "ticket": "CASE-1024" });
        call(&self.app, &member.token, request.json(body)).await
    }

    async fn letters(&self) -> Vec<String> {
        let posted = self.app.outbox::<SendEmail>(&self.owner.outbox()).await.unwrap();
        posted.into_iter().map(|posted| posted.envelope.payload.to_string()).collect()
    }
}

#[tokio::test]
async fn the_networks_are_lifted_with_audit_entry_event_and_letters_and_no_other_rule() {
    let at = At::new().await;
    let second = at.app.join(at.owner.workspace, Role::Owner).await.unwrap();
    // No admin at another address changes the rules.
    assert_eq!(at.visit(OUTSIDE).await.expect(403).code(), "network_not_allowed");
    assert_eq!(at.secure(OUTSIDE, json!({ "networks": [] })).await.expect(403).code(), "network_not_allowed");
    at.lift(Security).await.expect(204);
    at.visit(OUTSIDE).await.expect(200);
    let rules = at.app.call(Request::to(&get_security::FUNCTION).by(&at.owner).ip(OUTSIDE)).await.expect(200).body;
    assert_eq!((&rules["networks"], &rules["longest_session_hours"]), (&json!([]), &json!(12)));

    let page = Page { limit: 100, cursor: None, newest_first: true };
    let entry = at.app.scope(at.owner.workspace).audit_entries(&page).await.unwrap().items.remove(0);
    assert_eq!(entry.action, "workspace.networks_lifted");
    let detail = json!({ "reason": "No admin is in the office any more.", "networks": [NETWORK] });
    assert_eq!(entry.target.detail, Some(detail));
    assert_eq!((json!(entry.origin.actor)["kind"].clone(), entry.origin.ip), (json!("staff"), None));
    let events = at.app.events_since(at.app.now() - SignedDuration::from_mins(1)).await.unwrap();
    let [event] = events.iter().filter(|event| event.name == "workspace_networks_lifted").collect::<Vec<_>>()[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((&event.subject, &event.detail["ticket"]), (&at.owner.workspace.to_string(), &json!("CASE-1024")));
    let letters = at.letters().await;
    assert_eq!(letters.len(), 2, "{letters:?}");
    for owner in [at.owner.user, second.user] {
        let is_its = |letter: &&String| letter.contains(&owner.to_string()) && letter.contains(NETWORKS_LIFTED);
        assert_eq!(letters.iter().filter(is_its).count(), 1, "{owner}");
    }
    assert!(letters.iter().all(|letter| !letter.contains("CASE-1024")), "the ticket is the staff's");
    // Once.
    assert_eq!(at.lift(Security).await.expect(409).code(), "networks_not_limited");
    assert_eq!(at.letters().await.len(), 2);
}

#[tokio::test]
async fn only_security_and_admins_of_the_staff_lift_networks() {
    let at = At::new().await;
    for role in [Support, Billing] {
        assert_eq!(at.lift(role).await.expect(403).code(), "permission_missing");
    }
    assert_eq!(at.visit(OUTSIDE).await.expect(403).code(), "network_not_allowed");
    assert!(at.letters().await.is_empty());
    at.lift(Admin).await.expect(204);
}

/// An owner who changes the rules at the same time is not overruled.
#[tokio::test]
async fn networks_that_change_while_they_are_lifted_stay() {
    let at = At::new().await;
    let member = at.app.staff(&[Security], Some(at.app.now())).await.unwrap();
    let body = json!({ "reason": "No admin is in the office any more.", "ticket": "CASE-1024" });
    let request = Request::to(&lift_workspace_networks::FUNCTION).path("workspace_id", at.owner.workspace);
    let request = request.bearer(&member.token).json(body);
    let changed = async { drop(at.secure(INSIDE, json!({ "networks": ["203.0.113.7/32"] })).await.expect(200)) };
    let (answer, reached) = at.app.call_while(request, changed).await;
    assert!(reached.is_some());
    assert_eq!(answer.expect(409).code(), "modified_concurrently");
    assert_eq!(at.visit(OUTSIDE).await.expect(403).code(), "network_not_allowed");
    assert!(at.letters().await.is_empty());
}
