//! A program writes posts with a token of the workspace, while admins rotate the token, twice at once, or delete it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;
use posts::routes::create_post;
use serde_json::{Value, json};
use shared::testing::{Person, Request};
use workspaces::routes::{create_workspace_token, delete_workspace_token, rotate_workspace_token};

use super::Story;
use super::people::as_owner;
use crate::client::{Client, Outcome};
use crate::deployment::Deployment;
use crate::judge::Tables;

/// How often a secret is asked for, of which the response was lost.
const TRIES: usize = 9;

#[derive(Default)]
pub struct Automating {
    workspace: String,
    token: String,
    /// Whether the token must be deleted. None if that is not known.
    is_deleted: Option<bool>,
    /// The texts that the program wrote, and whether the posts must be there.
    written: Vec<(String, bool)>,
}

/// What the admins do to the token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Both secrets work for a day.
    Overlap,
    /// The secret that worked until now ends at once.
    Replace,
    Delete,
}

impl Story for Automating {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(owner) = client.deployment.owner(client).await else { return };
            self.workspace = owner.workspace.to_string();
            let body = json!({ "name": "Import", "scopes": ["posts:write"], "expires_in_days": 90 });
            let create = Request::to(&create_workspace_token::FUNCTION).header("idempotency-key", &client.unique());
            let created = as_owner(client, &owner, create.json(body)).await;
            if created.status() != 201 {
                return client.fault(&format!(
                    "creating a token returns {}: {}",
                    created.status(),
                    created.response.text
                ));
            }
            self.token = created.text("id");
            let mut secret = created.response.body["token"].as_str().map(ToOwned::to_owned);
            for _ in 0..TRIES {
                // The response that had the secret was lost.
                if secret.is_none() {
                    secret = self.rotate(client, &owner, Change::Replace).await.1;
                }
            }
            let Some(secret) = secret else { return client.fault("every secret of a token was lost") };
            let change = [Change::Overlap, Change::Replace, Change::Delete][client.between(0, 2) as usize];
            let has_begun = AtomicBool::new(false);
            let (program, other) = (client.another("program"), client.another("other admin"));
            let begin = async {
                client.pause_s(0, 20).await;
                has_begun.store(true, Ordering::Relaxed);
                match change {
                    Change::Delete => {
                        (tokio::join!(self.delete(client, &owner), self.delete(&other, &owner)).0, vec![])
                    }
                    change => {
                        let (first, second) =
                            tokio::join!(self.rotate(client, &owner, change), self.rotate(&other, &owner, change));
                        (first.0, vec![first.1, second.1])
                    }
                }
            };
            let write = async {
                let mut written = Vec::new();
                for _ in 0..4 {
                    let text = program.unique();
                    let had_begun = has_begun.load(Ordering::Relaxed);
                    let outcome = self.write(&program, &secret, &text).await;
                    match outcome.status() {
                        201 => written.push((text, true)),
                        // A try before the change may have had its effect.
                        401 if has_begun.load(Ordering::Relaxed) && change != Change::Overlap => {
                            written.push((text, false))
                        }
                        status => program.fault(&format!(
                            "writing by a token (changed: {had_begun}) returns {status}: {}",
                            outcome.response.text
                        )),
                    }
                    program.pause_s(0, 10).await;
                }
                written
            };
            let ((changed, secrets), written) = tokio::join!(begin, write);
            self.written = written;
            let is_done = changed.status() < 300 || changed.status() == 404;
            // Not found: a try before had its effect.
            self.is_deleted = Some(change == Change::Delete && matches!(changed.status(), 204 | 404));
            if change == Change::Overlap {
                // Neither of two rotations at once undoes the other.
                for secret in secrets.into_iter().flatten() {
                    if self.write(&program, &secret, &program.unique()).await.status() != 201 {
                        client.fault("a new secret does not work");
                    }
                }
                return;
            }
            if !is_done {
                return;
            }
            // What is confirmed holds from the next request on.
            if self.write(&program, &secret, &program.unique()).await.status() != 401 {
                client.fault("an ended secret still works");
            }
        })
    }

    fn judge<'a>(&'a self, _deployment: &'a Arc<dyn Deployment>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let (workspace, mut found) = (&self.workspace, Vec::new());
            if self.token.is_empty() {
                return found;
            }
            for (text, must_be) in &self.written {
                let is_one = |post: &&Value| post["text"]["S"] == text.as_str();
                let posts: Vec<_> = tables.entities(workspace, "POST").filter(is_one).collect();
                if posts.len() > 1 || (*must_be && posts.is_empty()) {
                    found.push(format!("{} posts were written by one request of a token", posts.len()));
                }
                if posts.iter().any(|post| post["created_by"]["S"] != self.token.as_str()) {
                    found.push(format!("a post of {} has another author: {posts:?}", self.token));
                }
            }
            let count = tables.entities(workspace, "WORKSPACE_TOKEN").count();
            if self.is_deleted.is_some_and(|is_deleted| is_deleted != (count == 0)) {
                found.push(format!("{count} tokens are left; deleted: {:?}", self.is_deleted));
            }
            let [created, deleted] = ["workspace_token.created", "workspace_token.deleted"]
                .map(|action| tables.audit_entries(workspace, action, &self.token));
            if (created, deleted) != (1, 1 - count.min(1)) {
                found.push(format!("{created} entries of a creation and {deleted} of a deletion; {count} are left"));
            }
            let used = tables.usage(workspace).get("workspace_tokens").copied().unwrap_or_default();
            if used != count as u64 {
                found.push(format!("{used} tokens are counted, of {count}"));
            }
            found
        })
    }
}

impl Automating {
    /// The outcome, and the new secret unless its response was lost.
    async fn rotate(&self, client: &Client, owner: &Person, change: Change) -> (Outcome, Option<String>) {
        let overlap = if change == Change::Overlap { 24 } else { 0 };
        let request = Request::to(&rotate_workspace_token::FUNCTION).path("token_id", &self.token);
        let request = request.header("idempotency-key", &client.unique());
        let body = json!({ "overlap_hours": overlap, "expires_in_days": 90 });
        let outcome = as_owner(client, owner, request.json(body)).await;
        let secret = outcome.response.body["token"].as_str().map(ToOwned::to_owned);
        (outcome, secret)
    }

    async fn write(&self, client: &Client, secret: &str, text: &str) -> Outcome {
        let request = Request::to(&create_post::FUNCTION).bearer(secret).path("workspace_id", &self.workspace);
        let request = request.header("idempotency-key", &client.unique());
        client.send_until_answered(request.json(json!({ "text": text }))).await
    }

    async fn delete(&self, client: &Client, owner: &Person) -> Outcome {
        let request = Request::to(&delete_workspace_token::FUNCTION).path("token_id", &self.token);
        as_owner(client, owner, request).await
    }
}
