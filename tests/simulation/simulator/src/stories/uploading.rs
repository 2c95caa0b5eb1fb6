//! Pictures that are declared, uploaded and completed, each once, and counted exactly.

use std::sync::Arc;

use futures::future::BoxFuture;
use media::media::Sha256;
use media::routes::{complete_upload, create_upload, get_media};
use serde_json::json;
use shared::testing::{Person, Request, Response};
use test_support::picture;

use super::Story;
use super::people::expect;
use crate::client::Client;
use crate::deployment::Deployment;
use crate::judge::Tables;

const COUNTER: &str = "storage_bytes";

#[derive(Default)]
pub struct Uploading {
    person: Option<Person>,
    stored_bytes: u64,
}

impl Story for Uploading {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(person) = client.deployment.owner(client).await else { return };
            for _ in 0..client.between(1, 3) {
                self.upload(client, &person).await;
                client.pause_s(0, 30).await;
            }
            self.person = Some(person);
        })
    }

    fn judge<'a>(&'a self, _deployment: &'a Arc<dyn Deployment>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let Some(person) = &self.person else { return Vec::new() };
            let used = tables.usage(&person.workspace.to_string()).get(COUNTER).copied().unwrap_or_default();
            let found = format!("{used} bytes are counted, for {}", self.stored_bytes);
            if used == self.stored_bytes { Vec::new() } else { vec![found] }
        })
    }
}

impl Uploading {
    async fn upload(&mut self, client: &Client, person: &Person) {
        let file = picture::dot();
        let body = json!({ "size_bytes": file.len(), "sha256": Sha256::of(&file), "alt_text": "A dot" });
        let request = Request::to(&create_upload::FUNCTION).by(person).json(body);
        let outcome = expect(client, request.header("idempotency-key", &client.unique()), 201).await;
        let id = outcome.response.body["media"]["id"].as_str().unwrap_or_default().to_owned();
        let sent = client.deployment.upload(&outcome.response.body["upload"], file).await;
        let sent = sent.unwrap_or_else(Response::none);
        if sent.status != 200 {
            client.fault(&format!("the signed upload returns {}: {}", sent.status, sent.text));
            return;
        }
        // Twice at once: a picture is counted once.
        let complete = || Request::to(&complete_upload::FUNCTION).by(person).path("media_id", &id);
        let again = client.another("again");
        tokio::join!(expect(client, complete(), 200), again.send(complete()));
        let shown = expect(client, Request::to(&get_media::FUNCTION).by(person).path("media_id", &id), 200).await;
        self.stored_bytes += shown.response.body["picture"]["size_bytes"].as_u64().unwrap_or_default();
    }
}
