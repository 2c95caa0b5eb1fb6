//! X: connecting with the operator's app, publishing, and what is known after each failure.

use channels::jobs::end_channel_session::{self, EndChannelSession};
use channels::jobs::refresh_channel_tokens;
use channels::publishing::{Draft, Intent};
use channels::routes::{choose_account, disconnect_channel};
use channels::x::X;
use channels::{ChannelId, Connection};
use serde_json::{Value, json};
use shared::kernel::time::{SignedDuration, Timestamp};
use shared::testing::{Request, TestApp};
use test_support::scripted_http::Scripted;
use test_support::scripted_x::{HOST, ScriptedX, basic, problem};

use crate::oauth::{Connected, OauthServer, Place, code, picture};

const TOKEN: &str = "POST /2/oauth2/token";

impl OauthServer for ScriptedX {
    type Adapter = X;

    fn connection(&self) -> Value {
        json!({ "platform": "x" })
    }

    fn agree(&self, name: &str, url: &str) -> (String, String) {
        self.authorize(name, url).unwrap()
    }

    fn set_clock(&self, now: Timestamp) {
        self.move_to(now);
    }
}

/// Without an app of the operator.
async fn bare() -> Place<ScriptedX> {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let server = ScriptedX::start(app.now());
    app.simulate_host(HOST, server.url.clone());
    Place { app, owner, server }
}

async fn place() -> Place<ScriptedX> {
    let at = bare().await;
    at.server.register("one", "secret of one");
    at.app.put_platform_app("x", "one", "secret of one").unwrap();
    at
}

async fn connected() -> Connected<ScriptedX> {
    Connected::at(place().await).await
}

#[tokio::test]
async fn a_platform_without_the_operators_app_is_not_offered() {
    let at = bare().await;
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
    let at = place().await;
    let refused = at.begin(json!({ "platform": "x", "service": "https://x.com" })).await.expect(422).body;
    assert_eq!(refused["errors"][0]["field"], "service");
    let channel = at.connected("alice").await;
    assert_eq!((&channel["platform"], &channel["handle"]), (&json!("x"), &json!("@alice")));
    assert_eq!((&channel["account_id"], &channel["service"]), (&json!("2244994945"), &json!("https://x.com")));
    assert_eq!(channel["guarantee"], json!({ "kind": "reconcile_then_retry", "window_s": 120 }));
    assert_eq!(channel["limits"]["text"], json!([{ "measure": "x", "most": 280 }]));
    assert_eq!(at.server.calls(TOKEN)[0].authorization, basic("one", "secret of one"));
}

#[tokio::test]
async fn a_connection_and_a_channel_go_on_with_the_app_that_they_began_with() {
    let at = place().await;
    let (id, body) = at.agreed("alice").await;
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
    let at = place().await;
    let (id, body) = at.agreed("alice").await;
    at.advance(SignedDuration::from_secs(30));
    let refused = at.complete(&id, &body).await.expect(422).body;
    assert_eq!(refused["code"], "connection_code_refused");
    assert!(refused["detail"].as_str().unwrap().contains("authorization code was invalid"), "{refused}");
    // The operator's mistake is not the person's.
    let (id, body) = at.agreed("alice").await;
    at.server.register("one", "another secret");
    assert_eq!(at.complete(&id, &body).await.expect(502).body["code"], "platform_failed");
}

#[tokio::test]
async fn a_disconnected_channel_ends_its_session() {
    let at = connected().await;
    assert_eq!(at.place.server.live_sessions(), 1);
    let (app, owner) = (&at.place.app, &at.place.owner);
    app.call(Request::to(&disconnect_channel::FUNCTION).by(owner).path("channel_id", at.id)).await.expect(204);
    let ended = app.outbox::<EndChannelSession>(&owner.outbox()).await.unwrap();
    app.deliver(&end_channel_session::FUNCTION, &ended).await.unwrap();
    assert_eq!(at.place.server.live_sessions(), 0);
}

#[tokio::test]
async fn tokens_are_rotated_and_a_withdrawn_session_needs_a_person() {
    let at = connected().await;
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
    let at = connected().await;
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
    let at = connected().await;
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
    let at = connected().await;
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
    let at = connected().await;
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
    let at = connected().await;
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
    let at = connected().await;
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
    let at = connected().await;
    at.prepare(at.draft(&"日".repeat(140))).await.unwrap();
    assert_eq!(code(at.prepare(at.draft(&"日".repeat(141))).await), ("refused", "text_over_limit".to_owned()));
    at.prepare(at.draft(&format!("https://example.com/{} {}", "a".repeat(300), "b".repeat(256)))).await.unwrap();
}
