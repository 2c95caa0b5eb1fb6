//! An owner invites a person, who joins, and leaves while their role is changed; a third person tries the same link.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::json;
use shared::testing::{Person, Request};
use workspaces::routes::{change_member_role, get_workspace, leave_workspace, list_workspaces};

use super::Story;
use super::people::{Account, accept, invite, newcomer};
use crate::client::Client;
use crate::deployment::Deployment;
use crate::judge::Tables;

#[derive(Default)]
pub struct Teaming {
    owner: Option<Person>,
    /// The invited user, and whether they must be a member. None if that is not known.
    invited: Option<(String, Option<bool>)>,
}

impl Story for Teaming {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(owner) = client.deployment.owner(client).await else { return };
            let (one, third) = (client.another("invited"), client.another("third"));
            let (invited, stranger) = tokio::join!(newcomer(&one), newcomer(&third));
            let Some((_, token)) = invite(client, &one, &owner, &invited, "member").await else { return };
            // A mail may come later than a session's token lasts.
            let invited = super::people::sign_in(&one, &invited.email).await;
            let (accepted, tried) = tokio::join!(accept(&one, &invited, &token), accept(&third, &stranger, &token));
            if tried.status() == 200 {
                client.fault("a stranger joined by the link of another person");
            }
            if accepted.status() != 200 {
                client.fault(&format!("joining returns {}: {}", accepted.status(), accepted.response.text));
            }
            let owner = client.deployment.signed_in_again(client, &owner).await;
            let mut is_member = Some(accepted.status() == 200);
            if client.once_in(2) {
                let workspace = owner.workspace.to_string();
                let leave = Request::to(&leave_workspace::FUNCTION).bearer(&invited.access_token);
                let change = Request::to(&change_member_role::FUNCTION).by(&owner).path("user_id", &invited.user);
                let (left, _) = tokio::join!(
                    one.send_until_answered(leave.path("workspace_id", &workspace)),
                    client.send(change.json(json!({ "role": "reviewer" })))
                );
                is_member = match left.status() {
                    204 => Some(false),
                    _ if left.is_repeated => None,
                    _ => is_member,
                };
                if left.status() == 204 {
                    let read = Request::to(&get_workspace::FUNCTION).bearer(&invited.access_token);
                    let read = one.send_until_answered(read.path("workspace_id", &workspace)).await;
                    if read.status() == 200 {
                        client.fault("a person who left still reads the workspace");
                    }
                }
            }
            self.listed(&one, &invited, &owner, is_member).await;
            self.invited = Some((invited.user, is_member));
            self.owner = Some(owner);
        })
    }

    fn judge<'a>(&'a self, _deployment: &'a Arc<dyn Deployment>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let (Some(owner), Some((user, is_member))) = (&self.owner, &self.invited) else { return Vec::new() };
            let workspace = owner.workspace.to_string();
            let count = tables.memberships(&workspace, user);
            let joined = tables.audit_entries(&workspace, "member.joined", user);
            let left = tables.audit_entries(&workspace, "member.left", user);
            let is_right = is_member.is_none_or(|is_member| count == usize::from(is_member)) && joined == left + count;
            let found = format!("{user}: member {is_member:?}, stored {count} times; {joined} joined, {left} left");
            if is_right { Vec::new() } else { vec![found] }
        })
    }
}

impl Teaming {
    /// The user's own list agrees.
    async fn listed(&self, client: &Client, user: &Account, owner: &Person, is_member: Option<bool>) {
        let list = Request::to(&list_workspaces::FUNCTION).bearer(&user.access_token);
        let listed = client.send_until_answered(list).await.response.body["items"].clone();
        let workspace = owner.workspace.to_string();
        let is_listed = listed.as_array().into_iter().flatten().any(|item| item["id"] == workspace.as_str());
        if is_member.is_some_and(|is_member| is_member != is_listed) {
            client.fault(&format!("member {is_member:?}, listed {is_listed}"));
        }
    }
}
