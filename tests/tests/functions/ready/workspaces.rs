//! What the functions of workspaces need.

use profiles::reminded::Reminded;
use serde_json::{Value, json};
use shared::identity::Invitation;
use shared::kernel::ids::UserId;
use shared::tenancy::{Changes, Role};
use workspaces::jobs::mail_invitation::{self, MailInvitation};
use workspaces::routes::{create_workspace, create_workspace_token, delete_workspace, invite_member, offer_ownership};
use workspaces::workspace_token::WorkspaceToken;

use crate::cloud;
use crate::person::claim;
use crate::place::{Account, Place, World, text};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_workspaces(&self, function: &str, place: &Place, ready: Filling) -> Filling {
        match function {
            "update-security" => {
                self.prove_second_factor(&place.owner.token).await;
                ready
            }
            "change-member-role" | "remove-member" => ready.with("user_id", self.member(place, Role::Member).await.0),
            "invite-member" => ready.with("invited_email", self.email()),
            "get-invitation" | "resend-invitation" | "revoke-invitation" => {
                ready.with("invitation_id", self.invited(place, &self.email()).await)
            }
            "accept-invitation" | "decline-invitation" => {
                let ready = self.as_someone(ready).await;
                self.invited(place, ready.get("email")).await;
                let outbox = place.owner.outbox();
                let asked = self.app.outbox::<MailInvitation>(&outbox).await.unwrap();
                self.app.deliver(&mail_invitation::FUNCTION, &asked[asked.len() - 1..]).await.unwrap();
                self.post_letters_of(&outbox).await;
                let token = cloud::mailed_token(&self.app, ready.get("email"));
                ready.with("invitation_token", token)
            }
            "mail-invitation" => ready.with("invitation_id", self.invited(place, &self.email()).await),
            "expire-invitations" => {
                // A week would end every other session here.
                let id = self.invited(place, &self.email()).await.parse().unwrap();
                let scope = self.app.scope(place.owner.workspace);
                let mut invitation = scope.get::<Invitation>(&id).await.unwrap();
                invitation.expires_at = self.app.now();
                scope.commit(Changes::default().replace(&invitation).unaudited("a fixture")).await.unwrap();
                ready
            }
            "create-workspace-token" => {
                self.prove_second_factor(&place.owner.token).await;
                ready
            }
            "rotate-workspace-token" | "delete-workspace-token" => {
                self.prove_second_factor(&place.owner.token).await;
                ready.with("token_id", self.workspace_token(place).await)
            }
            "expire-workspace-tokens" => {
                let now = self.app.now();
                self.change_token(place, |token| token.expires_at = now).await;
                ready
            }
            "remind-expiring-workspace-tokens" => {
                self.change_token(place, |token| token.reminded = Reminded::default()).await;
                ready
            }
            "report-inactive-members" => self.and_wait(ready, 61 * 24),
            "offer-ownership" => {
                self.prove_second_factor(&place.owner.token).await;
                ready.with("user_id", self.member(place, Role::Member).await.0)
            }
            "withdraw-ownership-offer" => ready.with("user_id", self.offered(place).await.0),
            "accept-ownership" => {
                let (_, token) = self.offered(place).await;
                self.prove_second_factor(&token).await;
                ready.with("token", token)
            }
            "delete-workspace" => self.founded(ready).await,
            "restore-workspace" => {
                let ready = self.founded(ready).await;
                self.call(&delete_workspace::FUNCTION, ready.get("token"), &ready, Value::Null).await;
                ready
            }
            "leave-workspace" => ready.with("token", self.member(place, Role::Member).await.1),
            _ => ready,
        }
    }

    /// A new user who owns a new workspace.
    pub async fn founded(&self, ready: Filling) -> Filling {
        let ready = self.as_someone(ready).await;
        let (token, body) = (ready.get("token").to_owned(), json!({ "name": "Northwind Studio" }));
        let made = self.call(&create_workspace::FUNCTION, &token, &Filling::default(), body).await;
        self.prove_second_factor(&token).await;
        ready.with("workspace_id", text(&made["id"]))
    }

    /// A new member, to whom the ownership was offered.
    pub async fn offered(&self, place: &Place) -> (UserId, String) {
        let (user, token) = self.member(place, Role::Admin).await;
        self.prove_second_factor(&place.owner.token).await;
        let path = place.filling.clone().with("user_id", user);
        self.call(&offer_ownership::FUNCTION, &place.owner.token, &path, json!({ "handover": "share" })).await;
        (user, token)
    }

    /// The id of a new invitation to an address.
    pub async fn invited(&self, place: &Place, email: &str) -> String {
        let body = json!({ "email": email, "role": "member" });
        let token = &place.owner.token;
        text(&self.call(&invite_member::FUNCTION, token, &place.filling, body).await["id"])
    }

    /// The id of a new token of the workspace, whose lifetime is too short for reminders.
    pub async fn workspace_token(&self, place: &Place) -> String {
        let body = json!({ "name": "Import", "scopes": ["posts:write"], "expires_in_days": 1 });
        let token = &place.owner.token;
        text(&self.call(&create_workspace_token::FUNCTION, token, &place.filling, body).await["id"])
    }

    /// Changes the record of a new token.
    async fn change_token(&self, place: &Place, change: impl FnOnce(&mut WorkspaceToken)) {
        self.prove_second_factor(&place.owner.token).await;
        let id = self.workspace_token(place).await.parse().unwrap();
        let scope = self.app.scope(place.owner.workspace);
        let mut token = scope.get::<WorkspaceToken>(&id).await.unwrap();
        change(&mut token);
        scope.commit(Changes::default().replace(&token).unaudited("a fixture")).await.unwrap();
    }

    /// A new user who is a member: the id and the access token.
    pub async fn member(&self, place: &Place, role: Role) -> (UserId, String) {
        let Account { tokens, .. } = self.account().await;
        let token = text(&tokens["access_token"]);
        let user = claim(&token, "sub").parse().unwrap();
        self.app.add_member(place.owner.workspace, user, role).await.unwrap();
        (user, token)
    }
}
