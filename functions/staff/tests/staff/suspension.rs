//! Suspending a workspace takes two members of the staff, and resuming it takes one.

use futures::future::join_all;
use mail::SendEmail;
use serde_json::{Value, json};
use shared::audit::AuditEntry;
use shared::config::Planes;
use shared::function::Function;
use shared::identity::StaffRole::{self, Admin, Billing, Security, Support};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::networks::Networks;
use shared::kernel::time::SignedDuration;
use shared::system_events::SystemEvent;
use shared::tenancy::{Page, Role};
use shared::testing::{Person, Request, Response, StaffMember, TestApp};
use staff::routes::{
    get_suspension_request, request_suspension, resume_workspace, suspend_workspace, withdraw_suspension_request,
};
use test_support::staff_member::{self, call};
use workspaces::routes::get_workspace;

struct At {
    app: TestApp,
    owner: Person,
    /// Who requests.
    one: StaffMember,
    /// Who approves.
    other: StaffMember,
}

const REASON: &str = "The workspace sends phishing links.";

async fn member(app: &TestApp, roles: &[StaffRole]) -> StaffMember {
    app.staff(roles, Some(app.now())).await.unwrap()
}

impl At {
    async fn new() -> Self {
        let app = TestApp::new();
        let owner = app.owner().await.unwrap();
        let (one, other) = (member(&app, &[Support]).await, member(&app, &[Security]).await);
        Self { app, owner, one, other }
    }

    fn to(&self, route: &'static Function) -> Request {
        Request::to(route).path("workspace_id", self.owner.workspace)
    }

    async fn request(&self, by: &StaffMember) -> Response {
        let body = json!({ "reason": REASON, "ticket": "CASE-1024" });
        call(&self.app, &by.token, self.to(&request_suspension::FUNCTION).json(body)).await
    }

    /// A new request, and its id.
    async fn requested(&self) -> Value {
        self.request(&self.one).await.expect(200).body["id"].clone()
    }

    fn approving(&self, id: &Value) -> Request {
        self.to(&suspend_workspace::FUNCTION).json(json!({ "request_id": id }))
    }

    async fn approve(&self, by: &StaffMember, id: &Value) -> Response {
        call(&self.app, &by.token, self.approving(id)).await
    }

    async fn withdraw(&self, by: &StaffMember) -> Response {
        call(&self.app, &by.token, self.to(&withdraw_suspension_request::FUNCTION)).await
    }

    async fn read(&self) -> Response {
        call(&self.app, &self.one.token, self.to(&get_suspension_request::FUNCTION)).await
    }

    async fn resume(&self, by: &StaffMember) -> Response {
        let body = json!({ "reason": "The links are removed." });
        call(&self.app, &by.token, self.to(&resume_workspace::FUNCTION).json(body)).await
    }

    async fn is_suspended(&self) -> bool {
        let answer = self.app.call(Request::to(&get_workspace::FUNCTION).by(&self.owner)).await;
        answer.status == 403 && answer.code() == "workspace_suspended"
    }

    /// The suspensions and resumptions in the workspace's audit log, oldest first.
    async fn entries(&self) -> Vec<AuditEntry> {
        let page = Page { limit: 100, cursor: None, newest_first: false };
        let entries = self.app.scope(self.owner.workspace).audit_entries(&page).await.unwrap().items;
        entries.into_iter().filter(|entry| entry.action != "workspace.created").collect()
    }

    async fn events(&self) -> Vec<SystemEvent> {
        let events = self.app.events_since(self.app.now() - SignedDuration::from_hours(48)).await.unwrap();
        let of_workspace = self.owner.workspace.to_string();
        events.into_iter().filter(|event| event.subject == of_workspace).collect()
    }

    async fn event_names(&self) -> Vec<String> {
        let mut events = self.events().await;
        events.sort_by_key(|event| event.at);
        events.into_iter().map(|event| event.name).collect()
    }

    async fn letters(&self) -> Vec<String> {
        let posted = self.app.outbox::<SendEmail>(&format!("W#{}", self.owner.workspace)).await.unwrap();
        posted.into_iter().map(|posted| posted.envelope.payload.to_string()).collect()
    }

    /// Nothing of the workspace changed.
    async fn expect_untouched(&self) {
        assert!(!self.is_suspended().await);
        assert_eq!((self.entries().await.len(), self.letters().await.len()), (0, 0));
    }
}

#[tokio::test]
async fn a_request_changes_nothing_and_its_approval_by_another_suspends_with_audit_entry_event_and_letters() {
    let at = At::new().await;
    let second = at.app.join(at.owner.workspace, Role::Owner).await.unwrap();
    at.app.join(at.owner.workspace, Role::Admin).await.unwrap();
    let requested = at.request(&at.one).await.expect(200).body;
    assert_eq!((&requested["reason"], &requested["ticket"]), (&json!(REASON), &json!("CASE-1024")));
    assert_eq!(requested["requested_by"], json!(at.one.id));
    assert_eq!(at.read().await.expect(200).body, requested);
    at.expect_untouched().await;
    at.approve(&at.other, &requested["id"]).await.expect(204);
    assert!(at.is_suspended().await);
    let [entry] = at.entries().await.try_into().unwrap();
    assert_eq!(entry.action, "workspace.suspended");
    assert_eq!(entry.target.detail, Some(json!({ "reason": REASON, "requested_by": at.one.id })));
    assert_eq!(json!(entry.origin.actor), json!({ "kind": "staff", "id": at.other.id.to_string() }));
    assert_eq!((entry.origin.ip, entry.origin.user_agent), (None, None), "where the staff works is theirs");
    let events = at.events().await;
    let suspended = events.iter().find(|event| event.name == "workspace_suspended").unwrap();
    assert_eq!((&suspended.detail["ticket"], &suspended.detail["request_id"]), (&json!("CASE-1024"), &requested["id"]));
    assert!(suspended.origin.ip.is_some());
    let letters = at.letters().await;
    assert_eq!(letters.len(), 2, "{letters:?}");
    for owner in [at.owner.user, second.user] {
        assert!(letters.iter().any(|letter| letter.contains(&owner.to_string()) && letter.contains(REASON)));
    }
    assert!(letters.iter().all(|letter| !letter.contains("CASE-1024")), "the ticket is the staff's");
    at.read().await.expect(404);
    let again = at.approve(&at.other, &requested["id"]).await.expect(409);
    assert_eq!(again.code(), "suspension_request_over");
    assert_eq!(at.request(&at.one).await.expect(409).code(), "workspace_already_suspended");
    assert_eq!(at.event_names().await, ["suspension_requested", "workspace_suspended"]);
}

#[tokio::test]
async fn at_most_50_owners_are_emailed_and_a_workspace_with_more_is_suspended_nevertheless() {
    let at = At::new().await;
    for _ in 0..51 {
        at.app.join(at.owner.workspace, Role::Owner).await.unwrap();
    }
    let id = at.requested().await;
    at.approve(&at.other, &id).await.expect(204);
    assert!(at.is_suspended().await);
    assert_eq!(at.letters().await.len(), 50);
}

#[tokio::test]
async fn one_person_resumes_with_a_reason_and_an_approval_that_was_used_suspends_no_more() {
    let at = At::new().await;
    assert_eq!(at.resume(&at.other).await.expect(409).code(), "workspace_not_suspended");
    let id = at.requested().await;
    at.approve(&at.other, &id).await.expect(204);
    at.resume(&at.other).await.expect(204);
    assert!(!at.is_suspended().await);
    assert_eq!(at.approve(&at.other, &id).await.expect(409).code(), "suspension_request_over");
    let entries = at.entries().await;
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["workspace.suspended", "workspace.resumed"]);
    assert_eq!(entries[1].target.detail, Some(json!({ "reason": "The links are removed." })));
    assert_eq!(at.letters().await.len(), 2);
    assert_eq!(at.event_names().await, ["suspension_requested", "workspace_suspended", "workspace_resumed"]);
}

/// Whatever their roles are, and also after they were revoked and granted again.
#[tokio::test]
async fn the_requester_does_not_approve_their_own_request() {
    let at = At::new().await;
    let admin = member(&at.app, &[Admin]).await;
    let id = at.request(&admin).await.expect(200).body["id"].clone();
    assert_eq!(at.approve(&admin, &id).await.expect(403).code(), "second_person_needed");
    at.withdraw(&admin).await.expect(204);
    at.expect_untouched().await;
    // By the operator's own jobs, with another passkey and session.
    let mut person = staff_member::enrolled(&at.app, &["admin"]).await;
    let token = access_token(&staff_member::sign_in(&at.app, &mut person.authenticator).await.expect(200).body);
    let body = json!({ "reason": REASON, "ticket": "CASE-1" });
    let request = at.to(&request_suspension::FUNCTION).json(body);
    let id = call(&at.app, &token, request).await.expect(200).body["id"].clone();
    staff_member::revoke(&at.app, &person.email).await;
    let link = staff_member::token(&staff_member::grant(&at.app, &person.email, &["admin"]).await);
    let started = staff_member::start_enrolment(&at.app, &link).await.expect(200).body;
    let mut next = staff_member::authenticator();
    let credential = next.create(&started["options"]);
    staff_member::enrol(&at.app, &link, &started, credential).await.expect(204);
    let token = access_token(&staff_member::sign_in(&at.app, &mut next).await.expect(200).body);
    assert_eq!(call(&at.app, &token, at.approving(&id)).await.expect(403).code(), "second_person_needed");
    at.expect_untouched().await;
}

fn access_token(signed_in: &Value) -> String {
    signed_in["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_request_is_over_after_a_day_when_withdrawn_and_when_its_requester_lost_the_permission() {
    let at = At::new().await;
    let over = async |id: &Value| {
        let other = member(&at.app, &[Security]).await;
        assert_eq!(at.approve(&other, id).await.expect(409).code(), "suspension_request_over");
        at.expect_untouched().await;
    };
    let id = at.requested().await;
    assert_eq!(at.request(&at.one).await.expect(409).code(), "suspension_already_requested");
    at.app.advance(SignedDuration::from_hours(24));
    over(&id).await;
    // A new one takes its place, and the earlier id stays invalid.
    let one = member(&at.app, &[Support]).await;
    let next = at.request(&one).await.expect(200).body["id"].clone();
    over(&id).await;
    at.withdraw(&one).await.expect(204);
    at.withdraw(&one).await.expect(404);
    over(&next).await;
    for (epoch, roles) in [(2, vec![]), (2, vec![Support]), (1, vec![Billing])] {
        let one = member(&at.app, &[Support]).await;
        let id = at.request(&one).await.expect(200).body["id"].clone();
        at.app.set_staff(one.id, epoch, &roles).await.unwrap();
        over(&id).await;
        let other = member(&at.app, &[Security]).await;
        at.withdraw(&other).await.expect(204);
    }
}

/// The requester loses the permission, the approver is revoked, the request is replaced, or the workspace changes, after the
/// approval has read everything.
#[tokio::test]
async fn a_change_before_the_commit_of_an_approval_suspends_nothing() {
    let at = At::new().await;
    for (change, code) in [
        ("requester revoked", "suspension_request_over"),
        ("requester's roles", "suspension_request_over"),
        ("approver revoked", "not_signed_in"),
        ("request replaced", "suspension_request_over"),
        ("directory", "modified_concurrently"),
    ] {
        let (one, other) = (member(&at.app, &[Support]).await, member(&at.app, &[Security]).await);
        let id = at.request(&one).await.expect(200).body["id"].clone();
        let changed = async {
            match change {
                "requester revoked" => at.app.set_staff(one.id, 2, &[Support]).await.unwrap(),
                "requester's roles" => at.app.set_staff(one.id, 1, &[Billing]).await.unwrap(),
                "approver revoked" => at.app.set_staff(other.id, 2, &[Security]).await.unwrap(),
                "request replaced" => {
                    at.withdraw(&one).await.expect(204);
                    at.request(&one).await.expect(200);
                }
                _ => {
                    let scope = at.app.scope(at.owner.workspace);
                    let renamed = scope.directory().await.unwrap().change().name("Other");
                    let unaudited = shared::tenancy::Changes::default().unaudited("a fixture");
                    renamed.commit(unaudited).await.unwrap();
                }
            }
        };
        let (answer, happened) = at.app.call_while(at.approving(&id).bearer(&other.token), changed).await;
        assert!(happened.is_some(), "{change}");
        assert_eq!(answer.code(), code, "{change}");
        at.expect_untouched().await;
        let cleaner = member(&at.app, &[Admin]).await;
        at.withdraw(&cleaner).await;
    }
    assert!(!at.event_names().await.iter().any(|name| name == "workspace_suspended"));
}

#[tokio::test]
async fn of_32_parallel_approvals_one_suspends() {
    let at = At::new().await;
    let id = at.requested().await;
    let approvers = join_all((0..32).map(|_| member(&at.app, &[Security]))).await;
    let answers = join_all(approvers.iter().map(|by| at.app.call(at.approving(&id).bearer(&by.token)))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
    assert!(answers.iter().all(|answer| matches!(answer.status, 204 | 409)), "{answers:?}");
    assert_eq!((at.entries().await.len(), at.letters().await.len()), (1, 1));
    let names = at.event_names().await;
    assert_eq!(names.iter().filter(|name| *name == "workspace_suspended").count(), 1);
}

#[tokio::test]
async fn of_32_parallel_requests_one_is_made() {
    let at = At::new().await;
    let body = json!({ "reason": REASON, "ticket": "CASE-1" });
    let request = || at.to(&request_suspension::FUNCTION).json(body.clone()).bearer(&at.one.token);
    let answers = join_all((0..32).map(|_| at.app.call(request()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(at.event_names().await, ["suspension_requested"]);
}

/// Every route in a workspace, to callers outside the staff, from another network, and for a workspace that does not exist.
#[tokio::test]
async fn a_caller_outside_the_staff_or_its_networks_gets_404() {
    let mut at = At::new().await;
    let id = at.requested().await;
    let user = at.app.call(at.approving(&id).bearer(&at.owner.token)).await.expect(404);
    let without = at.app.call(at.approving(&id)).await.expect(404);
    assert_eq!((user.code(), without.code()), ("not_found", "not_found"));
    at.app.configure(|config| {
        let own = config.planes.clone();
        config.planes = Planes::each(|plane| {
            let mut settings = own.settings(*plane).unwrap().clone();
            if plane.has_networks {
                settings.networks = Networks::new(vec!["192.0.2.0/24".parse().unwrap()]).unwrap();
            }
            Ok::<_, ()>(settings)
        })
        .unwrap();
    });
    let from = |ip: &str| at.approving(&id).bearer(&at.other.token).ip(ip);
    at.app.call(from("198.51.100.1")).await.expect(404);
    at.expect_untouched().await;
    let missing: WorkspaceId = at.app.new_id();
    for workspace in [missing.to_string(), "ws_x".to_owned()] {
        let request = Request::to(&request_suspension::FUNCTION).path("workspace_id", workspace).ip("192.0.2.7");
        let body = json!({ "reason": REASON, "ticket": "CASE-1" });
        at.app.call(request.bearer(&at.one.token).json(body)).await.expect(404);
    }
    at.app.call(from("192.0.2.7")).await.expect(204);
}

#[tokio::test]
async fn a_role_without_the_permission_neither_requests_nor_approves_nor_resumes() {
    let at = At::new().await;
    let billing = member(&at.app, &[Billing]).await;
    assert_eq!(at.request(&billing).await.expect(403).code(), "permission_missing");
    let id = at.requested().await;
    for role in [Billing, Support] {
        let member = member(&at.app, &[role]).await;
        assert_eq!(at.approve(&member, &id).await.expect(403).code(), "permission_missing");
        assert_eq!(at.resume(&member).await.expect(403).code(), "permission_missing");
    }
    at.expect_untouched().await;
}
