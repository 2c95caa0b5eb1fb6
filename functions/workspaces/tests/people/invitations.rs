//! Inviting addresses, and using an invitation once.

use futures::future::join_all;
use mail::SendEmail;
use mail::testing::{Waiting, waiting};
use serde_json::{Value, json};
use shared::audit::Actor;
use shared::kernel::time::SignedDuration;
use shared::tenancy::{Changes, Role};
use shared::testing::{Request, Response};
use workspaces::jobs::mail_invitation::MailInvitation;
use workspaces::jobs::{expire_invitations, mail_invitation};
use workspaces::routes::{
    accept_invitation, create_workspace, decline_invitation, get_invitation, invite_member, list_invitations,
    resend_invitation, revoke_invitation,
};

use crate::team::{Known, Team, with_account};

impl Team {
    pub fn inviting(&self, by: &Known, email: &str, role: &str) -> Request {
        self.to(&invite_member::FUNCTION, by).json(json!({ "email": email, "role": role }))
    }

    /// A millisecond after the previous call, so that letters are ordered.
    pub async fn invite(&self, by: &Known, email: &str, role: &str) -> Response {
        self.app.advance(SignedDuration::from_millis(1));
        self.app.call(self.inviting(by, email, role)).await
    }

    /// The letters in the workspace's outbox.
    pub async fn letters(&self) -> Vec<Waiting> {
        let asked = self.app.outbox::<MailInvitation>(&self.owner.person.outbox()).await.unwrap();
        self.app.deliver(&mail_invitation::FUNCTION, &asked).await.unwrap();
        let posted = self.app.outbox::<SendEmail>(&self.owner.person.outbox()).await.unwrap();
        waiting(&self.app, &posted).await.unwrap()
    }

    /// The token of the last letter to an address, as the mail job writes it.
    pub async fn token(&self, email: &str) -> String {
        self.mailed(email).await.expect("a letter")
    }

    /// The same, if there is a letter.
    pub async fn mailed(&self, email: &str) -> Option<String> {
        let letters = self.letters().await;
        let letters = letters.iter().filter(|letter| letter.letter.invitation().is_some());
        let letter = letters.rev().find(|letter| letter.to.as_str() == email)?;
        let token = self.app.invitation_token(letter.letter.invitation()?).await.unwrap();
        Some(token.expose().to_owned())
    }

    /// Invites an address: the id and the token of the invitation.
    pub async fn invited(&self, email: &str, role: &str) -> (String, String) {
        let made = self.invite(&self.owner, email, role).await.expect(201).body;
        (made["id"].as_str().unwrap().to_owned(), self.token(email).await)
    }

    pub fn accepting(&self, by: &Known, token: &str) -> Request {
        Request::to(&accept_invitation::FUNCTION).by(&by.person).json(json!({ "token": token }))
    }

    pub async fn accept(&self, by: &Known, token: &str) -> Response {
        self.app.call(self.accepting(by, token)).await
    }

    pub async fn decline(&self, by: &Known, token: &str) -> Response {
        let body = json!({ "token": token });
        self.app.call(Request::to(&decline_invitation::FUNCTION).by(&by.person).json(body)).await
    }

    pub fn revoking(&self, by: &Known, id: &str) -> Request {
        self.to(&revoke_invitation::FUNCTION, by).path("invitation_id", id)
    }

    pub async fn revoke(&self, id: &str) -> Response {
        self.app.call(self.revoking(&self.owner, id)).await
    }

    pub async fn resend(&self, id: &str) -> Response {
        self.app.advance(SignedDuration::from_millis(1));
        self.app.call(self.to(&resend_invitation::FUNCTION, &self.owner).path("invitation_id", id)).await
    }

    async fn state(&self, id: &str) -> Value {
        let read = self.to(&get_invitation::FUNCTION, &self.owner).path("invitation_id", id);
        self.app.call(read).await.expect(200).body["state"].clone()
    }
}

#[tokio::test]
async fn an_invited_user_joins_with_the_role_and_only_managers_see_the_invitation() {
    let team = Team::new().await;
    let (admin, guest) = (team.member(Role::Admin).await, team.stranger().await);
    let made = team.invite(&admin, &guest.email, "reviewer").await.expect(201);
    assert_eq!((&made.body["email"], &made.body["role"]), (&json!(guest.email), &json!("reviewer")));
    assert_eq!(made.body["invited_by"], json!(admin.person.user));
    let letters = team.letters().await;
    assert_eq!((letters.len(), letters[0].to.as_str()), (1, guest.email.as_str()));
    let list = team.app.call(team.to(&list_invitations::FUNCTION, &admin)).await.expect(200).body;
    assert_eq!(list["items"], json!([made.body]));
    for role in [Role::Member, Role::Reviewer] {
        let refused = team.app.call(team.to(&list_invitations::FUNCTION, &team.member(role).await)).await.expect(403);
        assert_eq!(refused.code(), "permission_missing");
    }
    let joined = team.accept(&guest, &team.token(&guest.email).await).await.expect(200).body;
    assert_eq!((&joined["role"], &joined["name"]), (&json!("reviewer"), &json!("Northwind")));
    team.visit(&guest).await.expect(200);
    assert_eq!(team.state(made.body["id"].as_str().unwrap()).await, "accepted");
    let [sent, joined] = ["invitation.sent", "member.joined"];
    assert_eq!(team.entries(sent).await[0].origin.actor, Actor::User { id: admin.person.user });
    let joined = team.entries(joined).await;
    assert_eq!((joined.len(), &joined[0].origin.actor), (1, &Actor::User { id: guest.person.user }));
    assert!(!format!("{:?}", team.entries(sent).await).contains('@'), "the log names an address");
    team.sound(&[&guest, &admin], "joined").await;
}

#[tokio::test]
async fn an_address_of_a_member_an_owner_or_the_caller_is_refused_by_name() {
    let team = Team::new().await;
    let (admin, member) = (team.member(Role::Admin).await, team.member(Role::Member).await);
    for (email, status, code) in [
        (&admin.email, 409, "invited_yourself"),
        (&team.owner.email, 409, "invited_owner"),
        (&member.email, 409, "invited_member"),
        (&team.app.config().mail_from, 422, "invited_service"),
    ] {
        assert_eq!(team.invite(&admin, email, "member").await.expect(status).code(), code);
        assert_eq!(team.invite(&admin, &email.to_uppercase(), "member").await.expect(status).code(), code);
    }
    for role in ["owner", "boss", ""] {
        let refused = team.invite(&admin, "guest@example.com", role).await.expect(422);
        assert_eq!(
            refused.body["errors"],
            json!([{ "field": "role", "rule": "must be one of reviewer, member, admin" }])
        );
    }
    for email in ["", "x", "a@b@c", "a@localhost", "ada@example.com\r\nbcc: eve@example.com"] {
        assert_eq!(team.invite(&admin, email, "member").await.expect(422).fields(), ["email"], "{email}");
    }
    assert_eq!(team.letters().await.len(), 0);
    assert_eq!(team.invite(&member, "guest@example.com", "member").await.expect(403).code(), "permission_missing");
}

#[tokio::test]
async fn inviting_makes_the_same_calls_and_the_same_response_with_or_without_an_account() {
    let team = Team::new().await;
    let known = team.stranger().await;
    let wire = team.app.wire(&invite_member::FUNCTION);
    let mut seen = Vec::new();
    // The first requests fetch keys and credentials.
    for email in ["a@example.com", "b@example.com", "c@example.com", "unknown@example.com", &known.email] {
        wire.take();
        let answer = team.invite(&team.owner, email, "member").await.expect(201);
        let mut body = answer.body;
        for field in ["id", "email", "created_at", "expires_at"] {
            body.as_object_mut().unwrap().remove(field);
        }
        // Rate limits are leased, whatever the address.
        let mut calls = wire.take();
        calls.retain(|call| call != "DynamoDB.UpdateItem");
        seen.push((calls, body, answer.headers.len()));
    }
    assert_eq!(seen[3], seen[4]);
    team.letters().await;
    let sizes: Vec<_> = team.app.outbox::<SendEmail>(&team.owner.person.outbox()).await.unwrap();
    let sizes: Vec<_> = sizes.iter().map(|posted| posted.envelope.payload.to_string().len()).collect();
    assert!(sizes.iter().all(|size| *size == sizes[0]), "{sizes:?}");
}

#[tokio::test]
async fn an_address_has_one_pending_invitation_until_it_ends() {
    let team = Team::new().await;
    let guest = team.stranger().await;
    let (first, token) = team.invited(&guest.email, "member").await;
    assert_eq!(team.invite(&team.owner, &guest.email, "admin").await.expect(409).code(), "already_invited");
    team.revoke(&first).await.expect(204);
    assert_eq!(team.accept(&guest, &token).await.expect(410).code(), "invitation_revoked");
    assert_eq!(team.revoke(&first).await.expect(410).code(), "invitation_revoked");
    assert_eq!(team.resend(&first).await.expect(410).code(), "invitation_revoked");
    let (second, token) = team.invited(&guest.email, "member").await;
    team.decline(&guest, &token).await.expect(204);
    assert_eq!(team.accept(&guest, &token).await.expect(410).code(), "invitation_used");
    assert_eq!(team.revoke(&second).await.expect(410).code(), "invitation_used");
    let (third, token) = team.invited(&guest.email, "member").await;
    team.accept(&guest, &token).await.expect(200);
    assert_eq!(team.revoke(&third).await.expect(410).code(), "invitation_used");
    assert_eq!(team.decline(&guest, &token).await.expect(410).code(), "invitation_used");
    // A removed member can be invited again.
    team.remove(&team.owner, &guest).await.expect(204);
    assert_eq!(team.accept(&guest, &token).await.expect(410).code(), "invitation_used");
    let (_, token) = team.invited(&guest.email, "reviewer").await;
    team.accept(&guest, &token).await.expect(200);
    team.sound(&[&guest], "invited again").await;
}

#[tokio::test]
async fn an_expired_invitation_is_refused_marked_once_and_replaced() {
    let team = Team::new().await;
    let guest = team.stranger().await;
    let (first, token) = team.invited(&guest.email, "member").await;
    team.app.tick(&expire_invitations::FUNCTION).await.unwrap();
    assert_eq!(team.state(&first).await, "pending");
    team.app.advance(SignedDuration::from_hours(7 * 24));
    let team = team.signed_in_again().await;
    let guest = team.again(&guest).await;
    assert_eq!(team.accept(&guest, &token).await.expect(410).code(), "invitation_expired");
    assert_eq!(team.revoke(&first).await.expect(410).code(), "invitation_expired");
    assert_eq!(team.resend(&first).await.expect(410).code(), "invitation_expired");
    // A new one does not wait for the job, and survives it.
    let (second, token) = team.invited(&guest.email, "member").await;
    for _ in 0..2 {
        team.app.tick(&expire_invitations::FUNCTION).await.unwrap();
        assert_eq!((team.state(&first).await, team.state(&second).await), (json!("expired"), json!("pending")));
    }
    assert_eq!(team.entries("invitation.expired").await.len(), 1);
    assert_eq!(team.invite(&team.owner, &guest.email, "member").await.expect(409).code(), "already_invited");
    team.accept(&guest, &token).await.expect(200);
}

#[tokio::test]
async fn a_resent_invitation_is_valid_for_another_week() {
    let team = Team::new().await;
    let guest = team.stranger().await;
    let (id, first) = team.invited(&guest.email, "member").await;
    team.app.advance(SignedDuration::from_hours(6 * 24));
    let team = team.signed_in_again().await;
    team.resend(&id).await.expect(200);
    let second = team.token(&guest.email).await;
    assert!(first != second);
    team.app.advance(SignedDuration::from_hours(6 * 24));
    let team = team.signed_in_again().await;
    let guest = team.again(&guest).await;
    assert_eq!(team.accept(&guest, &first).await.expect(410).code(), "invitation_expired");
    team.app.tick(&expire_invitations::FUNCTION).await.unwrap();
    team.accept(&guest, &second).await.expect(200);
    assert_eq!(team.accept(&guest, &first).await.code(), "invitation_expired");
}

#[tokio::test]
async fn of_32_concurrent_uses_of_one_invitation_one_makes_a_member() {
    let team = Team::new().await;
    let guest = team.stranger().await;
    let (_, token) = team.invited(&guest.email, "member").await;
    let answers = join_all((0..32).map(|_| team.accept(&guest, &token))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "the same user gets the same response");
    assert_eq!(team.entries("member.joined").await.len(), 1);

    // Several accounts, whose addresses were that of the invitation when they presented it.
    let (_, token) = team.invited("moved@example.com", "member").await;
    let others = join_all((0..32).map(|_| team.stranger())).await;
    for other in &others {
        team.gives_address(other, "moved@example.com").await;
    }
    let answers = join_all(others.iter().map(|other| team.accept(other, &token))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().filter(|answer| answer.status != 200).all(|answer| answer.code() == "invitation_used"));
    assert_eq!(team.entries("member.joined").await.len(), 2);
    team.sound(&others.iter().collect::<Vec<_>>(), "32 at once").await;
}

#[tokio::test]
async fn an_invitation_is_only_for_its_address() {
    let team = Team::new().await;
    let (guest, other) = (team.stranger().await, team.stranger().await);
    let (id, token) = team.invited(&guest.email, "admin").await;
    assert_eq!(team.accept(&other, &token).await.expect(403).code(), "invitation_for_other_address");
    assert_eq!(team.decline(&other, &token).await.expect(403).code(), "invitation_for_other_address");
    assert_eq!(team.accept(&guest, &format!("{token}x")).await.expect(422).code(), "invitation_invalid");
    assert_eq!(team.state(&id).await, "pending");
    // An account that is created afterwards.
    let (_, token) = team.invited("new@example.com", "member").await;
    let newcomer = team.stranger().await;
    team.gives_address(&newcomer, "new@example.com").await;
    team.accept(&newcomer, &token).await.expect(200);
}

#[tokio::test]
async fn a_workspace_sends_100_invitations_a_day() {
    let team = Team::on_plan("scale").await;
    let answers = join_all((0..120).map(|number| team.invite_from_own_address(number))).await;
    let sent = answers.iter().filter(|answer| answer.status == 201).count();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 201).collect();
    assert_eq!((sent, refused.len()), (100, 20));
    assert!(refused.iter().all(|answer| (answer.status, answer.code()) == (429, "too_many_invitations")));
    assert!(refused[0].header("retry-after").parse::<u32>().unwrap() <= 86_400);
    team.app.advance(SignedDuration::from_hours(24));
    let team = team.signed_in_again().await;
    team.invite(&team.owner, "tomorrow@example.com", "member").await.expect(201);
}

#[tokio::test]
async fn an_address_gets_five_invitations_a_day_from_all_workspaces_and_no_one_is_shown_that() {
    let team = Team::new().await;
    let mut mailed = 0;
    for _ in 0..7 {
        let founding = Request::to(&create_workspace::FUNCTION).by(&team.owner.person).json(json!({ "name": "N" }));
        let id = team.app.call(founding).await.expect(201).body["id"].as_str().unwrap().to_owned();
        let body = json!({ "email": "popular@example.com", "role": "member" });
        let request = Request::to(&invite_member::FUNCTION).by(&team.owner.person).path("workspace_id", &id).json(body);
        team.app.call(request).await.expect(201);
        let asked = team.app.outbox::<MailInvitation>(&format!("W#{id}")).await.unwrap();
        team.app.deliver(&mail_invitation::FUNCTION, &asked).await.unwrap();
        mailed += team.app.outbox::<SendEmail>(&format!("W#{id}")).await.unwrap().len();
    }
    assert_eq!(mailed, 5);
    let events = team.app.events_since(team.app.now()).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.name == "letter_withheld").count(), 2);
}

#[tokio::test]
async fn an_invitation_by_a_manager_who_is_removed_first_is_not_committed() {
    let team = Team::new().await;
    let admin = team.member(Role::Admin).await;
    let removal = async {
        team.remove(&team.owner, &admin).await.expect(204);
    };
    let (refused, ran) = team.app.call_while(team.inviting(&admin, "guest@example.com", "member"), removal).await;
    assert!(ran.is_some());
    assert_eq!(refused.expect(409).code(), "modified_concurrently");
    let list = team.app.call(team.to(&list_invitations::FUNCTION, &team.owner)).await.expect(200).body;
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn a_suspended_workspace_is_not_joined() {
    let team = Team::new().await;
    let guest = team.stranger().await;
    let (_, token) = team.invited(&guest.email, "member").await;
    let scope = team.app.scope(team.owner.person.workspace);
    let suspending = scope.directory().await.unwrap().change().suspend();
    suspending.commit(Changes::default().unaudited("a fixture")).await.unwrap();
    assert_eq!(team.accept(&guest, &token).await.expect(403).code(), "workspace_suspended");
}

#[tokio::test]
async fn a_user_joins_at_most_20_workspaces() {
    let team = Team::new().await;
    let guest = with_account(&team.app, team.app.owner().await.unwrap()).await;
    for _ in 1..20 {
        let founding = Request::to(&create_workspace::FUNCTION).by(&guest.person).json(json!({ "name": "N" }));
        team.app.call(founding).await.expect(201);
    }
    let (id, token) = team.invited(&guest.email, "member").await;
    assert_eq!(team.accept(&guest, &token).await.expect(409).code(), "too_many_workspaces");
    assert_eq!(team.state(&id).await, "pending");
}
