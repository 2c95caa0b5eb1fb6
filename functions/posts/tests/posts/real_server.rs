//! Exactly once on Bluesky's own server, at `BULKHEAD_PDS_URL`, when any one call breaks.

use std::collections::BTreeMap;
use std::time::Duration;

use posts::delivery::{Delivery, State};
use posts::jobs::publish_bluesky;
use posts::routes::{create_post, schedule_post};
use serde_json::{Value, json};
use shared::aws::outbound::OutboundRequest;
use shared::aws::wire::Fault;
use shared::crypto::digest::hex;
use shared::tenancy::{Page, Tenant};
use shared::testing::{Ended, TestApp};

use crate::place::Place;

/// The smallest PNG: one transparent pixel. The server detects the type from the bytes.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
    6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0, 1, 0, 0, 5, 0, 1,
    0x0d, 0x0a, 0x2d, 0xb4, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

struct RealServer {
    url: String,
    author: Account,
    friend: Account,
}

struct Account {
    did: String,
    handle: String,
    token: String,
}

/// Calls a method of the server and returns the answer's bytes.
async fn call(scope: &Tenant, verb: &str, token: &str, address: String, body: Vec<u8>) -> Vec<u8> {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if !token.is_empty() {
        headers.push(("authorization", format!("Bearer {token}")));
    }
    let (method, url) = (verb.parse().unwrap(), address.parse().unwrap());
    let (timeout, most_answer_bytes) = (Duration::from_secs(20), 1_000_000);
    let request = OutboundRequest { method, url, headers, body, timeout, most_answer_bytes };
    let answer = scope.call(request).await.unwrap();
    assert_eq!(answer.status, 200, "{address}: {}", String::from_utf8_lossy(&answer.body));
    answer.body.to_vec()
}

async fn post(scope: &Tenant, url: &str, method: &str, token: &str, input: Value) -> Value {
    let address = format!("{url}/xrpc/com.atproto.server.{method}");
    serde_json::from_slice(&call(scope, "POST", token, address, input.to_string().into_bytes()).await).unwrap()
}

async fn account(scope: &Tenant, app: &TestApp, url: &str) -> Account {
    let handle = format!("t{}.test", hex(&app.entropy().bytes::<6>()));
    let input = json!({ "handle": handle, "email": format!("{handle}@example.com"), "password": "a long password" });
    let made = post(scope, url, "createAccount", "", input).await;
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Account { did: text("did"), handle, token: text("accessJwt") }
}

impl Place<RealServer> {
    async fn real() -> Self {
        let url = std::env::var("BULKHEAD_PDS_URL");
        let url = url.expect("BULKHEAD_PDS_URL names a Bluesky server; `make test` starts one");
        let app = TestApp::new();
        let owner = app.owner().await.unwrap();
        let scope = app.scope(owner.workspace);
        let (author, friend) = (account(&scope, &app, &url).await, account(&scope, &app, &url).await);
        let made = post(&scope, &url, "createAppPassword", &author.token, json!({ "name": "test" })).await;
        let body = json!({ "service": url, "identifier": author.handle, "app_password": made["password"] });
        Self::on(app, owner, RealServer { url, author, friend }, body).await
    }

    async fn get(&self, method: &str, parameters: &str) -> Vec<u8> {
        let RealServer { url, author, .. } = &self.server;
        let address = format!("{url}/xrpc/com.atproto.{method}?{parameters}{}", author.did);
        call(&self.app.scope(self.owner.workspace), "GET", "", address, Vec::new()).await
    }

    /// The account's records by address.
    async fn records(&self) -> BTreeMap<String, Value> {
        let listed = self.get("repo.listRecords", "collection=app.bsky.feed.post&limit=100&repo=").await;
        let listed: Value = serde_json::from_slice(&listed).unwrap();
        let records = listed["records"].as_array().unwrap().iter();
        records.map(|record| (record["uri"].as_str().unwrap().to_owned(), record["value"].clone())).collect()
    }

    /// Every delivery of the workspace.
    async fn all_deliveries(&self) -> Vec<Delivery> {
        let page = Page { limit: 100, cursor: None, newest_first: false };
        let listed = self.app.scope(self.owner.workspace).page::<Delivery>("", &page).await.unwrap();
        listed.items.into_iter().map(shared::table::Stored::into_inner).collect()
    }

    /// Schedules a post with every feature in 30 seconds, and returns its id and text.
    async fn full(&self, number: usize, picture: media::MediaId) -> (String, String) {
        let text = format!("{number}: Grüße 👋 @{}, see example.com/a?b=c. #März", self.server.friend.handle);
        let body = json!({ "text": text, "media_ids": [picture] });
        let post = self.call(&create_post::FUNCTION, "", body).await.expect(201).body;
        let post = post["id"].as_str().unwrap().to_owned();
        self.call(&schedule_post::FUNCTION, &post, self.in_seconds(30)).await.expect(200);
        (post, text)
    }

    /// Publishes a post for each number, breaks the call of that number, and records the texts of the posts.
    async fn publish_broken(
        &self,
        numbers: &[usize],
        picture: media::MediaId,
        fault: fn(usize) -> Fault,
        texts: &mut BTreeMap<String, String>,
    ) -> Vec<Run> {
        let mut posts = Vec::new();
        for number in numbers {
            posts.push(self.full(*number, picture).await);
        }
        self.sweep().await;
        self.advance(30);
        let messages = self.messages().await;
        let mut runs = Vec::new();
        for (number, (post, text)) in numbers.iter().zip(posts) {
            let message = messages.iter().find(|posted| posted.envelope.payload["post_id"] == post).unwrap();
            texts.insert(post, text);
            let wire = self.app.wire(&publish_bluesky::FUNCTION);
            wire.arm(fault(*number));
            let message = std::slice::from_ref(message);
            let ended = self.app.deliver_until_crash(&publish_bluesky::FUNCTION, message).await;
            wire.disarm();
            let crashed = matches!(ended, Err(Ended::Crashed));
            if !crashed {
                // The next run starts cold too, so that its calls are the same.
                self.app.forget_warm();
            }
            runs.push(Run { calls: wire.take().len(), crashed });
            // A crash during the token renewal leaves a lease of 30 seconds.
            self.advance(31);
        }
        runs
    }

    /// The expected record of such a post, except for its picture reference.
    fn expected(&self, text: &str, delivery: &Delivery, picture: &Value) -> Value {
        let facet = |covered: &str, feature: Value| {
            let start = text.find(covered).unwrap();
            json!({
                "$type": "app.bsky.richtext.facet",
                "index": { "byteStart": start, "byteEnd": start + covered.len() },
                "features": [feature],
            })
        };
        let friend = &self.server.friend;
        let link = json!({ "$type": "app.bsky.richtext.facet#link", "uri": "https://example.com/a?b=c" });
        let image = json!({ "alt": "A wall", "aspectRatio": { "width": 4, "height": 3 }, "image": picture });
        json!({
            "$type": "app.bsky.feed.post",
            "text": text,
            "createdAt": delivery.due_at().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
            "facets": [
                facet(
                    &format!("@{}", friend.handle),
                    json!({ "$type": "app.bsky.richtext.facet#mention", "did": friend.did }),
                ),
                facet("example.com/a?b=c", link),
                facet("#März", json!({ "$type": "app.bsky.richtext.facet#tag", "tag": "März" })),
            ],
            "embed": { "$type": "app.bsky.embed.images", "images": [image] },
        })
    }
}

/// Posts that are claimed together: as many as fit into their leases one after the other.
const AT_ONCE: usize = 6;

/// One run of `publish-post`.
struct Run {
    calls: usize,
    crashed: bool,
}

/// The state of the channel's access token when a post is published.
enum Token {
    Fresh,
    /// Expiring by our clock, as is each renewed one: every use renews it.
    Ending,
}

/// Breaks each call of `publish-post` once, each for its own post, and sweeps the stuck deliveries.
async fn break_every_call(fault: fn(usize) -> Fault, token: Token) {
    let at = Place::real().await;
    if matches!(token, Token::Ending) {
        at.advance(116 * 60);
    }
    let picture = at.announced_picture(PNG).await;
    at.complete_picture(picture, PNG).await;
    let mut texts = BTreeMap::new();
    // The first run is not broken: it counts the calls.
    let calls = at.publish_broken(&[0], picture, fault, &mut texts).await[0].calls;
    assert!(calls >= 20, "only {calls} calls were made");
    let crashes = !matches!(fault(1), Fault::LoseAnswer(_));
    // One more than there are: no fault occurs.
    let numbers: Vec<usize> = (1..=calls + 1).collect();
    for numbers in numbers.chunks(AT_ONCE) {
        let runs = at.publish_broken(numbers, picture, fault, &mut texts).await;
        for (number, run) in numbers.iter().zip(runs) {
            let met = *number <= calls;
            assert_eq!((run.calls >= *number, run.crashed), (met, met && crashes), "call {number} of {calls}");
        }
    }
    // The leases end, due deliveries are swept, and their messages arrive on time, as do those of the broken runs.
    for _ in 0..3 {
        at.advance(310);
        at.sweep().await;
        at.advance(60);
        at.deliver().await;
    }

    let (records, deliveries) = (at.records().await, at.all_deliveries().await);
    assert_eq!((records.len(), deliveries.len()), (texts.len(), texts.len()));
    let mut picture = Value::Null;
    for delivery in &deliveries {
        let State::Published { published, .. } = delivery.state() else { panic!("not published: {delivery:?}") };
        let text = &texts[&delivery.post_id.to_string()];
        let record = &records[&published.id];
        picture = record["embed"]["images"][0]["image"].clone();
        assert_eq!(*record, at.expected(text, delivery, &picture));
    }
    assert_eq!((&picture["mimeType"], &picture["size"]), (&json!("image/png"), &json!(PNG.len())));
    let cid = picture["ref"]["$link"].as_str().unwrap();
    assert_eq!(at.get("sync.getBlob", &format!("cid={cid}&did=")).await, PNG);
}

#[tokio::test]
async fn a_crash_before_any_call_leaves_one_record_and_a_published_delivery() {
    break_every_call(Fault::CrashBefore, Token::Fresh).await;
}

#[tokio::test]
async fn a_crash_after_any_call_leaves_one_record_and_a_published_delivery() {
    break_every_call(Fault::CrashAfter, Token::Fresh).await;
}

#[tokio::test]
async fn a_crash_after_any_call_of_a_token_renewal_leaves_one_record_and_a_published_delivery() {
    break_every_call(Fault::CrashAfter, Token::Ending).await;
}

#[tokio::test]
async fn a_lost_response_to_any_call_leaves_one_record_and_a_published_delivery() {
    break_every_call(Fault::LoseAnswer, Token::Fresh).await;
}
