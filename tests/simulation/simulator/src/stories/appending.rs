//! Two authors add words to one draft, each to the version that they read: no word is lost, and none is there twice. Then
//! one deletes it while the other goes on: what is in the trash has every word that was confirmed.

use std::sync::Arc;

use futures::future::BoxFuture;
use posts::routes::{create_post, delete_post, get_post, update_post};
use serde_json::json;
use shared::function::Function;
use shared::testing::{Person, Request};

use super::Story;
use super::people::expect;
use crate::client::Client;
use crate::deployment::Deployment;
use crate::judge::Tables;

/// An author tries again after another one was faster, or a response was lost.
const MOST_TRIES: usize = 60;

#[derive(Default)]
pub struct Appending {
    draft: Option<Draft>,
    /// The words that the deleted draft must have.
    confirmed: Vec<String>,
}

impl Story for Appending {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(person) = client.deployment.owner(client).await else { return };
            let request = Request::to(&create_post::FUNCTION).by(&person).json(json!({ "text": "Words:" }));
            let created = expect(client, request.header("idempotency-key", &client.unique()), 201).await;
            let draft = Draft { person, id: created.text("id") };
            let write = async |name: &str| {
                let author = client.another(name);
                let words: Vec<String> = (0..author.between(1, 3)).map(|_| author.unique()).collect();
                for word in &words {
                    draft.append(&author, word).await;
                    author.pause_s(0, 2).await;
                }
                words
            };
            let (one, other) = tokio::join!(write("one"), write("other"));
            let text = expect(client, draft.request(&get_post::FUNCTION, client).await, 200).await.text("text");
            for word in one.iter().chain(&other) {
                let count = text.matches(word.as_str()).count();
                if count != 1 {
                    client.fault(&format!("{word} is there {count} times: {text}"));
                }
            }
            self.confirmed = [one, other].concat();
            let word = client.unique();
            let deleting = async {
                let delete = draft.request(&delete_post::FUNCTION, client).await;
                client.send_until_answered(delete).await
            };
            let editing = async {
                let author = client.another("last");
                let body = json!({ "text": format!("{text} {word}") });
                author.send(draft.request(&update_post::FUNCTION, &author).await.json(body)).await
            };
            let (deleted, edited) = tokio::join!(deleting, editing);
            if edited.is_some_and(|answer| answer.status == 200) {
                self.confirmed.push(word);
            }
            if deleted.status() == 204 {
                self.draft = Some(draft);
            }
        })
    }

    fn judge<'a>(&'a self, _deployment: &'a Arc<dyn Deployment>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let Some(draft) = &self.draft else { return Vec::new() };
            let workspace = draft.person.workspace.to_string();
            let mut trashed = tables.entities(&workspace, "TRASHED_POST");
            let text = trashed.find_map(|trashed| trashed["post"]["M"]["text"]["S"].as_str()).unwrap_or_default();
            let missing = self.confirmed.iter().filter(|word| !text.contains(word.as_str()));
            missing.map(|word| format!("{word} is missing in the trash: {text}")).collect()
        })
    }
}

struct Draft {
    person: Person,
    id: String,
}

impl Draft {
    async fn request(&self, function: &'static Function, client: &Client) -> Request {
        let person = client.deployment.signed_in_again(client, &self.person).await;
        Request::to(function).by(&person).path("post_id", &self.id)
    }

    async fn append(&self, author: &Client, word: &str) {
        for _ in 0..MOST_TRIES {
            let read = expect(author, self.request(&get_post::FUNCTION, author).await, 200).await;
            let text = read.text("text");
            if text.contains(word) {
                return;
            }
            let body = json!({ "text": format!("{text} {word}") });
            let update = self.request(&update_post::FUNCTION, author).await.json(body);
            let update = update.header("if-match", read.response.header("etag"));
            match author.send(update).await {
                Some(answer) if answer.status == 200 => return,
                Some(answer) if answer.status < 500 && !matches!(answer.status, 409 | 412 | 429) => {
                    author.fault(&format!("an edit returns {}: {}", answer.status, answer.text));
                    return;
                }
                _ => author.pause_s(0, 3).await,
            }
        }
        author.fault("an edit is refused each time");
    }
}
