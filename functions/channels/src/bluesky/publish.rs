//! Publishing on Bluesky: a record under a key derived from the post, written exactly once.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::tenancy::Scope;

use super::Bluesky;
use super::answers::{PutAnswer, RecordAnswer};
use super::client::Client;
use super::handle::Handle;
use super::identifiers::{Cid, Did, RecordUri};
use super::options::BlueskyOptions;
use super::record::{UploadedPicture, post_record};
use super::record_key::record_key;
use crate::call::{CallError, Meaning, Refusal};
use crate::channel::Channel;
use crate::disconnection::{not_uploaded, unsent};
use crate::publishing::{Outgoing, Picture, PublishError, Published};
use crate::rendering::{Facet, FacetKind};
use crate::renewal::{self, Access};

/// The web client that shows a published post. The network has other clients; this one is open to everyone.
const VIEWER: &str = "https://bsky.app";

/// A record to write, under the key by which the server recognises a repeat.
#[derive(Serialize, Deserialize)]
#[serde(tag = "version", rename_all = "snake_case")]
pub enum Request {
    V1(PutRecord),
}

#[derive(Serialize, Deserialize)]
pub struct PutRecord {
    record_key: String,
    record: Value,
}

impl Request {
    fn put(&self) -> &PutRecord {
        let Self::V1(put) = self;
        put
    }
}

pub async fn prepare(
    scope: &Scope,
    channel: &Channel,
    outgoing: Outgoing<BlueskyOptions>,
) -> Result<Request, PublishError> {
    let Outgoing { text, facets, options, pictures, created_at, post } = outgoing;
    let access = renewal::access::<Bluesky>(scope, channel.id, None).await?;
    let accounts = mentioned_accounts(scope, &access, &facets).await?;
    let pictures = upload(scope, channel, access, pictures).await?;
    let record = post_record((&text, &facets), &options, &accounts, &pictures, created_at);
    Ok(Request::V1(PutRecord { record_key: record_key(&post), record }))
}

pub async fn send(scope: &Scope, channel: &Channel, request: &Request) -> Result<Published, PublishError> {
    let record = Record { account: &channel.account_id, put: request.put() };
    let access = renewal::access::<Bluesky>(scope, channel.id, None).await?;
    let put = match record.put(scope, &access).await {
        // Refused before any effect: try once more with a fresh token.
        Err(error) if error.meaning() == Some(Meaning::StaleToken) => {
            let fresh = renewal::access::<Bluesky>(scope, channel.id, Some(access.generation)).await?;
            record.put(scope, &fresh).await
        }
        other => other,
    };
    match put {
        Ok(answer) => Ok(record.published(answer.uri, Some(answer.cid))),
        Err(CallError::Refused(refusal)) if refusal.meaning == Meaning::OtherVersion => {
            record.existing(scope, &access, &refusal).await
        }
        Err(error) => Err(unsent(scope, channel, error, remedy).await?),
    }
}

pub async fn reconcile(scope: &Scope, channel: &Channel, request: &Request) -> Result<Option<Published>, PublishError> {
    let record = Record { account: &channel.account_id, put: request.put() };
    let server = renewal::server(scope, channel.id).await?;
    let found = Client::new(scope, &server).get_record(record.account, &record.put.record_key).await;
    // A read has no effect, so it can be repeated after any error.
    match found.map_err(|error| error.not_now())? {
        Some(found) => record.recognise(found).map(Some).ok_or_else(key_is_taken),
        None => Ok(None),
    }
}

/// The accounts of the mentioned handles. An unknown handle stays plain text.
async fn mentioned_accounts(
    scope: &Scope,
    access: &Access,
    facets: &[Facet],
) -> Result<BTreeMap<String, Did>, PublishError> {
    let mentions = facets.iter().filter(|facet| facet.kind == FacetKind::Mention);
    let handles: BTreeSet<Handle> = mentions.filter_map(|facet| Handle::parse(&facet.value)).collect();
    let client = Client::new(scope, &access.server);
    let found = handles.into_iter().map(async |handle| match client.resolve_handle(&handle).await {
        Ok(answer) => Ok(Some((handle.to_string(), answer.did))),
        Err(error) if error.meaning() == Some(Meaning::Rejected) => Ok(None),
        Err(error) => Err(error.not_now()),
    });
    Ok(try_join_all(found).await?.into_iter().flatten().collect())
}

/// Uploads all pictures concurrently (at most four). An upload can be repeated: the server identifies a blob by its
/// hash.
async fn upload(
    scope: &Scope,
    channel: &Channel,
    access: Access,
    pictures: Vec<Picture>,
) -> Result<Vec<UploadedPicture>, PublishError> {
    let client = Client::new(scope, &access.server);
    let uploads = pictures.into_iter().map(async |picture| {
        let answer = client.upload_blob(&access.token, &picture.content_type, picture.bytes).await?;
        let Picture { alt_text, width, height, .. } = picture;
        Ok::<_, CallError>(UploadedPicture { blob: answer.blob, alt_text, width, height })
    });
    match try_join_all(uploads).await {
        Ok(uploaded) => Ok(uploaded),
        Err(error) if error.meaning() == Some(Meaning::StaleToken) => {
            // Renews the token, or finds out that a person must sign in. The caller retries with the result.
            renewal::access::<Bluesky>(scope, channel.id, Some(access.generation)).await?;
            Err(error.not_now())
        }
        Err(error) => Err(not_uploaded(scope, channel, error, remedy).await?),
    }
}

/// The record of a request in its account.
struct Record<'a> {
    account: &'a str,
    put: &'a PutRecord,
}

impl Record<'_> {
    async fn put(&self, scope: &Scope, access: &Access) -> Result<PutAnswer, CallError> {
        let client = Client::new(scope, &access.server);
        client.put_new_record(&access.token, self.account, &self.put.record_key, &self.put.record).await
    }

    /// A record exists under our key that the server considers different: ours in another rendering, or one that must not
    /// be overwritten.
    async fn existing(&self, scope: &Scope, access: &Access, refusal: &Refusal) -> Result<Published, PublishError> {
        let client = Client::new(scope, &access.server);
        match client.get_record(self.account, &self.put.record_key).await {
            Ok(Some(found)) => self.recognise(found).ok_or_else(key_is_taken),
            // The record existed a moment ago, but its content is now unknown: a person must check.
            Ok(None) => Err(PublishError::Unknown { code: refusal.code.clone(), text: refusal.text.clone() }),
            Err(error) => Err(PublishError::Unknown { code: refusal.code.clone(), text: error.to_string() }),
        }
    }

    /// Matches a record with this or an earlier request: a rescheduled post differs from an earlier publication only in its
    /// time.
    fn recognise(&self, found: RecordAnswer) -> Option<Published> {
        let timeless = |record: &Value| {
            let mut record = record.clone();
            record.as_object_mut().map(|fields| fields.remove("createdAt"));
            record
        };
        (timeless(&found.value) == timeless(&self.put.record)).then(|| self.published(found.uri, found.cid))
    }

    fn published(&self, uri: RecordUri, cid: Option<Cid>) -> Published {
        let url = format!("{VIEWER}/profile/{}/post/{}", self.account, self.put.record_key);
        Published { id: uri.into_text(), receipt: cid.map(Cid::into_text).into(), url }
    }
}

fn key_is_taken() -> PublishError {
    PublishError::KeyTaken {
        code: "record_key_taken".to_owned(),
        text: "The account already has this post with different content. It was probably edited on the platform."
            .to_owned(),
    }
}

fn remedy(refusal: &Refusal) -> &'static str {
    match (refusal.status, refusal.code.as_str()) {
        (413, _) | (_, "BlobTooLarge" | "PayloadTooLarge") => "Use a smaller picture, then schedule the post again.",
        (_, "BlobNotFound") => "Schedule the post again: the server dropped its pictures.",
        (_, "InvalidMimeType") => "Use a picture in another format, then schedule the post again.",
        _ => "Change the post as the platform's error text says, then schedule it again.",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn found(value: Value) -> RecordAnswer {
        let uri = "at://did:plc:abc/app.bsky.feed.post/3jzfcijpj2z2a".to_owned().try_into().unwrap();
        RecordAnswer { uri, cid: None, value }
    }

    #[test]
    fn a_record_with_the_same_content_is_recognised_as_ours() {
        let record = json!({ "text": "a", "createdAt": "b" });
        let put = &PutRecord { record_key: "3jzfcijpj2z2a".to_owned(), record };
        let ours = Record { account: "did:plc:abc", put };
        let published = ours.recognise(found(json!({ "createdAt": "b", "text": "a" }))).unwrap();
        assert_eq!(published.id, "at://did:plc:abc/app.bsky.feed.post/3jzfcijpj2z2a");
        assert_eq!(published.url, "https://bsky.app/profile/did:plc:abc/post/3jzfcijpj2z2a");
        assert!(ours.recognise(found(json!({ "text": "a", "createdAt": "earlier" }))).is_some());
        assert_eq!(ours.recognise(found(json!({ "text": "edited", "createdAt": "b" }))), None);
    }

    #[test]
    fn every_error_response_has_a_remedy() {
        let refusal = |status, code: &str| Refusal {
            status,
            code: code.to_owned(),
            text: String::new(),
            retry_after_s: None,
            meaning: Meaning::Rejected,
        };
        let smaller = "Use a smaller picture, then schedule the post again.";
        assert_eq!(remedy(&refusal(413, "HTTP 413")), smaller);
        assert_eq!(remedy(&refusal(400, "BlobTooLarge")), smaller);
        assert_eq!(
            remedy(&refusal(400, "InvalidRequest")),
            "Change the post as the platform's error text says, then schedule it again."
        );
    }
}
