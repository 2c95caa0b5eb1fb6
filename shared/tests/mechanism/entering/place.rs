//! A workspace whose memberships a test changes, and their invariants.

use serde_json::json;
use shared::audit::AuditEntry;
use shared::identity::{Handover, Invitation, InvitationState};
use shared::kernel::ids::UserId;
use shared::kernel::secrets::SecretText;
use shared::table::Stored;
use shared::tenancy::{AssignableRole, Changes, Page, Role, Tenant};
use shared::testing::{Person, Request, Response, TestApp};

use super::routes::{ACCEPT, CHANGE_ROLE, DECLINE, JOIN, LEAVE, OFFER, REMOVE};

pub const ADDRESS: &str = "ada@example.com";

pub struct Place {
    pub app: TestApp,
    pub owner: Person,
}

/// An invitation and its token.
pub struct Sent {
    pub invitation: Invitation,
    pub token: SecretText,
}

impl Place {
    pub async fn new() -> Self {
        let app = TestApp::new();
        let owner = app.owner().await.unwrap();
        Self { app, owner }
    }

    pub fn scope(&self) -> Tenant {
        self.app.scope(self.owner.workspace)
    }

    /// The owner of another workspace.
    pub async fn stranger(&self) -> Person {
        self.app.owner().await.unwrap()
    }

    pub async fn member(&self, role: Role) -> Person {
        self.app.join(self.owner.workspace, role).await.unwrap()
    }

    pub async fn invite(&self, role: AssignableRole) -> Sent {
        let scope = self.scope();
        let invitation = Invitation::new(&scope, ADDRESS, role, self.owner.user);
        scope.commit(Changes::default().insert(&invitation).unaudited("a fixture")).await.unwrap();
        let token = self.app.invitation_token(&invitation.claim(scope.id())).await.unwrap();
        Sent { invitation, token }
    }

    pub async fn stored(&self, sent: &Sent) -> Stored<Invitation> {
        self.scope().get::<Invitation>(&sent.invitation.id).await.unwrap()
    }

    pub async fn state(&self, sent: &Sent) -> InvitationState {
        self.stored(sent).await.state.clone()
    }

    pub async fn revoke(&self, sent: &Sent) {
        let mut invitation = self.stored(sent).await;
        invitation.revoke(self.app.now()).unwrap();
        self.scope().commit(Changes::default().replace(&invitation).unaudited("a fixture")).await.unwrap();
    }

    pub fn joining(&self, person: &Person, sent: &Sent) -> Request {
        self.joining_with(person, sent.token.expose(), ADDRESS)
    }

    pub fn joining_with(&self, person: &Person, token: &str, address: &str) -> Request {
        Request::to(&JOIN).by(person).json(json!({ "token": token, "address": address }))
    }

    pub async fn join(&self, person: &Person, sent: &Sent) -> Response {
        self.app.call(self.joining(person, sent)).await
    }

    pub async fn decline(&self, person: &Person, sent: &Sent) -> Response {
        let body = json!({ "token": sent.token.expose(), "address": ADDRESS });
        self.app.call(Request::to(&DECLINE).by(person).json(body)).await
    }

    /// A person's request to a route of this workspace.
    fn here(&self, request: Request, person: &Person) -> Request {
        request.by(person).path("workspace_id", self.owner.workspace)
    }

    pub fn leaving(&self, person: &Person) -> Request {
        self.here(Request::to(&LEAVE), person).json(json!({}))
    }

    pub async fn leave(&self, person: &Person) -> Response {
        self.app.call(self.leaving(person)).await
    }

    pub async fn remove(&self, person: &Person, user: UserId) -> Response {
        self.app.call(self.here(Request::to(&REMOVE), person).path("user_id", user)).await
    }

    pub async fn change_role(&self, person: &Person, user: UserId, role: &str) -> Response {
        let request = self.here(Request::to(&CHANGE_ROLE), person).path("user_id", user);
        self.app.call(request.json(json!({ "role": role }))).await
    }

    pub async fn offer(&self, person: &Person, user: UserId, handover: Handover) -> Response {
        let body = json!({ "user_id": user, "handover": handover });
        self.app.call(self.here(Request::to(&OFFER), person).json(body)).await
    }

    pub fn accepting(&self, person: &Person, offered_to: UserId) -> Request {
        self.here(Request::to(&ACCEPT), person).json(json!({ "user_id": offered_to }))
    }

    pub async fn accept(&self, person: &Person) -> Response {
        self.app.call(self.accepting(person, person.user)).await
    }

    /// Another owner.
    pub async fn second_owner(&self) -> Person {
        let person = self.member(Role::Admin).await;
        self.offer(&self.owner, person.user, Handover::Share).await.expect(204);
        self.accept(&person).await.expect(204);
        person
    }

    pub async fn entries(&self, action: &str) -> Vec<AuditEntry> {
        let page = Page { limit: 100, cursor: None, newest_first: false };
        let entries = self.scope().audit_entries(&page).await.unwrap().items;
        entries.into_iter().filter(|entry| entry.action == action).collect()
    }

    pub async fn role(&self, person: &Person) -> Option<Role> {
        self.app.roster(self.owner.workspace).await.unwrap().proofs.get(&person.user).copied()
    }

    /// Asserts the invariants: the items of each membership agree, and the number of owners is correct and at least one.
    pub async fn sound(&self, people: &[&Person], context: &str) {
        let roster = self.app.roster(self.owner.workspace).await.unwrap();
        assert_eq!(roster.proofs, roster.members, "{context}");
        let owners = roster.proofs.values().filter(|role| **role == Role::Owner).count();
        assert_eq!(usize::try_from(roster.owners).unwrap(), owners, "{context}: {roster:?}");
        assert!(owners >= 1, "{context}: no owner is left: {roster:?}");
        for person in people {
            let is_listed = self.app.listed(person.user).await.unwrap().contains(&self.owner.workspace);
            assert_eq!(is_listed, roster.proofs.contains_key(&person.user), "{context}: {}", person.user);
        }
    }
}
