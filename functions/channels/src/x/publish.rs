//! Publishing on X, which recognises no repeats: after an unknown outcome, the account's posts are read before anything is sent
//! again.

use serde::{Deserialize, Serialize};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::tenancy::Scope;

use super::X;
use super::api::{Client, Id, Post};
use super::options::XOptions;
use crate::call::{CallError, Meaning, Refusal};
use crate::channel::Channel;
use crate::disconnection::{not_uploaded, unread, unsent};
use crate::publishing::{Outgoing, PublishError, Published};
use crate::renewal::access;

/// How far the clock of X may be behind ours.
const CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_secs(5);
/// The most pages that are searched: 500 posts since the post was sent.
const MOST_PAGES: usize = 5;

/// A post to write.
#[derive(Serialize, Deserialize)]
#[serde(tag = "version", rename_all = "snake_case")]
pub enum Request {
    V1(NewPost),
}

#[derive(Serialize, Deserialize)]
pub struct NewPost {
    text: String,
    media_ids: Vec<Id>,
    options: XOptions,
}

impl Request {
    fn post(&self) -> &NewPost {
        let Self::V1(post) = self;
        post
    }
}

pub async fn prepare(scope: &Scope, channel: &Channel, outgoing: Outgoing<XOptions>) -> Result<Request, PublishError> {
    let Outgoing { text, options, pictures, .. } = outgoing;
    let mut media_ids = Vec::with_capacity(pictures.len());
    if !pictures.is_empty() {
        let access = access::<X>(scope, channel.id, None).await?;
        for picture in pictures {
            match (Client { scope }).upload(&access.token, picture).await {
                Ok(id) => media_ids.push(id),
                Err(error) if error.meaning() == Some(Meaning::StaleToken) => {
                    // Renews the token, or finds out that a person must sign in. The caller retries with the result.
                    self::access::<X>(scope, channel.id, Some(access.generation)).await?;
                    return Err(error.not_now());
                }
                Err(error) => return Err(not_uploaded(scope, channel, error, remedy).await?),
            }
        }
    }
    Ok(Request::V1(NewPost { text, media_ids, options }))
}

pub async fn send(scope: &Scope, channel: &Channel, request: &Request) -> Result<Published, PublishError> {
    let NewPost { text, media_ids, options } = request.post();
    let (client, access) = (Client { scope }, access::<X>(scope, channel.id, None).await?);
    let sent = match client.publish(&access.token, text, media_ids, options).await {
        // Refused before any effect: try once more with a fresh token.
        Err(error) if error.meaning() == Some(Meaning::StaleToken) => {
            let fresh = self::access::<X>(scope, channel.id, Some(access.generation)).await?;
            client.publish(&fresh.token, text, media_ids, options).await
        }
        other => other,
    };
    match sent {
        Ok(id) => Ok(published(id)),
        Err(error) => Err(unsent(scope, channel, error, remedy).await?),
    }
}

/// Looks through the account's posts since the first send.
pub async fn reconcile(
    scope: &Scope,
    channel: &Channel,
    request: &Request,
    since: Timestamp,
) -> Result<Option<Published>, PublishError> {
    let access = access::<X>(scope, channel.id, None).await?;
    let since = after(since, -CLOCK_DIFFERENCE);
    match find(scope, &access.token, &channel.account_id, request.post(), since).await {
        Ok(Search::Found(post)) => Ok(Some(published(post.id))),
        Ok(Search::Missing) => Ok(None),
        Ok(Search::TooMany) => Err(PublishError::NotNow {
            retry_after_s: 60,
            code: "too_many_posts".to_owned(),
            text: "The account has more new posts than are searched for this post.".to_owned(),
        }),
        Err(error) if error.meaning() == Some(Meaning::StaleToken) => {
            self::access::<X>(scope, channel.id, Some(access.generation)).await?;
            Err(error.not_now())
        }
        Err(error) => Err(unread(scope, channel, error, remedy).await?),
    }
}

enum Search {
    Found(Post),
    Missing,
    TooMany,
}

async fn find(
    scope: &Scope,
    token: &SecretText,
    account: &str,
    ours: &NewPost,
    since: Timestamp,
) -> Result<Search, CallError> {
    let mut page = None;
    for _ in 0..MOST_PAGES {
        let posts = Client { scope }.posts(token, account, since, page.as_deref()).await?;
        if let Some(post) = posts.data.into_iter().find(|post| post.created_at >= since && is_ours(post, ours)) {
            return Ok(Search::Found(post));
        }
        match posts.meta.next_token {
            Some(next) => page = Some(next),
            None => return Ok(Search::Missing),
        }
    }
    Ok(Search::TooMany)
}

/// Ours has exactly our text and our pictures. X does not say which app wrote a post, and refuses a second one with the same text
/// as a recent one, so no person has written it in between.
fn is_ours(post: &Post, ours: &NewPost) -> bool {
    // The key of a picture is its category and its id: `3_1146654567674912769`.
    let ids = post.attachments.media_keys.iter().map(|key| key.rsplit('_').next().unwrap_or_default());
    ids.eq(ours.media_ids.iter().map(Id::as_str)) && is_text_of(post, &ours.text)
}

/// Whether a post has this text. X replaces links by its own, and adds one for the pictures.
fn is_text_of(post: &Post, text: &str) -> bool {
    let mut shown = post.text.clone();
    for link in &post.entities.urls {
        let original = if link.media_key.is_some() { "" } else { link.expanded_url.as_deref().unwrap_or(&link.url) };
        shown = shown.replacen(&link.url, original, 1);
    }
    let shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    comparable(&shown) == comparable(text)
}

/// A text without what X changes: the scheme of links that were written without one, a slash after a host, and white space at
/// the ends.
fn comparable(text: &str) -> String {
    let words = text.trim().split(' ').map(|word| {
        let word = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://")).unwrap_or(word);
        word.strip_suffix('/').unwrap_or(word)
    });
    words.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

fn published(id: Id) -> Published {
    let id = String::from(id);
    let url = format!("https://x.com/i/web/status/{id}");
    Published { id, receipt: serde_json::Value::Null, url }
}

fn remedy(refusal: &Refusal) -> &'static str {
    match (refusal.status, refusal.text.contains("duplicate content")) {
        (413, _) => "Use a smaller picture, then schedule the post again.",
        (_, true) => "Change the text: X refuses a post with the same text as a recent one. Then schedule it again.",
        _ => "Change the post as the platform's error text says, then schedule it again.",
    }
}
