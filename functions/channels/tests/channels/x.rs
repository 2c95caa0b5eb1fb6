//! X: connecting with the operator's app, publishing, and what is known after each failure.

use channels::jobs::end_channel_session::{self, EndChannelSession};
use channels::jobs::refresh_channel_tokens;
use channels::publishing::{self, Draft, Intent, Picture, PublishError, Published};
use channels::routes::{choose_account, complete_connection, disconnect_channel, start_connection};
use channels::x::X;
use channels::{Channel, ChannelId, Connection};
use serde_json::{Value, json};
use shared::kernel::time::{SignedDuration, Timestamp};
use shared::tenancy::Tenant;
use shared::testing::{Person, Request, Response, TestApp};
use test_support::scripted_http::Scripted;
use test_support::scripted_x::{HOST, ScriptedX, basic, problem};

const TOKEN: &str = "POST /2/oauth2/token";

/// A workspace of an operator with an app on X.
struct Place {
    app: TestApp,
    owner: Person,
    server: ScriptedX,
}

impl Place {
    /// Without an app.
    async fn bare() -> Self {
        let app = TestApp::new();
        let owner = app.owner().await.unwrap();
        let server = ScriptedX::start(app.now());
        app.simulate_host(HOST, server.url.clone());
        Self { app, owner, server }
    }

    async fn new() -> Self {
        let at = Self::bare().await;
        at.server.register("one", "secret of one");
        at.app.put_platform_app("x", "one", "secret of one").unwrap();
        at
    }

    async fn begin(&self, body: Value) -> Response {
        self.app.call(Request::to(&start_connection::FUNCTION).by(&self.owner).json(body)).await
    }

    async fn start(&self) -> Value {
        self.begin(json!({ "platform": "x" })).await.expect(201).body
    }

    /// Starts a connection that a person agrees to: its id, and the body that completes it.
    async fn agreed(&self) -> (String, Value) {
        let begun = self.start().await;
        let (code, state) = self.server.authorize("alice", begun["authorization_url"].as_str().unwrap()).unwrap();
        (begun["id"].as_str().unwrap().to_owned(), json!({ "code": code, "state": state }))
    }

    async fn complete(&self, id: &str, body: &Value) -> Response {
        let request = Request::to(&complete_connection::FUNCTION).by(&self.owner).path("connection_id", id);
        self.app.call(request.json(body.clone())).await
    }

    async fn connected(&self) -> Value {
        let (id, body) = self.agreed().await;
        let offered = self.complete(&id, &body).await.expect(200).body;
        let request = Request::to(&choose_account::FUNCTION).by(&self.owner).path("connection_id", &id);
        let chosen = json!({ "account_id": offered["accounts"][0]["account_id"] });
        self.app.call(request.json(chosen)).await.expect(201).body
    }

    fn advance(&self, by: SignedDuration) {
        self.app.advance(by);
        self.server.move_to(self.app.now());
    }
}

struct Connected {
    place: Place,
    scope: Tenant,
    id: ChannelId,
}

impl Connected {
    async fn new() -> Self {
        let place = Place::new().await;
        let id = place.connected().await["id"].as_str().unwrap().parse().unwrap();
        let scope = place.app.scope(place.owner.workspace);
        Self { place, scope, id }
    }

    async fn channel(&self) -> Channel {
        self.scope.get::<Channel>(&self.id).await.unwrap().into_inner()
    }

    fn draft(&self, text: &str) -> Draft {
        Draft {
            text: text.to_owned(),
            options: None,
            pictures: Vec::new(),
            created_at: self.place.app.now(),
            post: [7; 16],
        }
    }

    async fn prepare(&self, draft: Draft) -> Result<Intent, PublishError> {
        crate::prepared::<X>(&self.scope, &self.channel().await, draft).await
    }

    async fn send(&self, intent: &Intent) -> Result<Published, PublishError> {
        publishing::send::<X>(&self.scope, &self.channel().await, intent).await
    }

    async fn reconcile(&self, intent: &Intent, since: Timestamp) -> Result<Option<Published>, PublishError> {
        publishing::reconcile::<X>(&self.scope, &self.channel().await, intent, since).await
    }
}

fn picture(alt_text: &str) -> Picture {
    let (bytes, content_type) = (alt_text.as_bytes().to_vec(), "image/png".to_owned());
    Picture { bytes, content_type, alt_text: alt_text.to_owned(), width: 4, height: 3 }
}

#[track_caller]
fn code(result: Result<impl std::fmt::Debug, PublishError>) -> (&'static str, String) {
    match result {
        Err(PublishError::Refused { code, .. }) => ("refused", code),
        Err(PublishError::NotNow { code, .. }) => ("not now", code),
        Err(PublishError::Unknown { code, .. }) => ("unknown", code),
        Err(PublishError::Disconnected { code, .. }) => ("disconnected", code),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_platform_without_the_operators_app_is_not_offered() {
    let at = Place::bare().await;
    let refused = at.begin(json!({ "platform": "x" })).await.expect(422).body;
    assert_eq!(
        (&refused["code"], &refused["errors"][0]["field"]),
        (&json!("platform_not_offered"), &json!("platform"))
    );
    at.server.register("one", "secret of one");
    at.app.put_platform_app("x", "one", "secret of one").unwrap();
    at.advance(SignedDuration::from_mins(5));
    at.start().await;
}

#[tokio::test]
async fn an_account_is_connected_with_the_operators_app() {
    let at = Place::new().await;
    let refused = at.begin(json!({ "platform": "x", "service": "https://x.com" })).await.expect(422).body;
    assert_eq!(refused["errors"][0]["field"], "service");
    let channel = at.connected().await;
    assert_eq!((&channel["platform"], &channel["handle"]), (&json!("x"), &json!("@alice")));
    assert_eq!((&channel["account_id"], &channel["service"]), (&json!("2244994945"), &json!("https://x.com")));
    assert_eq!(channel["guarantee"], json!({ "kind": "reconcile_then_retry", "window_s": 120 }));
    assert_eq!(channel["limits"]["text"], json!([{ "measure": "x", "most": 280 }]));
    assert_eq!(at.server.calls(TOKEN)[0].authorization, basic("one", "secret of one"));
}

#[tokio::test]
async fn a_connection_and_a_channel_go_on_with_the_app_that_they_began_with() {
    let at = Place::new().await;
    let (id, body) = at.agreed().await;
    at.server.register("two", "secret of two");
    at.app.put_platform_app("x", "two", "secret of two").unwrap();
    at.app.forget_warm();
    let offered = at.complete(&id, &body).await.expect(200).body;
    let request = Request::to(&choose_account::FUNCTION).by(&at.owner).path("connection_id", &id);
    let chosen = json!({ "account_id": offered["accounts"][0]["account_id"] });
    let channel: ChannelId =
        at.app.call(request.json(chosen)).await.expect(201).body["id"].as_str().unwrap().parse().unwrap();
    assert!(at.start().await["authorization_url"].as_str().unwrap().contains("client_id=two"));
    at.advance(SignedDuration::from_mins(119));
    let scope = at.app.scope(at.owner.workspace);
    channels::renewal::access::<X>(&scope, channel, None).await.unwrap();
    let used: Vec<String> = at.server.calls(TOKEN).into_iter().map(|call| call.authorization).collect();
    assert_eq!(used, [basic("one", "secret of one"), basic("one", "secret of one")]);
}

#[tokio::test]
async fn a_refused_code_names_the_platforms_error() {
    let at = Place::new().await;
    let (id, body) = at.agreed().await;
    at.advance(SignedDuration::from_secs(30));
    let refused = at.complete(&id, &body).await.expect(422).body;
    assert_eq!(refused["code"], "connection_code_refused");
    assert!(refused["detail"].as_str().unwrap().contains("authorization code was invalid"), "{refused}");
    // The operator's mistake is not the person's.
    let (id, body) = at.agreed().await;
    at.server.register("one", "another secret");
    assert_eq!(at.complete(&id, &body).await.expect(502).body["code"], "platform_failed");
}

#[tokio::test]
async fn a_disconnected_channel_ends_its_session() {
    let at = Connected::new().await;
    assert_eq!(at.place.server.live_sessions(), 1);
    let (app, owner) = (&at.place.app, &at.place.owner);
    app.call(Request::to(&disconnect_channel::FUNCTION).by(owner).path("channel_id", at.id)).await.expect(204);
    let ended = app.outbox::<EndChannelSession>(&owner.outbox()).await.unwrap();
    app.deliver(&end_channel_session::FUNCTION, &ended).await.unwrap();
    assert_eq!(at.place.server.live_sessions(), 0);
}

#[tokio::test]
async fn tokens_are_rotated_and_a_withdrawn_session_needs_a_person() {
    let at = Connected::new().await;
    for round in 1..=3 {
        at.place.advance(SignedDuration::from_hours(3));
        at.send(&at.prepare(at.draft(&format!("round {round}"))).await.unwrap()).await.unwrap();
    }
    let presented: Vec<_> =
        at.place.server.calls(TOKEN)[1..].iter().map(|call| call.form["refresh_token"].clone()).collect();
    assert_eq!(presented.len(), 3);
    assert_eq!(presented.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{presented:?}");
    at.place.server.withdraw();
    assert_eq!(code(at.send(&at.prepare(at.draft("more")).await.unwrap()).await).0, "disconnected");
    assert!(matches!(at.channel().await.connection, Connection::NeedsReauthorisation { .. }));
}

#[tokio::test]
async fn a_lost_answer_to_a_renewal_needs_a_person_and_no_third_call() {
    let at = Connected::new().await;
    at.place.advance(SignedDuration::from_hours(3));
    at.place.server.next(TOKEN, Scripted::DoAndBreak);
    let intent = at.prepare(at.draft("a")).await.unwrap();
    assert_eq!(code(at.send(&intent).await).0, "not now");
    assert_eq!(at.channel().await.connection, Connection::Connected);
    for _ in 0..3 {
        at.place.advance(SignedDuration::from_mins(1));
        at.place.app.tick(&refresh_channel_tokens::FUNCTION).await.unwrap();
    }
    assert!(matches!(at.channel().await.connection, Connection::NeedsReauthorisation { .. }));
    assert_eq!(at.place.server.calls(TOKEN).len(), 3, "the code, the lost renewal, and its repeat");
}

#[tokio::test]
async fn a_post_with_pictures_is_prepared_invisibly_and_sent_once() {
    let at = Connected::new().await;
    let pictures = vec![picture("one"), picture("two")];
    let text = "Fish & chips <3 https://example.com/a?b=c and shop.example";
    let intent = at.prepare(Draft { pictures, ..at.draft(text) }).await.unwrap();
    assert!(at.place.server.posts().is_empty());
    let since = at.place.app.now();
    let stored: Intent = serde_json::from_str(&serde_json::to_string(&intent).unwrap()).unwrap();
    let published = at.send(&stored).await.unwrap();
    let posts = at.place.server.posts();
    assert_eq!((posts.len(), posts[0].text.as_str(), &posts[0].id), (1, text, &published.id));
    assert_eq!(posts[0].descriptions, [Some("one".to_owned()), Some("two".to_owned())]);
    assert_eq!(published.url, format!("https://x.com/i/web/status/{}", published.id));
    assert_eq!(
        at.reconcile(&stored, since).await.unwrap(),
        Some(published),
        "links, entities and pictures are recognised"
    );
}

#[tokio::test]
async fn after_a_lost_response_the_post_is_found_and_not_repeated() {
    let at = Connected::new().await;
    let since = at.place.app.now();
    let intent = at.prepare(at.draft("once")).await.unwrap();
    at.place.server.next("POST /2/tweets", Scripted::DoAndBreak);
    assert_eq!(code(at.send(&intent).await).0, "unknown");
    at.place.advance(SignedDuration::from_mins(3));
    let found = at.reconcile(&intent, since).await.unwrap().unwrap();
    assert_eq!(at.place.server.posts()[0].id, found.id);
    at.place.server.next("POST /2/tweets", Scripted::Break);
    let intent = at.prepare(at.draft("never")).await.unwrap();
    assert_eq!(code(at.send(&intent).await).0, "unknown");
    assert_eq!(at.reconcile(&intent, since).await.unwrap(), None);
}

#[tokio::test]
async fn only_the_own_post_counts_as_published() {
    let at = Connected::new().await;
    let server = &at.place.server;
    server.write_by_hand("alice", "the same");
    at.place.advance(SignedDuration::from_hours(1));
    let since = at.place.app.now();
    let intent = at.prepare(at.draft("the same")).await.unwrap();
    assert_eq!(at.reconcile(&intent, since).await.unwrap(), None, "a post before the first send counted");
    for other in ["the same!", "The same", "the same https://example.com/"] {
        server.write_by_hand("alice", other);
    }
    server.write_by_hand("bob", "the same");
    assert_eq!(at.reconcile(&intent, since).await.unwrap(), None);
    let pictures = vec![picture("one")];
    let pictured = at.prepare(Draft { pictures, ..at.draft("the same") }).await.unwrap();
    let published = at.send(&pictured).await.unwrap();
    assert_eq!(at.reconcile(&intent, since).await.unwrap(), None, "a post with a picture counted");
    assert_eq!(at.reconcile(&pictured, since).await.unwrap(), Some(published));
}

#[tokio::test]
async fn a_search_reads_every_post_since_the_send_and_gives_up_after_500() {
    let at = Connected::new().await;
    let since = at.place.app.now();
    let intent = at.prepare(at.draft("old")).await.unwrap();
    let published = at.send(&intent).await.unwrap();
    for number in 0..499 {
        at.place.server.write_by_hand("alice", &number.to_string());
    }
    assert_eq!(at.reconcile(&intent, since).await.unwrap(), Some(published));
    at.place.server.write_by_hand("alice", "one more");
    assert_eq!(code(at.reconcile(&intent, since).await), ("not now", "too_many_posts".to_owned()));
}

#[tokio::test]
async fn each_answer_of_the_platform_has_its_meaning() {
    let at = Connected::new().await;
    let intent = at.prepare(at.draft("text")).await.unwrap();
    for (scripted, known, name) in [
        (problem(500, "Internal Server Error", "x"), "unknown", "Internal Server Error"),
        (problem(503, "Service Unavailable", "x"), "unknown", "Service Unavailable"),
        (Scripted::Answer(201, json!("<html>")), "unknown", "platform_answer_malformed"),
        (problem(429, "Too Many Requests", "x"), "not now", "Too Many Requests"),
        (
            problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content."),
            "refused",
            "Forbidden",
        ),
        (problem(400, "Invalid Request", "x"), "refused", "Invalid Request"),
    ] {
        at.place.server.next("POST /2/tweets", scripted);
        assert_eq!(code(at.send(&intent).await), (known, name.to_owned()));
    }
    for scripted in [Scripted::Break, Scripted::DoAndBreak, problem(503, "Service Unavailable", "x")] {
        at.place.server.next("POST /2/media/upload", scripted);
        let pictures = vec![picture("one")];
        assert_eq!(code(at.prepare(Draft { pictures, ..at.draft("text") }).await).0, "not now");
    }
    assert_eq!(at.channel().await.connection, Connection::Connected);
    let detail = "Your account is suspended and is not permitted to access this feature.";
    at.place.server.next("POST /2/tweets", problem(403, "Forbidden", detail));
    assert_eq!(code(at.send(&intent).await).0, "disconnected");
    assert!(matches!(at.channel().await.connection, Connection::NeedsReauthorisation { .. }));
}

#[tokio::test]
async fn a_text_over_280_weighted_characters_is_refused_before_any_call() {
    let at = Connected::new().await;
    at.prepare(at.draft(&"日".repeat(140))).await.unwrap();
    assert_eq!(code(at.prepare(at.draft(&"日".repeat(141))).await), ("refused", "text_over_limit".to_owned()));
    at.prepare(at.draft(&format!("https://example.com/{} {}", "a".repeat(300), "b".repeat(256)))).await.unwrap();
}
