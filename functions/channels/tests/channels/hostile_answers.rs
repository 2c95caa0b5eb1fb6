//! A server that may return anything: each response is accepted as the protocol defines it, or refused with a named
//! code. None causes a 500, and nothing that breaks the protocol's syntax is stored.
//!
//! 160 responses; 1,000 with `BULKHEAD_LONG=1`. The seed that `TestApp` prints reproduces them.

mod faults;

use std::io::Write;

use channels::bluesky::Bluesky;
use channels::jobs::end_channel_session::{self, EndChannelSession};
use channels::publishing::{self, Draft, Intent, Picture, PublishError, Published};
use channels::routes::{connect_bluesky, list_channels};
use channels::{Channel, ChannelId, Connection};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use shared::kernel::time::{SignedDuration, after};
use shared::testing::{Person, Request, Response, TestApp};

use faults::{Case, cases};

use test_support::scripted_server::{PASSWORD, Raw, Scripted, ScriptedServer, text};

/// Prints the response under test if an assertion fails.
struct PrintedOnPanic(String);

impl Drop for PrintedOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _unseen = writeln!(std::io::stderr(), "{}", self.0.chars().take(2_000).collect::<String>());
        }
    }
}

struct World {
    app: TestApp,
    owner: Person,
    server: ScriptedServer,
    deliveries: u64,
}

impl World {
    async fn start() -> Self {
        let app = TestApp::new();
        let owner = app.owner().await.unwrap();
        let server = ScriptedServer::start(app.now());
        Self { app, owner, server, deliveries: 0 }
    }

    async fn connect(&self) -> Response {
        self.app.move_address();
        let token = self.app.mint(self.owner.user, self.owner.session).await.unwrap();
        let owner = Person { token, ..self.owner.clone() };
        let body = json!({ "service": self.server.url, "identifier": "alice.test", "app_password": PASSWORD });
        self.app.call(Request::to(&connect_bluesky::FUNCTION).by(&owner).json(body)).await
    }

    /// The account's channel, reconnected.
    async fn channel(&self) -> Channel {
        let id: ChannelId = self.connect().await.expect(201).body["id"].as_str().unwrap().parse().unwrap();
        self.app.scope(self.owner.workspace).get::<Channel>(&id).await.unwrap().into_inner()
    }

    /// The same with a token that expires within a minute, so that it is renewed before the next call.
    async fn channel_to_renew(&self) -> Channel {
        self.server.issue_from(after(self.app.now(), -SignedDuration::from_mins(119)));
        let channel = self.channel().await;
        self.server.issue_from(self.app.now());
        channel
    }

    fn draft(&mut self, text: &str) -> Draft {
        self.deliveries += 1;
        let mut post = [7; 16];
        post[8..].copy_from_slice(&self.deliveries.to_be_bytes());
        Draft { text: text.to_owned(), options: None, pictures: Vec::new(), created_at: self.app.now(), post }
    }

    async fn prepare(&self, channel: &Channel, draft: Draft) -> Option<Intent> {
        let prepared = crate::prepared::<Bluesky>(&self.app.scope(self.owner.workspace), channel, draft).await;
        checked(prepared, assert_intent)
    }

    /// Every item of the workspace.
    async fn assert_stored(&self) {
        self.app.move_address();
        let token = self.app.mint(self.owner.user, self.owner.session).await.unwrap();
        let owner = Person { token, ..self.owner.clone() };
        let listed =
            self.app.call(Request::to(&list_channels::FUNCTION).by(&owner).query("limit", 100)).await.expect(200);
        for channel in listed.body["items"].as_array().unwrap() {
            assert_account(channel["account_id"].as_str().unwrap());
            let handle = channel["handle"].as_str().unwrap();
            assert!(handle.len() <= 253 && is_of(handle, ".-:_%"), "{handle:?}");
            if let Some(refusal) = channel["refusal"].as_object() {
                assert_words(refusal["code"].as_str().unwrap(), refusal["text"].as_str().unwrap());
            }
        }
    }

    async fn meet(&mut self, case: &Case) {
        if case.method == "server.createSession" {
            case.script(&self.server);
            let answer = self.connect().await;
            let named = matches!(answer.status, 201 | 409 | 422 | 429 | 502 | 504);
            assert!(named, "{}: {}", answer.status, answer.text);
            let detail = answer.body["detail"].as_str().unwrap_or_default();
            assert!(detail.chars().count() < 800 && !detail.chars().any(char::is_control), "{detail:?}");
            return;
        }
        let channel = self.channel().await;
        let scope = self.app.scope(self.owner.workspace);
        match case.method {
            "server.refreshSession" => {
                let channel = self.channel_to_renew().await;
                case.script(&self.server);
                let draft = self.draft("a");
                self.prepare(&channel, draft).await;
            }
            "server.deleteSession" => {
                case.script(&self.server);
                let messages = self.app.outbox::<EndChannelSession>(&self.owner.outbox()).await.unwrap();
                if let Some(last) = messages.last() {
                    // The session is ended, or the queue delivers the message again.
                    let _either = self.app.deliver(&end_channel_session::FUNCTION, std::slice::from_ref(last)).await;
                }
            }
            "identity.resolveHandle" => {
                case.script(&self.server);
                let draft = self.draft("Hello @bob.test");
                self.prepare(&channel, draft).await;
            }
            "repo.uploadBlob" => {
                case.script(&self.server);
                let mut draft = self.draft("a");
                let (content_type, alt_text) = ("image/png".to_owned(), "A wall".to_owned());
                draft.pictures = vec![Picture { bytes: vec![1; 9], content_type, alt_text, width: 4, height: 3 }];
                self.prepare(&channel, draft).await;
            }
            _ => {
                let draft = self.draft("a");
                let intent = self.prepare(&channel, draft).await.unwrap();
                let assert = |published: &Published| assert_published(published, &intent);
                case.script(&self.server);
                if case.method == "repo.putRecord" {
                    checked(publishing::send::<Bluesky>(&scope, &channel, &intent).await, assert);
                } else {
                    checked(publishing::send::<Bluesky>(&scope, &channel, &intent).await, assert).unwrap();
                    let found = publishing::reconcile::<Bluesky>(&scope, &channel, &intent, self.app.now()).await;
                    checked(found, |found| found.iter().for_each(assert));
                }
            }
        }
    }
}

/// A result that satisfies `assert`, or a failure with a named cause.
fn checked<T>(result: Result<T, PublishError>, assert: impl Fn(&T)) -> Option<T> {
    match result {
        Ok(found) => {
            assert(&found);
            Some(found)
        }
        Err(PublishError::Internal(problem)) => panic!("a fault of ours: {problem:?}"),
        Err(
            PublishError::Refused { code, text, .. }
            | PublishError::KeyTaken { code, text }
            | PublishError::Unstaged { code, text }
            | PublishError::Unknown { code, text }
            | PublishError::Disconnected { code, text },
        ) => {
            assert_words(&code, &text);
            None
        }
        Err(PublishError::NotNow { retry_after_s, code, text }) => {
            assert!((1..=86_400).contains(&retry_after_s), "{retry_after_s}");
            assert_words(&code, &text);
            None
        }
    }
}

fn is_of(text: &str, others: &str) -> bool {
    !text.is_empty() && text.chars().all(|next| next.is_ascii_alphanumeric() || others.contains(next))
}

fn assert_account(did: &str) {
    assert!(did.starts_with("did:") && did.len() <= 2_048 && is_of(did, ".:_%-"), "{did:?}");
}

fn assert_words(code: &str, text: &str) {
    assert!(
        (1..=100).contains(&code.chars().count()) && (1..=500).contains(&text.chars().count()),
        "{code:?}: {text:?}"
    );
    assert!(
        !code.chars().chain(text.chars()).any(|next| next.is_control() || next == '\u{202e}'),
        "{code:?}: {text:?}"
    );
}

fn assert_published(published: &Published, intent: &Intent) {
    let record = format!("/app.bsky.feed.post/{}", intent.request["record_key"].as_str().unwrap());
    assert!(published.id.starts_with("at://") && published.id.ends_with(&record), "{published:?}");
    assert!(published.id.len() <= 8_192 && is_of(&published.id, ".:_%-/~"), "{published:?}");
    assert!(published.receipt.as_str().is_none_or(|cid| cid.len() <= 256 && is_of(cid, "+=")), "{published:?}");
}

fn assert_intent(intent: &Intent) {
    for facet in intent.request["record"]["facets"].as_array().into_iter().flatten() {
        assert_account(facet["features"][0]["did"].as_str().unwrap());
    }
    for image in intent.request["record"]["embed"]["images"].as_array().into_iter().flatten() {
        let blob = image["image"].as_object().unwrap();
        let names: Vec<&str> = blob.keys().map(String::as_str).collect();
        assert_eq!(names, ["$type", "mimeType", "ref", "size"]);
        assert!(is_of(blob["ref"]["$link"].as_str().unwrap(), "+="), "{blob:?}");
        assert!(is_of(blob["mimeType"].as_str().unwrap(), "/!#$&-^_.+"), "{blob:?}");
    }
    assert!(intent.request["record"].to_string().len() < 10_000);
}

#[tokio::test]
async fn no_response_causes_a_500_or_is_stored_with_invalid_syntax() {
    let mut world = World::start().await;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &world.app.entropy().bytes::<32>());
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = cases();
    let count = if test_support::is_long() { 1_000 } else { 160 };
    for number in 0..count {
        let case = strategy.new_tree(&mut runner).unwrap().current();
        let _printed = PrintedOnPanic(format!("answer {number}: {case:?}"));
        world.meet(&case).await;
        world.assert_stored().await;
    }
}

/// The responses of an attack on the deployed product, one by one.
#[tokio::test]
async fn a_session_with_an_invalid_field_is_refused() {
    let world = World::start().await;
    let session = |field: &'static str, value: Value| {
        let change = move |status, mut answer: Value| {
            answer[field] = value;
            Raw { status, headers: Vec::new(), body: text(&answer).into_bytes() }
        };
        world.server.next("server.createSession", Scripted::DoAndChange(Box::new(change)));
    };
    for (field, value) in [
        ("handle", json!("a".repeat(300_000))),
        ("handle", json!("alice\u{0}.test")),
        ("handle", json!(7)),
        ("did", json!("did:plc:a\u{1b}[2J")),
        ("did", json!("did:plc:")),
        ("did", json!(format!("did:web:{}", "a".repeat(400_000)))),
        ("accessJwt", json!("a".repeat(400_000))),
        ("refreshJwt", json!("a b")),
        ("didDoc", json!("x".repeat(400_000))),
    ] {
        session(field, value);
        let refused = world.connect().await.expect(502);
        assert_eq!((refused.code(), refused.fields()), ("platform_answer_malformed", vec!["service"]), "{field}");
    }
    world.assert_stored().await;
}

#[tokio::test]
async fn tokens_of_another_account_are_not_stored() {
    let mut world = World::start().await;
    let channel = world.channel_to_renew().await;
    let change = |status, mut answer: Value| {
        answer["did"] = json!("did:plc:mallory");
        Raw { status, headers: Vec::new(), body: text(&answer).into_bytes() }
    };
    world.server.next("server.refreshSession", Scripted::DoAndChange(Box::new(change)));
    let draft = world.draft("a");
    let scope = world.app.scope(world.owner.workspace);
    match crate::prepared::<Bluesky>(&scope, &channel, draft).await {
        Err(PublishError::NotNow { code, .. }) => assert_eq!(code, "platform_answer_malformed"),
        other => panic!("{other:?}"),
    }
    assert_eq!(scope.get::<Channel>(&channel.id).await.unwrap().connection, Connection::Connected);
    // Longer than the wait after the failure.
    world.app.advance(SignedDuration::from_mins(1));
    let draft = world.draft("a");
    let intent = crate::prepared::<Bluesky>(&scope, &channel, draft).await.unwrap();
    publishing::send::<Bluesky>(&scope, &channel, &intent).await.unwrap();
    let renewals: Vec<_> = world.server.calls("server.refreshSession").into_iter().map(|call| call.token).collect();
    assert_eq!(renewals, ["refresh-1", "refresh-1"]);
    assert!(world.server.calls("repo.putRecord")[0].token.starts_with("access-3."));
}

#[tokio::test]
async fn a_response_about_another_record_is_not_a_success() {
    let mut world = World::start().await;
    let channel = world.channel().await;
    let draft = world.draft("a");
    let intent = world.prepare(&channel, draft).await.unwrap();
    let elsewhere = |method| {
        let change = |status, mut answer: Value| {
            answer["uri"] = json!("at://did:plc:alice/app.bsky.feed.post/3jzfcijpj2z2a");
            Raw { status, headers: Vec::new(), body: text(&answer).into_bytes() }
        };
        world.server.next(method, Scripted::DoAndChange(Box::new(change)));
    };
    let scope = world.app.scope(world.owner.workspace);
    elsewhere("repo.putRecord");
    match publishing::send::<Bluesky>(&scope, &channel, &intent).await {
        Err(PublishError::Unknown { code, .. }) => assert_eq!(code, "platform_answer_malformed"),
        other => panic!("{other:?}"),
    }
    elsewhere("repo.getRecord");
    match publishing::reconcile::<Bluesky>(&scope, &channel, &intent, world.app.now()).await {
        Err(PublishError::NotNow { code, .. }) => assert_eq!(code, "platform_answer_malformed"),
        other => panic!("{other:?}"),
    }
    assert!(publishing::reconcile::<Bluesky>(&scope, &channel, &intent, world.app.now()).await.unwrap().is_some());
}
