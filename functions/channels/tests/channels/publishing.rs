//! Publishing to a channel: what is sent, and what is known after each failure.

use channels::bluesky::Bluesky;
use channels::publishing::{self, Draft, Intent, Picture, PublishError, Published};
use channels::routes::connect_bluesky;
use channels::{Channel, ChannelId, Connection};
use serde_json::json;
use shared::kernel::time::{SignedDuration, after};
use shared::tenancy::{Page, Tenant};
use shared::testing::{Person, Request, TestApp};
use test_support::scripted_server::{PASSWORD, Scripted, ScriptedServer, refusal};

struct Connected {
    app: TestApp,
    owner: Person,
    server: ScriptedServer,
    scope: Tenant,
    id: ChannelId,
}

impl Connected {
    async fn start() -> Self {
        let app = TestApp::new();
        let owner = app.owner().await.unwrap();
        let server = ScriptedServer::start(app.now());
        let body = json!({ "service": server.url, "identifier": "alice.test", "app_password": PASSWORD });
        let request = Request::to(&connect_bluesky::FUNCTION).by(&owner).json(body);
        let id = app.call(request).await.expect(201).body["id"].as_str().unwrap().parse().unwrap();
        let scope = app.scope(owner.workspace);
        Self { app, owner, server, scope, id }
    }

    async fn channel(&self) -> Channel {
        self.scope.get::<Channel>(&self.id).await.unwrap().into_inner()
    }

    fn draft(&self, text: &str) -> Draft {
        let mut post = [7; 16];
        post[..6].copy_from_slice(&self.app.now().as_millisecond().to_be_bytes()[2..]);
        Draft { text: text.to_owned(), options: None, pictures: Vec::new(), created_at: self.app.now(), post }
    }

    async fn prepare(&self, draft: Draft) -> Result<Intent, PublishError> {
        crate::prepared::<Bluesky>(&self.scope, &self.channel().await, draft).await
    }

    async fn send(&self, intent: &Intent) -> Result<Published, PublishError> {
        publishing::send::<Bluesky>(&self.scope, &self.channel().await, intent).await
    }

    async fn reconcile(&self, intent: &Intent) -> Result<Option<Published>, PublishError> {
        publishing::reconcile::<Bluesky>(&self.scope, &self.channel().await, intent, self.app.now()).await
    }

    async fn actions(&self) -> Vec<String> {
        let page = Page { limit: 100, cursor: None, newest_first: true };
        let entries = self.scope.audit_entries(&page).await.unwrap().items;
        entries.into_iter().map(|entry| entry.action).collect()
    }

    /// The numbers of the access tokens of all writes so far.
    fn writers(&self) -> Vec<String> {
        let calls = self.server.calls("repo.putRecord");
        calls.iter().map(|call| call.token.split('.').next().unwrap().to_owned()).collect()
    }
}

fn record_key(intent: &Intent) -> &str {
    intent.request["record_key"].as_str().unwrap()
}

/// The name of an intent's record on the scripted server.
fn name(intent: &Intent) -> String {
    format!("{}/{}", intent.account_id, record_key(intent))
}

#[track_caller]
fn code(result: Result<impl std::fmt::Debug, PublishError>) -> (&'static str, String) {
    match result {
        Err(PublishError::Refused { code, .. }) => ("refused", code),
        Err(PublishError::KeyTaken { code, .. }) => ("key taken", code),
        Err(PublishError::NotNow { code, .. }) => ("not now", code),
        Err(PublishError::Unknown { code, .. }) => ("unknown", code),
        Err(PublishError::Disconnected { code, .. }) => ("disconnected", code),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_post_with_every_feature_is_prepared_invisibly_and_sent_once() {
    let at = Connected::start().await;
    let mut draft = at.draft("Hello @bob.test and @unknown.test: https://example.com #hi");
    for alt_text in ["one", "two"] {
        let bytes = alt_text.as_bytes().to_vec();
        draft.pictures.push(Picture {
            bytes,
            content_type: "image/png".to_owned(),
            alt_text: alt_text.to_owned(),
            width: 4,
            height: 3,
        });
    }
    let intent = at.prepare(draft).await.unwrap();
    assert!(at.server.records().is_empty(), "a record is visible before the intent is stored");
    assert_eq!(at.reconcile(&intent).await.unwrap(), None);
    let stored: Intent = serde_json::from_str(&serde_json::to_string(&intent).unwrap()).unwrap();
    let published = at.send(&stored).await.unwrap();
    assert_eq!(published.id, format!("at://did:plc:alice/app.bsky.feed.post/{}", record_key(&intent)));
    assert_eq!(published.url, format!("https://bsky.app/profile/did:plc:alice/post/{}", record_key(&intent)));
    assert_eq!(at.send(&stored).await.unwrap(), published);
    assert_eq!(at.reconcile(&stored).await.unwrap(), Some(published));
    let records = at.server.records();
    assert_eq!(records.len(), 1);
    let record = &records[&name(&intent)];
    assert_eq!(record["facets"].as_array().unwrap().len(), 3);
    assert_eq!(record["facets"][0]["features"][0]["did"], "did:plc:bob");
    let alts: Vec<_> = record["embed"]["images"].as_array().unwrap().iter().map(|image| &image["alt"]).collect();
    assert_eq!(alts, ["one", "two"]);
}

#[tokio::test]
async fn after_a_lost_response_a_repeat_leaves_one_record() {
    let at = Connected::start().await;
    let intent = at.prepare(at.draft("once")).await.unwrap();
    at.server.next("repo.putRecord", Scripted::DoAndBreak);
    assert_eq!(code(at.send(&intent).await).0, "unknown");
    let found = at.reconcile(&intent).await.unwrap().unwrap();
    assert_eq!(at.send(&intent).await.unwrap(), found);
    assert_eq!(at.server.records().len(), 1);

    let intent = at.prepare(Draft { post: [9; 16], ..at.draft("never") }).await.unwrap();
    at.server.next("repo.putRecord", Scripted::Break);
    assert_eq!(code(at.send(&intent).await).0, "unknown");
    assert_eq!(at.reconcile(&intent).await.unwrap(), None);
}

#[tokio::test]
async fn each_server_error_maps_to_its_publish_error() {
    let at = Connected::start().await;
    let intent = at.prepare(at.draft("text")).await.unwrap();
    for (scripted, known, name) in [
        (refusal(500, "InternalServerError", "x"), "unknown", "InternalServerError"),
        (refusal(502, "UpstreamFailure", "x"), "unknown", "UpstreamFailure"),
        (Scripted::Answer(200, json!("<html>")), "unknown", "platform_answer_malformed"),
        (refusal(400, "InvalidRequest", "grapheme too big"), "refused", "InvalidRequest"),
        (refusal(400, "BlobNotFound", "Could not find blob"), "refused", "BlobNotFound"),
        (refusal(429, "RateLimitExceeded", "x"), "not now", "RateLimitExceeded"),
    ] {
        at.server.next("repo.putRecord", scripted);
        assert_eq!(code(at.send(&intent).await), (known, name.to_owned()));
    }
    let reset = vec![("ratelimit-reset", (at.app.now().as_second() + 90).to_string())];
    at.server.next("repo.putRecord", Scripted::AnswerWith(429, reset, json!({ "error": "RateLimitExceeded" })));
    let Err(PublishError::NotNow { retry_after_s, .. }) = at.send(&intent).await else { panic!("the post was sent") };
    assert_eq!(retry_after_s, 90);
    assert_eq!(at.channel().await.connection, Connection::Connected);
}

#[tokio::test]
async fn a_rescheduled_post_is_published_once_under_its_key() {
    let at = Connected::start().await;
    let intent = at.prepare(at.draft("text")).await.unwrap();
    let published = at.send(&intent).await.unwrap();
    // A server that does not recognise its own record: the stored record decides.
    at.server.next("repo.putRecord", refusal(400, "InvalidSwap", "Record was at bafy"));
    assert_eq!(at.send(&intent).await.unwrap(), published);
    let later = Draft { created_at: after(at.app.now(), SignedDuration::from_hours(1)), ..at.draft("text") };
    let scheduled_again = at.prepare(later).await.unwrap();
    assert_ne!(scheduled_again, intent);
    assert_eq!(at.send(&scheduled_again).await.unwrap(), published);
    assert_eq!(at.reconcile(&scheduled_again).await.unwrap(), Some(published));
    at.server.edit_record(&name(&intent), "edited");
    assert_eq!(code(at.send(&intent).await), ("key taken", "record_key_taken".to_owned()));
    assert_eq!(code(at.reconcile(&intent).await), ("key taken", "record_key_taken".to_owned()));
    assert_eq!(at.server.records()[&name(&intent)]["text"], "edited");
}

#[tokio::test]
async fn a_post_over_a_limit_is_refused_before_any_call() {
    let at = Connected::start().await;
    assert_eq!(code(at.prepare(at.draft(&"a".repeat(301))).await), ("refused", "text_over_limit".to_owned()));
    let picture = |size| Picture {
        bytes: vec![0; size],
        content_type: "image/png".to_owned(),
        alt_text: String::new(),
        width: 1,
        height: 1,
    };
    let large = Draft { pictures: vec![picture(2_000_001)], ..at.draft("") };
    assert_eq!(code(at.prepare(large).await), ("refused", "pictures_over_limit".to_owned()));
    assert!(at.server.calls("repo.uploadBlob").is_empty());
}

#[tokio::test]
async fn a_failure_before_the_visible_call_is_retryable() {
    let at = Connected::start().await;
    for (method, scripted) in [
        ("identity.resolveHandle", Scripted::Break),
        ("identity.resolveHandle", refusal(503, "x", "x")),
        ("repo.uploadBlob", Scripted::DoAndBreak),
        ("repo.uploadBlob", refusal(500, "x", "x")),
        ("repo.uploadBlob", refusal(429, "x", "x")),
    ] {
        at.server.next(method, scripted);
        let (bytes, content_type, alt_text) = (vec![1], "image/png".to_owned(), String::new());
        let pictures = vec![Picture { bytes, content_type, alt_text, width: 1, height: 1 }];
        let draft = Draft { pictures, ..at.draft("@bob.test") };
        assert_eq!(code(at.prepare(draft).await).0, "not now", "{method}");
    }
}

#[tokio::test]
async fn an_expiring_token_is_renewed_once_for_concurrent_callers() {
    let at = Connected::start().await;
    at.app.advance(SignedDuration::from_mins(114));
    at.prepare(at.draft("a")).await.unwrap();
    assert_eq!(at.server.calls("server.refreshSession").len(), 0);
    at.app.advance(SignedDuration::from_mins(2));
    at.server.issue_from(at.app.now());
    let channel = at.channel().await;
    let eight = (0..8).map(|_| crate::prepared::<Bluesky>(&at.scope, &channel, at.draft("a")));
    for prepared in futures::future::join_all(eight).await {
        prepared.unwrap();
    }
    let renewals = at.server.calls("server.refreshSession");
    assert_eq!(renewals.iter().map(|call| call.token.as_str()).collect::<Vec<_>>(), ["refresh-1"]);
    at.send(&at.prepare(at.draft("a")).await.unwrap()).await.unwrap();
    assert_eq!(at.writers(), ["access-2"]);
}

#[tokio::test]
async fn an_expired_token_is_awaited_and_renewed_once() {
    let at = Connected::start().await;
    at.app.advance(SignedDuration::from_hours(3));
    at.server.issue_from(at.app.now());
    let channel = at.channel().await;
    // Their waits move the clock: those of four stay within the lease.
    let four = (0..4).map(|_| crate::prepared::<Bluesky>(&at.scope, &channel, at.draft("a")));
    for prepared in futures::future::join_all(four).await {
        prepared.unwrap();
    }
    assert_eq!(at.server.calls("server.refreshSession").len(), 1);
}

#[tokio::test]
async fn a_short_lived_token_is_renewed_once_per_caller() {
    let at = Connected::start().await;
    // The server keeps issuing tokens that expire two hours after the start.
    at.app.advance(SignedDuration::from_mins(118));
    at.prepare(at.draft("a")).await.unwrap();
    assert_eq!(at.server.calls("server.refreshSession").len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_write_repeated() {
    let at = Connected::start().await;
    let intent = at.prepare(at.draft("a")).await.unwrap();
    at.server.next("repo.putRecord", refusal(400, "ExpiredToken", "Token has expired"));
    at.send(&intent).await.unwrap();
    assert_eq!(at.writers(), ["access-1", "access-2"]);
}

#[tokio::test]
async fn a_temporary_failure_never_disconnects_a_channel() {
    let at = Connected::start().await;
    at.app.advance(SignedDuration::from_hours(3));
    at.server.issue_from(at.app.now());
    for scripted in [
        Scripted::Break,
        refusal(500, "InternalServerError", "x"),
        refusal(429, "RateLimitExceeded", "x"),
        refusal(400, "InvalidRequest", "x"),
        Scripted::Answer(200, json!("<html>")),
    ] {
        at.server.next("server.refreshSession", scripted);
        assert_eq!(code(at.prepare(at.draft("a")).await).0, "not now");
        // Longer than the wait after each failure.
        at.app.advance(SignedDuration::from_mins(15));
        at.server.issue_from(at.app.now());
    }
    assert_eq!(at.channel().await.connection, Connection::Connected);
    at.prepare(at.draft("a")).await.unwrap();
    // The lease was released each time: no call waited for its end.
    assert_eq!(at.server.calls("server.refreshSession").len(), 6);
}

#[tokio::test]
async fn a_renewal_without_a_refresh_token_keeps_the_stored_one() {
    let at = Connected::start().await;
    for _ in 0..2 {
        at.app.advance(SignedDuration::from_hours(3));
        at.server.issue_from(at.app.now());
        let answer = json!({ "did": "did:plc:alice", "accessJwt": "access-x.e30.x" });
        at.server.next("server.refreshSession", Scripted::Answer(200, answer));
        at.prepare(at.draft("a")).await.unwrap();
    }
    let renewals = at.server.calls("server.refreshSession");
    assert_eq!(renewals.iter().map(|call| call.token.as_str()).collect::<Vec<_>>(), ["refresh-1", "refresh-1"]);
}

#[tokio::test]
async fn a_refused_session_disconnects_the_channel_until_it_is_reconnected() {
    let at = Connected::start().await;
    at.app.advance(SignedDuration::from_hours(3));
    at.server.next("server.refreshSession", refusal(400, "ExpiredToken", "Token has been revoked"));
    assert_eq!(code(at.prepare(at.draft("a")).await), ("disconnected", "ExpiredToken".to_owned()));
    let Connection::NeedsReauthorisation { code: shown_code, text, .. } = at.channel().await.connection else {
        panic!("still connected")
    };
    assert_eq!((shown_code.as_str(), text.as_str()), ("ExpiredToken", "Token has been revoked"));
    assert_eq!(code(at.prepare(at.draft("a")).await).0, "disconnected");
    assert_eq!(at.server.calls("server.refreshSession").len(), 1, "the server was called again");
    assert_eq!(at.actions().await.iter().filter(|action| *action == "channel.reauthorisation_needed").count(), 1);

    at.server.issue_from(at.app.now());
    let token = at.app.mint(at.owner.user, at.owner.session).await.unwrap();
    let owner = Person { token, ..at.owner.clone() };
    let body = json!({ "service": at.server.url, "identifier": "alice.test", "app_password": PASSWORD });
    let request = Request::to(&connect_bluesky::FUNCTION).by(&owner).json(body);
    assert_eq!(at.app.call(request).await.expect(201).body["state"], "connected");
    at.send(&at.prepare(at.draft("a")).await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_suspended_account_disconnects_the_channel() {
    let at = Connected::start().await;
    let intent = at.prepare(at.draft("a")).await.unwrap();
    // Two functions read the channel before it was refused.
    let channel = at.channel().await;
    for _ in 0..2 {
        at.server.next("repo.putRecord", refusal(401, "AccountTakedown", "Account has been taken down"));
        let refused = publishing::send::<Bluesky>(&at.scope, &channel, &intent).await;
        assert_eq!(code(refused), ("disconnected", "AccountTakedown".to_owned()));
    }
    assert!(matches!(at.channel().await.connection, Connection::NeedsReauthorisation { .. }));
    assert_eq!(at.actions().await.iter().filter(|action| *action == "channel.reauthorisation_needed").count(), 1);
}
