//! A member of the staff enters a workspace and reads it, while its owner ends the session twice at once, or the operator revokes
//! the member.

use std::sync::Arc;

use accounts::PersonName;
use futures::future::BoxFuture;
use override_sessions::routes::{end_override_session, open_override_session};
use posts::routes::list_posts;
use serde_json::json;
use shared::identity::{AccountChanges, StaffRole};
use shared::testing::{Request, StaffMember as Member};
use staff::member::StaffMember;

use super::Story;
use super::people::{as_owner, email};
use crate::client::{Client, Outcome};
use crate::deployment::Deployment;
use crate::judge::Tables;
use crate::region::Region;

#[derive(Default)]
pub struct Entering {
    workspace: String,
    session: String,
    /// The reads that were answered.
    reads: usize,
    /// Whether the owner's end of the session was confirmed.
    is_ended: bool,
}

impl Story for Entering {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(owner) = client.deployment.owner(client).await else { return };
            let Some(region) = client.deployment.region() else { return };
            self.workspace = owner.workspace.to_string();
            let Some(member) = granted(client, &region).await else { return };
            let about = json!({ "reason": "A post is not published.", "ticket": client.unique(), "minutes": 60 });
            let open = Request::to(&open_override_session::FUNCTION).path("workspace_id", owner.workspace);
            let opened = client.send_until_answered(open.bearer(&member.token).json(about)).await;
            if opened.status() != 201 {
                return client.fault(&format!("opening returns {}: {}", opened.status(), opened.response.text));
            }
            let body = &opened.response.body;
            let (Some(session), Some(token)) = (body["session"]["id"].as_str(), body["token"].as_str()) else {
                return client.fault(&format!("an opened session lacks its token: {}", opened.response.text));
            };
            self.session = session.to_owned();
            let (inside, other, is_revoked) = (client.another("inside"), client.another("other"), client.once_in(3));
            let end = async {
                client.pause_s(0, 20).await;
                if is_revoked {
                    return region.app.set_staff(member.id, 2, &[StaffRole::Support]).await.is_ok();
                }
                let end = Request::to(&end_override_session::FUNCTION).path("override_session_id", session);
                let (first, second) =
                    tokio::join!(as_owner(client, &owner, end.clone()), as_owner(&other, &owner, end));
                first.status() == 204 || second.status() == 204
            };
            let read = async {
                let mut reads = 0;
                for _ in 0..4 {
                    let outcome = self.read(&inside, token).await;
                    match outcome.status() {
                        200 => reads += 1,
                        401 => {}
                        status => inside.fault(&format!("reading returns {status}: {}", outcome.response.text)),
                    }
                    inside.pause_s(0, 10).await;
                }
                reads
            };
            let (is_over, reads) = tokio::join!(end, read);
            self.reads = reads;
            self.is_ended = is_over && !is_revoked;
            if is_over && self.read(&inside, token).await.status() != 401 {
                client.fault("an ended session still reads");
            }
        })
    }

    fn judge<'a>(&'a self, _deployment: &'a Arc<dyn Deployment>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            if self.session.is_empty() {
                return Vec::new();
            }
            let count = |action: &str| tables.audit_entries(&self.workspace, action, &self.session);
            let [opened, used, ended, expired] =
                ["opened", "used", "ended", "expired"].map(|end| count(&format!("override_session.{end}")));
            let ends_once = ended + expired <= 1 && (ended == 1 || !self.is_ended);
            let is_right = opened == 1 && used >= self.reads && ends_once;
            let found = format!(
                "{opened} beginnings, {used} uses, {ended} ends and {expired} expiries in the audit log, for {} reads; ended: {}",
                self.reads, self.is_ended
            );
            if is_right { Vec::new() } else { vec![found] }
        })
    }
}

impl Entering {
    async fn read(&self, client: &Client, token: &str) -> Outcome {
        let request = Request::to(&list_posts::FUNCTION).bearer(token).path("workspace_id", &self.workspace);
        client.send_until_answered(request).await
    }
}

/// A member of the staff who has just signed in.
async fn granted(client: &Client, region: &Region) -> Option<Member> {
    let member = region.app.staff(&[StaffRole::Support], Some(region.app.now())).await.ok()?;
    let (email, name) = (email(client).parse().ok()?, PersonName::parse("Grace Hopper").ok()?);
    let granted_at = region.app.now();
    let record = StaffMember { id: member.id, email, name, enrolment: None, granted_at, revoked_at: None };
    region.app.accounts().commit(AccountChanges::default().insert(&record)).await.ok()?;
    Some(member)
}
