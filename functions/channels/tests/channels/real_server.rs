//! Publishing to Bluesky's own server, at `BULKHEAD_PDS_URL`: verifies our assumptions about it.

use channels::bluesky::Bluesky;
use channels::jobs::end_channel_session;
use channels::publishing::{self, Draft, Picture, PublishError};
use channels::routes::{connect_bluesky, disconnect_channel};
use channels::{Channel, ChannelId};
use serde_json::{Value, json};
use shared::crypto::digest::hex;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, TestApp};

/// The smallest PNG: one transparent pixel.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
    6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0, 1, 0, 0, 5, 0, 1,
    0x0d, 0x0a, 0x2d, 0xb4, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

struct Server {
    url: String,
    client: reqwest::Client,
}

struct Account {
    did: String,
    handle: String,
    token: String,
    app_password: String,
}

impl Server {
    fn named() -> Self {
        let url =
            std::env::var("BULKHEAD_PDS_URL").expect("BULKHEAD_PDS_URL names a Bluesky server; `make test` starts one");
        Self { url, client: reqwest::Client::new() }
    }

    async fn post(&self, method: &str, token: &str, input: Value) -> Value {
        let request = self.client.post(format!("{}/xrpc/com.atproto.{method}", self.url));
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let answer = request.json(&input).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&answer).unwrap_or_default()
    }

    async fn account(&self, app: &TestApp) -> Account {
        let handle = format!("t{}.test", hex(&app.entropy().bytes::<6>()));
        let input =
            json!({ "handle": handle, "email": format!("{handle}@example.com"), "password": "a long password" });
        let made = self.post("server.createAccount", "", input).await;
        let token = made["accessJwt"].as_str().unwrap_or_else(|| panic!("no account: {made}")).to_owned();
        let password = self.post("server.createAppPassword", &token, json!({ "name": "test" })).await;
        let app_password = password["password"].as_str().unwrap().to_owned();
        Account { did: made["did"].as_str().unwrap().to_owned(), handle, token, app_password }
    }

    async fn posts(&self, did: &str) -> Vec<Value> {
        let url = format!("{}/xrpc/com.atproto.repo.listRecords?repo={did}&collection=app.bsky.feed.post", self.url);
        let listed: Value = self.client.get(url).send().await.unwrap().json().await.unwrap();
        listed["records"].as_array().unwrap().clone()
    }
}

fn connecting(server: &Server, account: &Account) -> Value {
    json!({ "service": server.url, "identifier": account.handle, "app_password": account.app_password })
}

#[tokio::test]
async fn a_post_with_every_feature_is_published_exactly_once() {
    let (app, server) = (TestApp::new(), Server::named());
    let (owner, account, friend) = (app.owner().await.unwrap(), server.account(&app).await, server.account(&app).await);
    let request = Request::to(&connect_bluesky::FUNCTION).by(&owner).json(connecting(&server, &account));
    let connected = app.call(request).await.expect(201).body;
    assert_eq!((&connected["account_id"], &connected["handle"]), (&json!(account.did), &json!(account.handle)));
    let scope = app.scope(owner.workspace);
    let id: ChannelId = connected["id"].as_str().unwrap().parse().unwrap();
    let channel = scope.get::<Channel>(&id).await.unwrap();

    let text = format!("Grüße 👋 @{} and @unknown.test, see example.com/a?b=c. #März", friend.handle);
    let picture = Picture {
        bytes: PNG.to_vec(),
        content_type: "image/png".to_owned(),
        alt_text: "A pixel".to_owned(),
        width: 1,
        height: 1,
    };
    let post = *app.new_id::<Channel>().as_bytes();
    let options = json!({
        "platform": "bluesky",
        "languages": ["de", "zh-Hant-TW", "es-419"],
        "labels": ["sexual", "nudity", "porn", "graphic-media"],
        "tags": ["frühling"],
    });
    let options = Some(serde_json::from_value(options).unwrap());
    let draft = Draft { text: text.clone(), options, pictures: vec![picture], created_at: app.now(), post };
    let intent = crate::prepared::<Bluesky>(&scope, &channel, draft).await.unwrap();
    assert_eq!(publishing::reconcile::<Bluesky>(&scope, &channel, &intent, app.now()).await.unwrap(), None);
    let sends = (0..8).map(|_| publishing::send::<Bluesky>(&scope, &channel, &intent));
    let sent: Vec<_> = futures::future::join_all(sends).await.into_iter().map(Result::unwrap).collect();
    let found = publishing::reconcile::<Bluesky>(&scope, &channel, &intent, app.now()).await.unwrap();
    assert!(sent.iter().all(|one| Some(one) == found.as_ref()), "{sent:?}");

    let posts = server.posts(&account.did).await;
    assert_eq!(posts.len(), 1, "{posts:?}");
    let record = &posts[0]["value"];
    assert_eq!(record["text"], text);
    assert_eq!((&record["langs"], &record["tags"]), (&json!(["de", "zh-Hant-TW", "es-419"]), &json!(["frühling"])));
    assert_eq!(record["labels"]["values"].as_array().unwrap().len(), 4);
    let bytes = text.as_bytes();
    let covered: Vec<(&str, &Value)> = record["facets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|facet| {
            let at = |name: &str| usize::try_from(facet["index"][name].as_u64().unwrap()).unwrap();
            (std::str::from_utf8(&bytes[at("byteStart")..at("byteEnd")]).unwrap(), &facet["features"][0])
        })
        .collect();
    let mention = format!("@{}", friend.handle);
    assert_eq!(
        covered,
        [
            (mention.as_str(), &json!({ "$type": "app.bsky.richtext.facet#mention", "did": friend.did })),
            (
                "example.com/a?b=c",
                &json!({ "$type": "app.bsky.richtext.facet#link", "uri": "https://example.com/a?b=c" })
            ),
            ("#März", &json!({ "$type": "app.bsky.richtext.facet#tag", "tag": "März" })),
        ]
    );
    let image = &record["embed"]["images"][0];
    assert_eq!((&image["alt"], &image["image"]["size"]), (&json!("A pixel"), &json!(PNG.len())));

    // Edited by its owner: never overwritten.
    let mut edited = record.clone();
    edited["text"] = json!("edited");
    let key = intent.request["record_key"].as_str().unwrap();
    let put = json!({ "repo": account.did, "collection": "app.bsky.feed.post", "rkey": key, "record": edited });
    server.post("repo.putRecord", &account.token, put).await;
    let refused = publishing::send::<Bluesky>(&scope, &channel, &intent).await;
    assert!(matches!(&refused, Err(PublishError::KeyTaken { code, .. }) if code == "record_key_taken"), "{refused:?}");
    assert_eq!(server.posts(&account.did).await[0]["value"]["text"], "edited");
}

#[tokio::test]
async fn a_session_is_renewed_and_ended() {
    let (app, server) = (TestApp::new(), Server::named());
    let (owner, account) = (app.owner().await.unwrap(), server.account(&app).await);
    let request = Request::to(&connect_bluesky::FUNCTION).by(&owner).json(connecting(&server, &account));
    let id = app.call(request).await.expect(201).body["id"].as_str().unwrap().to_owned();
    let scope = app.scope(owner.workspace);
    let channel = scope.get::<Channel>(&id.parse().unwrap()).await.unwrap();
    let draft = |text: &str| Draft {
        text: text.to_owned(),
        options: None,
        pictures: Vec::new(),
        created_at: app.now(),
        post: *app.new_id::<Channel>().as_bytes(),
    };
    // By our clock the token is about to expire, so it is renewed; by the server's clock it is not.
    app.advance(SignedDuration::from_mins(116));
    let intent = crate::prepared::<Bluesky>(&scope, &channel, draft("renewed")).await.unwrap();
    publishing::send::<Bluesky>(&scope, &channel, &intent).await.unwrap();

    // By our clock the access token has expired, and the server has revoked the session.
    server.post("server.revokeAppPassword", &account.token, json!({ "name": "test" })).await;
    app.advance(SignedDuration::from_hours(3));
    let refused = crate::prepared::<Bluesky>(&scope, &channel, draft("withdrawn")).await;
    assert!(matches!(&refused, Err(PublishError::Disconnected { code, .. }) if code == "ExpiredToken"), "{refused:?}");

    let token = app.mint(owner.user, owner.session).await.unwrap();
    let request = Request::to(&disconnect_channel::FUNCTION).by(&owner).bearer(&token).path("channel_id", &id);
    app.call(request).await.expect(204);
    let messages = app.outbox::<end_channel_session::EndChannelSession>(&owner.outbox()).await.unwrap();
    app.deliver(&end_channel_session::FUNCTION, &messages).await.unwrap();
}
