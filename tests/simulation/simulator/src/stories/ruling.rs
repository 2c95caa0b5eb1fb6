//! An owner and two admins act at the same time: the admins remove each other, the owner demotes one of them or deletes
//! the workspace, and an invited person joins.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use shared::testing::{Person, Request};
use workspaces::routes::{
    change_member_role, delete_workspace, invite_member, list_members, remove_member, restore_workspace,
    revoke_invitation,
};

use super::Story;
use super::people::{Account, accept, email, invite, newcomer, sign_in};
use crate::client::{Client, Outcome};
use crate::deployment::Deployment;
use crate::judge::Tables;

#[derive(Default)]
pub struct Ruling {
    owner: Option<Person>,
    /// Each invited user, and whether they must be a member. None if that is not known.
    people: Vec<(String, Option<bool>)>,
    /// An address that both admins invited.
    guest: String,
}

impl Story for Ruling {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(owner) = client.deployment.owner(client).await else { return };
            let clients = ["one", "other", "late"].map(|name| client.another(name));
            let [one, other, late] = &clients;
            let (first, second) = tokio::join!(self.joined(client, one, &owner), self.joined(client, other, &owner));
            let (Some(first), Some(second)) = (first, second) else { return };
            let invited = newcomer(late).await;
            let Some((invitation, token)) = invite(client, late, &owner, &invited, "member").await else { return };
            let [first, second, invited] = [
                sign_in(one, &first.email).await,
                sign_in(other, &second.email).await,
                sign_in(late, &invited.email).await,
            ];
            let owner = client.deployment.signed_in_again(client, &owner).await;
            let workspace = owner.workspace.to_string();
            let remove = |by: &Account, user: &str| {
                let request = Request::to(&remove_member::FUNCTION).bearer(&by.access_token);
                request.path("workspace_id", &workspace).path("user_id", user)
            };
            let rule = match client.between(0, 2) {
                0 => Request::to(&delete_workspace::FUNCTION).by(&owner),
                1 => Request::to(&revoke_invitation::FUNCTION).by(&owner).path("invitation_id", &invitation),
                _ => {
                    let change = Request::to(&change_member_role::FUNCTION).by(&owner);
                    change.path("user_id", &first.user).json(json!({ "role": "reviewer" }))
                }
            };
            self.guest = email(client);
            let guest = async |own: &Client, by: &Account| {
                let request = Request::to(&invite_member::FUNCTION).bearer(&by.access_token);
                let request = request.path("workspace_id", &workspace).header("idempotency-key", &own.unique());
                own.send(request.json(json!({ "email": self.guest, "role": "member" }))).await
            };
            let (by_first, by_second, joined, ruled, _, _) = tokio::join!(
                one.send_until_answered(remove(&first, &second.user)),
                other.send_until_answered(remove(&second, &first.user)),
                accept(late, &invited, &token),
                client.send_until_answered(rule),
                guest(&clients[0], &first),
                guest(&clients[1], &second),
            );
            if by_first.status() == 204 && by_second.status() == 204 {
                client.fault("two admins removed each other");
            }
            if ruled.status() == 204 && joined.status() == 200 {
                client.fault("an invitation was accepted, and revoked");
            }
            // Who was refused may not try again: only their role or the trash could refuse them.
            let is_removed = |outcome: &Outcome| match outcome.status() {
                204 => Some(false),
                _ if outcome.is_repeated => None,
                _ => Some(true),
            };
            let is_joined =
                if joined.is_repeated && joined.status() != 200 { None } else { Some(joined.status() == 200) };
            self.people = vec![
                (first.user, is_removed(&by_second)),
                (second.user, is_removed(&by_first)),
                (invited.user, is_joined),
            ];
            if ruled.response.body["restorable_until"].is_string() {
                let owner = client.deployment.signed_in_again(client, &owner).await;
                let read = client.send_until_answered(Request::to(&list_members::FUNCTION).by(&owner)).await;
                if read.status() == 200 {
                    client.fault("a workspace in the trash is read");
                }
                client.send_until_answered(Request::to(&restore_workspace::FUNCTION).by(&owner)).await;
            }
            self.owner = Some(owner);
        })
    }

    fn judge<'a>(&'a self, _deployment: &'a Arc<dyn Deployment>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let Some(owner) = &self.owner else { return Vec::new() };
            let workspace = owner.workspace.to_string();
            let mut found = Vec::new();
            for (user, is_member) in &self.people {
                let count = tables.memberships(&workspace, user);
                let [joined, removed] =
                    ["member.joined", "member.removed"].map(|action| tables.audit_entries(&workspace, action, user));
                if is_member.is_some_and(|is_member| count != usize::from(is_member)) || joined != removed + count {
                    found.push(format!(
                        "{user}: member {is_member:?}, is one {count} times; {joined} joined, {removed} removed"
                    ));
                }
            }
            let members = tables.entities(&workspace, "MEMBER").count();
            let is_pending = |invitation: &&Value| invitation["state"]["M"]["kind"]["S"] == "pending";
            let invited: Vec<_> = tables.entities(&workspace, "INVITATION").filter(is_pending).collect();
            let guests = invited.iter().filter(|invitation| invitation["email"]["S"] == self.guest.as_str()).count();
            if guests > 1 {
                found.push(format!("{} is invited {guests} times", self.guest));
            }
            let pending = invited.len();
            let used = tables.usage(&workspace).get("members").copied().unwrap_or_default();
            if used != (members + pending) as u64 {
                found.push(format!("{used} members are counted, for {members} and {pending} invited"));
            }
            found
        })
    }
}

impl Ruling {
    /// A new user, who was invited as an admin and joined.
    async fn joined(&self, client: &Client, own: &Client, owner: &Person) -> Option<Account> {
        let account = newcomer(own).await;
        let (_, token) = invite(client, own, owner, &account, "admin").await?;
        let account = sign_in(own, &account.email).await;
        let joined = accept(own, &account, &token).await;
        if joined.status() != 200 {
            client.fault(&format!("joining returns {}: {}", joined.status(), joined.response.text));
            return None;
        }
        Some(account)
    }
}
