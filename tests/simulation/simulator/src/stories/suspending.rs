//! One member of the staff requests that a workspace is suspended; two others approve it at once, while the first withdraws it.
//! Then it is resumed, and the next request follows.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::json;
use shared::function::Function;
use shared::identity::StaffRole::{self, Admin, Security, Support};
use shared::kernel::ids::WorkspaceId;
use shared::testing::{Person, Request};
use staff::routes::{
    get_suspension_request, request_suspension, resume_workspace, suspend_workspace, withdraw_suspension_request,
};
use workspaces::routes::list_members;

use super::Story;
use super::people::expect;
use crate::client::{Client, Outcome};
use crate::deployment::Deployment;
use crate::judge::Tables;

#[derive(Default)]
pub struct Suspending {
    workspace: Option<WorkspaceId>,
    /// Requests that were made and not withdrawn, as far as the client knows.
    open: usize,
    /// Approvals and resumptions that were confirmed.
    suspended: usize,
    resumed: usize,
}

/// A request of a member of the staff, who has just signed in: a session lasts for an hour.
async fn send(client: &Client, role: StaffRole, request: Request) -> Option<Outcome> {
    let region = client.deployment.region()?;
    let member = region.app.staff(&[role], Some(region.app.now())).await.ok()?;
    Some(client.send_until_answered(request.bearer(&member.token)).await)
}

impl Story for Suspending {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(owner) = client.deployment.owner(client).await else { return };
            self.workspace = Some(owner.workspace);
            let clients = ["one", "other", "third"].map(|name| client.another(name));
            for _ in 0..client.between(1, 3) {
                if self.round(client, &clients, &owner).await.is_none() {
                    return;
                }
            }
        })
    }

    fn judge<'a>(&'a self, _deployment: &'a Arc<dyn Deployment>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let Some(workspace) = self.workspace.map(|workspace| workspace.to_string()) else { return Vec::new() };
            let count = |action| tables.audit_entries(&workspace, action, &workspace);
            let (suspended, resumed) = (count("workspace.suspended"), count("workspace.resumed"));
            let is_right = (self.suspended..=self.open).contains(&suspended)
                && resumed >= self.resumed
                && (suspended == resumed || suspended == resumed + 1);
            let found = format!(
                "{suspended} suspensions and {resumed} ends in the audit log, for {} requests that were not withdrawn, {} and {} confirmed",
                self.open, self.suspended, self.resumed
            );
            if is_right { Vec::new() } else { vec![found] }
        })
    }
}

impl Suspending {
    /// None if the story cannot go on.
    async fn round(&mut self, client: &Client, [one, other, third]: &[Client; 3], owner: &Person) -> Option<()> {
        let to = |route: &'static Function| Request::to(route).path("workspace_id", owner.workspace);
        let asking = to(&request_suspension::FUNCTION).json(json!({ "reason": "Phishing", "ticket": client.unique() }));
        let asked = send(client, Support, asking).await?;
        let id = match asked.status() {
            200 => asked.text("id"),
            // An earlier try was heard.
            409 if asked.is_repeated => send(client, Support, to(&get_suspension_request::FUNCTION)).await?.text("id"),
            status => {
                client.fault(&format!("a request returns {status}: {}", asked.response.text));
                return None;
            }
        };
        let approve = || to(&suspend_workspace::FUNCTION).json(json!({ "request_id": id }));
        let is_withdrawn = client.once_in(2);
        let withdraw = async {
            if !is_withdrawn {
                return None;
            }
            send(third, Support, to(&withdraw_suspension_request::FUNCTION)).await
        };
        let (by_one, by_other, withdrawn) =
            tokio::join!(send(one, Security, approve()), send(other, Admin, approve()), withdraw);
        let (by_one, by_other) = (by_one?, by_other?);
        let confirmed = [&by_one, &by_other].iter().filter(|outcome| outcome.status() == 204).count();
        let was_withdrawn = withdrawn.is_some_and(|outcome| outcome.status() == 204);
        if confirmed > 1 {
            client.fault("two members approved one request");
        }
        if confirmed > 0 && was_withdrawn {
            client.fault("a request was approved, and withdrawn");
        }
        self.suspended += confirmed;
        self.open += usize::from(!was_withdrawn);
        let owner = client.deployment.signed_in_again(client, owner).await;
        let read = client.send_until_answered(Request::to(&list_members::FUNCTION).by(&owner)).await;
        let is_suspended = read.code() == "workspace_suspended";
        // An approval or withdrawal whose response was lost may have been the one that took effect.
        if (is_suspended && was_withdrawn) || (confirmed > 0 && !is_suspended) {
            client.fault(&format!("suspended: {is_suspended}, withdrawn: {was_withdrawn}, {confirmed} approved"));
        }
        if is_suspended {
            self.resume(client, to(&resume_workspace::FUNCTION)).await?;
            expect(client, Request::to(&list_members::FUNCTION).by(&owner), 200).await;
        }
        Some(())
    }

    async fn resume(&mut self, client: &Client, request: Request) -> Option<()> {
        let resumed = send(client, Security, request.json(json!({ "reason": "It was a mistake" }))).await?;
        match resumed.status() {
            204 => self.resumed += 1,
            409 if resumed.is_repeated => {}
            status => client.fault(&format!("resuming returns {status}: {}", resumed.response.text)),
        }
        Some(())
    }
}
