//! A stranger asks for many letters to one address at once: it gets five in an hour.

use std::collections::BTreeSet;
use std::sync::Arc;

use accounts::routes::register;
use futures::future::{BoxFuture, join_all};
use serde_json::json;

use super::Story;
use super::people::{email, post};
use crate::client::Client;
use crate::deployment::Deployment;
use crate::judge::Tables;

const AT_ONCE: usize = 8;
const IN_AN_HOUR: usize = 5;

#[derive(Default)]
pub struct Asking {
    email: String,
}

impl Story for Asking {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.email = email(client);
            let asking = (0..AT_ONCE).map(async |number| {
                let stranger = client.another(&number.to_string());
                stranger.pause_s(0, 1).await;
                stranger.send(post(&register::FUNCTION, json!({ "email": self.email }))).await
            });
            let answers = join_all(asking).await;
            let refused = answers.iter().flatten().find(|answer| answer.status != 202 && answer.status < 500);
            if let Some(refused) = refused {
                client.fault(&format!("a registration returns {}: {}", refused.status, refused.text));
            }
        })
    }

    fn judge<'a>(&'a self, deployment: &'a Arc<dyn Deployment>, _tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            // A mail that was sent twice because of a fault is one letter.
            let mails = deployment.mails_to(&self.email).await;
            let letters: BTreeSet<_> = mails.iter().map(|mail| &mail.text).collect();
            let is_right = letters.len() <= IN_AN_HOUR;
            if is_right { Vec::new() } else { vec![format!("{} letters at once", letters.len())] }
        })
    }
}
