//! Publishing on Mastodon: a status under a key by which the server recognises a repeat for an hour.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared::crypto::digest::{hex, sha256};
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::tenancy::Scope;
use std::time::Duration;
use url::Url;

use super::api::{Client, MediaAnswer, Number, PAGE, StatusAnswer};
use super::options::MastodonOptions;
use super::{CLIENT_NAME, Mastodon, account_number};
use crate::call::{CallError, Meaning, Refusal};
use crate::channel::Channel;
use crate::disconnection::{not_uploaded, unread, unsent};
use crate::publishing::{Outgoing, Picture, PublishError, Published};
use crate::renewal::access;

/// How often a picture that the server is still processing is asked for, and how long between.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// How far the server's clock may be behind ours.
const CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_secs(5);
/// The most pages of statuses that are searched: 200 statuses since the post was sent.
const MOST_PAGES: usize = 5;

/// A status to write.
#[derive(Serialize, Deserialize)]
#[serde(tag = "version", rename_all = "snake_case")]
pub enum Request {
    /// Without options, as releases stored it before there were any.
    V1(NewStatus),
    V2(NewStatus),
}

#[derive(Serialize, Deserialize)]
pub struct NewStatus {
    idempotency_key: String,
    text: String,
    media_ids: Vec<Number>,
    #[serde(default)]
    options: MastodonOptions,
}

impl Request {
    fn status(&self) -> &NewStatus {
        let (Self::V1(status) | Self::V2(status)) = self;
        status
    }
}

impl NewStatus {
    fn parameters(&self) -> Map<String, Value> {
        let mut parameters = Map::new();
        parameters.insert("status".to_owned(), json!(self.text));
        parameters.insert("media_ids".to_owned(), json!(self.media_ids));
        self.options.apply(&mut parameters);
        parameters
    }
}

/// A text as the server keeps it: it removes what Ruby's `strip` does (`Status#prepare_contents`), so that a status is
/// recognised by exactly this text.
pub fn stripped(text: &str) -> &str {
    text.trim_matches(|end: char| matches!(end, '\0' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' '))
}

pub async fn prepare(
    scope: &Scope,
    channel: &Channel,
    outgoing: Outgoing<MastodonOptions>,
) -> Result<Request, PublishError> {
    let Outgoing { text, options, pictures, post, .. } = outgoing;
    let idempotency_key = idempotency_key(&post, &text, &options, &pictures)?;
    let mut media_ids = Vec::with_capacity(pictures.len());
    if !pictures.is_empty() {
        let access = access::<Mastodon>(scope, channel.id, None).await?;
        let client = Client { scope, server: &access.server };
        for picture in pictures {
            match uploaded(&client, &access.token, picture).await {
                Ok(id) => media_ids.push(id),
                Err(error) => return Err(not_uploaded(scope, channel, error, remedy).await?),
            }
        }
    }
    Ok(Request::V2(NewStatus { idempotency_key, text, media_ids, options }))
}

/// Uploads a picture and waits until the server has processed it: an earlier status would be refused.
async fn uploaded(client: &Client<'_>, token: &SecretText, picture: Picture) -> Result<Number, CallError> {
    let mut media = client.upload(token, picture).await?;
    for _ in 0..LOOKS {
        match media {
            MediaAnswer { id, url: Some(_) } => return Ok(id),
            MediaAnswer { id, url: None } => {
                client.scope.pause(BETWEEN_LOOKS).await;
                media = client.media(token, id).await?;
            }
        }
    }
    Err(CallError::NoAnswer("a picture is still being processed".to_owned()))
}

/// Depends on the content as well as the post: the server returns the first status of a key without comparing it, so a post
/// that was edited and scheduled again needs another key. Without options it is the key of earlier releases.
fn idempotency_key(
    post: &[u8; 16],
    text: &str,
    options: &MastodonOptions,
    pictures: &[Picture],
) -> Result<String, Problem> {
    let mut content = post.to_vec();
    content.extend_from_slice(&sha256(text.as_bytes()));
    if *options != MastodonOptions::default() {
        // A single byte before the digest, so that no options are mistaken for pictures.
        content.push(1);
        content.extend_from_slice(&sha256(&serde_json::to_vec(options).map_err(Problem::internal)?));
    }
    for picture in pictures {
        content.extend_from_slice(&sha256(&picture.bytes));
        content.extend_from_slice(&sha256(picture.alt_text.as_bytes()));
    }
    Ok(hex(&sha256(&content)[..16]))
}

pub async fn send(scope: &Scope, channel: &Channel, request: &Request) -> Result<Published, PublishError> {
    let status = request.status();
    let access = access::<Mastodon>(scope, channel.id, None).await?;
    let client = Client { scope, server: &access.server };
    match client.publish(&access.token, &status.idempotency_key, status.parameters()).await {
        Ok(answer) if answer.account.id.as_str() == account_number(channel) => Ok(published(&access.server, answer)),
        Ok(_) => Err(unsent(scope, channel, CallError::Malformed("POST /api/v1/statuses"), remedy).await?),
        Err(error) => Err(unsent(scope, channel, error, remedy).await?),
    }
}

/// Looks through the account's statuses since the first send. Ours is the one with our pictures, or, without pictures, the
/// one with exactly our text and content warning that this product wrote.
pub async fn reconcile(
    scope: &Scope,
    channel: &Channel,
    request: &Request,
    since: Timestamp,
) -> Result<Option<Published>, PublishError> {
    let access = access::<Mastodon>(scope, channel.id, None).await?;
    let client = Client { scope, server: &access.server };
    let found = match find(&client, &access.token, channel, request.status(), after(since, -CLOCK_DIFFERENCE)).await {
        Ok(found) => found,
        Err(error) => return Err(unread(scope, channel, error, remedy).await?),
    };
    match found {
        Search::Found(status) => Ok(Some(published(&access.server, status))),
        Search::Missing => Ok(None),
        Search::TooMany => Err(PublishError::NotNow {
            retry_after_s: 60,
            code: "too_many_statuses".to_owned(),
            text: "The account has more new statuses than are searched for this post.".to_owned(),
        }),
    }
}

enum Search {
    Found(StatusAnswer),
    Missing,
    TooMany,
}

async fn find(
    client: &Client<'_>,
    token: &SecretText,
    channel: &Channel,
    ours: &NewStatus,
    since: Timestamp,
) -> Result<Search, CallError> {
    let mut before = None;
    for _ in 0..MOST_PAGES {
        let page = client.statuses(token, account_number(channel), before.as_ref()).await?;
        let is_last = page.len() < PAGE;
        for status in page {
            if status.created_at < since {
                return Ok(Search::Missing);
            }
            before = Some(status.id.clone());
            if is_ours(client, token, &status, ours).await? {
                return Ok(Search::Found(status));
            }
        }
        if is_last {
            return Ok(Search::Missing);
        }
    }
    Ok(Search::TooMany)
}

async fn is_ours(
    client: &Client<'_>,
    token: &SecretText,
    status: &StatusAnswer,
    ours: &NewStatus,
) -> Result<bool, CallError> {
    let pictures = status.media_attachments.iter().map(|attached| &attached.id);
    if !pictures.eq(&ours.media_ids) {
        return Ok(false);
    }
    if !ours.media_ids.is_empty() {
        return Ok(true);
    }
    if status.application.as_ref().is_some_and(|application| application.name != CLIENT_NAME) {
        return Ok(false);
    }
    match client.source(token, &status.id).await {
        Ok((warning, text)) => Ok(text == stripped(&ours.text) && warning == stripped(ours.options.warning())),
        // Deleted a moment ago.
        Err(error) if error.meaning() == Some(Meaning::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

fn published(server: &Url, status: StatusAnswer) -> Published {
    let id = String::from(status.id);
    // A server that states no page, or one that is not on the web, has it here.
    let is_web =
        |url: &String| url.len() <= 2_048 && Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    let url = status.url.filter(is_web).unwrap_or_else(|| format!("{server}statuses/{id}"));
    Published { id, receipt: serde_json::Value::Null, url }
}

fn remedy(refusal: &Refusal) -> &'static str {
    match refusal.status {
        413 => "Use a smaller picture, then schedule the post again.",
        _ => "Change the post as the platform's error text says, then schedule it again.",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_key_of_a_repeat_changes_with_the_content() {
        let picture = |bytes: &[u8], alt_text: &str| Picture {
            bytes: bytes.to_vec(),
            content_type: "image/png".to_owned(),
            alt_text: alt_text.to_owned(),
            width: 1,
            height: 1,
        };
        let none = MastodonOptions::default();
        let key =
            |post: u8, text: &str, pictures: &[Picture]| idempotency_key(&[post; 16], text, &none, pictures).unwrap();
        let first = key(1, "a", &[picture(b"x", "")]);
        assert_eq!(first, key(1, "a", &[picture(b"x", "")]));
        assert_eq!(first.len(), 32);
        for other in [
            key(2, "a", &[picture(b"x", "")]),
            key(1, "b", &[picture(b"x", "")]),
            key(1, "a", &[picture(b"y", "")]),
            key(1, "a", &[picture(b"x", "A wall")]),
            key(1, "a", &[]),
        ] {
            assert_ne!(first, other);
        }
        let mut keys = std::collections::BTreeSet::from([first]);
        for options in [
            json!({ "visibility": "public" }),
            json!({ "visibility": "unlisted" }),
            json!({ "spoiler_text": "a" }),
            json!({ "sensitive": false }),
            json!({ "sensitive": true }),
            json!({ "language": "en" }),
        ] {
            let set: MastodonOptions = serde_json::from_value(options.clone()).unwrap();
            let key = idempotency_key(&[1; 16], "a", &set, &[picture(b"x", "")]).unwrap();
            assert!(keys.insert(key), "{options} has the key of another status");
        }
    }

    /// The key and the request as earlier releases stored them.
    #[test]
    fn a_request_of_an_earlier_release_is_read_and_its_key_stays() {
        let key = idempotency_key(&[7; 16], "a", &MastodonOptions::default(), &[]).unwrap();
        let mut content = vec![7; 16];
        content.extend_from_slice(&sha256(b"a"));
        assert_eq!(key, hex(&sha256(&content)[..16]));
        let stored = json!({ "version": "v1", "idempotency_key": key, "text": "a", "media_ids": ["1"] });
        let request: Request = serde_json::from_value(stored).unwrap();
        let parameters = Value::Object(request.status().parameters());
        assert_eq!(parameters, json!({ "status": "a", "media_ids": ["1"] }));
        assert_eq!(request.status().options, MastodonOptions::default());
    }

    #[test]
    fn options_become_parameters_of_the_status() {
        let options =
            json!({ "visibility": "private", "spoiler_text": "Plot", "sensitive": true, "language": "pt-br" });
        let stored =
            json!({ "version": "v2", "idempotency_key": "k", "text": "a", "media_ids": [], "options": options });
        let request: Request = serde_json::from_value(stored).unwrap();
        let expected = json!({
            "status": "a", "media_ids": [], "visibility": "private", "spoiler_text": "Plot", "sensitive": true, "language": "pt-BR",
        });
        assert_eq!(Value::Object(request.status().parameters()), expected);
    }
}
