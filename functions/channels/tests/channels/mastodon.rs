//! Mastodon: connecting by OAuth, publishing, and what is known after each failure.

mod options;

use channels::mastodon::Mastodon;
use channels::publishing::{Draft, Intent, PublishError};
use channels::routes::start_connection;
use serde_json::{Value, json};
use shared::kernel::time::{SignedDuration, Timestamp};
use shared::testing::{Request, TestApp};
use test_support::scripted_http::{Raw, Scripted, text};
use test_support::scripted_mastodon::{Limits, ScriptedMastodon, refusal};

use crate::oauth::{Connected, OauthServer, Place, code, picture};

impl OauthServer for ScriptedMastodon {
    type Adapter = Mastodon;

    fn connection(&self) -> Value {
        json!({ "platform": "mastodon", "service": self.url })
    }

    fn agree(&self, name: &str, url: &str) -> (String, String) {
        self.authorize_as(name, url).unwrap()
    }

    fn set_clock(&self, now: Timestamp) {
        self.move_to(now);
    }
}

async fn place() -> Place<ScriptedMastodon> {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let server = ScriptedMastodon::start(app.now());
    Place { app, owner, server }
}

async fn connected() -> Connected<ScriptedMastodon> {
    Connected::at(place().await).await
}

fn texts(at: &Connected<ScriptedMastodon>) -> Vec<String> {
    at.place.server.statuses().into_iter().map(|status| status.text).collect()
}

#[tokio::test]
async fn an_account_is_connected_once_it_is_chosen() {
    let at = place().await;
    let begun = at.start().await;
    assert_eq!((&begun["state"], &begun["accounts"]), (&json!("started"), &json!([])));
    let (code, state) = at.server.authorize(begun["authorization_url"].as_str().unwrap()).unwrap();
    let id = begun["id"].as_str().unwrap();
    let body = json!({ "code": code, "state": state });
    assert_eq!(at.choose(id, "mastodon.example/109").await.expect(409).body["code"], "connection_not_complete");
    let offered = at.complete(id, &body).await.expect(200).body;
    assert_eq!(at.choose(id, "mastodon.example/109").await.expect(422).body["code"], "account_not_offered");
    let host = at.server.url.trim_start_matches("http://").to_owned();
    let account = json!({ "account_id": format!("{host}/109"), "handle": format!("@alice@{host}") });
    assert_eq!((&offered["state"], &offered["accounts"]), (&json!("offered"), &json!([account])));
    assert_eq!(offered["authorization_url"], json!(null), "the state is shown once");
    assert_eq!(at.get(id).await.expect(200).body, offered);
    let channel = at.choose(id, &format!("{host}/109")).await.expect(201).body;
    assert_eq!((&channel["platform"], &channel["handle"]), (&json!("mastodon"), &account["handle"]));
    assert_eq!(channel["guarantee"], json!({ "kind": "exactly_once", "for_s": 3600 }));
    assert_eq!(channel["limits"]["text"], json!([{ "measure": "mastodon", "most": 500 }]));
    at.get(id).await.expect(404);
}

#[tokio::test]
async fn a_channel_has_the_limits_of_its_server() {
    let at = place().await;
    at.server.set_limits(Limits { max_characters: 5_000, max_media_attachments: 16, ..Limits::default() });
    let limits = at.connected("alice").await["limits"].clone();
    assert_eq!((&limits["text"][0]["most"], &limits["pictures"]), (&json!(5_000), &json!(16)));
    at.server.set_limits(Limits { characters_reserved_per_url: 0, ..Limits::default() });
    let limits = at.connected("alice").await["limits"].clone();
    assert_eq!(limits["text"], json!([{ "measure": "graphemes", "most": 500 }]), "links are not counted as 23 there");
}

#[tokio::test]
async fn a_handle_has_the_domain_that_the_server_states() {
    for (stated, handle) in [("example.com", "@alice@example.com"), ("evil.example/@bob", "")] {
        let at = place().await;
        let change = move |status, mut answer: Value| {
            answer["domain"] = json!(stated);
            Raw { status, headers: Vec::new(), body: text(&answer).into_bytes() }
        };
        at.server.next("GET /api/v2/instance", Scripted::DoAndChange(Box::new(change)));
        let own = format!("@alice@{}", at.server.url.trim_start_matches("http://"));
        let expected = if handle.is_empty() { own.as_str() } else { handle };
        assert_eq!(at.connected("alice").await["handle"], expected);
    }
}

#[tokio::test]
async fn a_code_counts_once_for_the_caller_who_began_with_the_right_state() {
    let at = place().await;
    let (id, body) = at.agreed("alice").await;
    let wrong = json!({ "code": body["code"], "state": "x".repeat(43) });
    assert_eq!(at.complete(&id, &wrong).await.expect(422).body["code"], "connection_state_wrong");
    let admin = at.app.join(at.owner.workspace, shared::tenancy::Role::Admin).await.unwrap();
    assert_eq!(at.complete_as(&admin, &id, &body).await.expect(422).body["code"], "connection_state_wrong");
    assert_eq!(at.server.calls("POST /oauth/token").len(), 0, "a refused caller's code was redeemed");
    at.complete(&id, &body).await.expect(200);
    assert_eq!(at.complete(&id, &body).await.expect(409).body["code"], "connection_used");
    assert_eq!(at.server.calls("POST /oauth/token").len(), 1);
    // A code of another connection does not match this one's verifier.
    let (mine, _) = at.agreed("alice").await;
    let (_, theirs) = at.agreed("bob").await;
    let body = json!({ "code": theirs["code"], "state": theirs["state"] });
    assert_eq!(at.complete(&mine, &body).await.expect(422).body["code"], "connection_state_wrong");
}

#[tokio::test]
async fn a_connection_after_ten_minutes_is_refused() {
    let at = place().await;
    let (id, body) = at.agreed("alice").await;
    at.advance(SignedDuration::from_mins(10));
    assert_eq!(at.complete(&id, &body).await.expect(409).body["code"], "connection_expired");
    assert_eq!(at.server.calls("POST /oauth/token").len(), 0);
}

#[tokio::test]
async fn a_refused_code_names_the_servers_error() {
    let at = place().await;
    let (id, body) = at.agreed("alice").await;
    let body = json!({ "code": "other", "state": body["state"] });
    let refused = at.complete(&id, &body).await.expect(422).body;
    assert_eq!((&refused["code"], &refused["errors"][0]["field"]), (&json!("connection_code_refused"), &json!("code")));
    assert!(refused["detail"].as_str().unwrap().starts_with("The server says: invalid_grant"), "{refused}");
}

#[tokio::test]
async fn an_account_that_is_connected_again_keeps_its_channel_and_its_old_token_ends() {
    let at = place().await;
    let first = at.connected("alice").await;
    let again = at.connected("alice").await;
    assert_eq!(first["id"], again["id"]);
    assert_ne!(at.connected("bob").await["id"], first["id"]);
    let ended =
        at.app.outbox::<channels::jobs::end_channel_session::EndChannelSession>(&at.owner.outbox()).await.unwrap();
    assert_eq!((ended.len(), at.server.live_tokens().len()), (1, 3));
    at.app.deliver(&channels::jobs::end_channel_session::FUNCTION, &ended).await.unwrap();
    assert_eq!(at.server.live_tokens().len(), 2);
}

#[tokio::test]
async fn tokens_of_an_unfinished_connection_are_revoked() {
    let at = place().await;
    let (id, body) = at.agreed("alice").await;
    at.complete(&id, &body).await.expect(200);
    at.advance(SignedDuration::from_mins(9));
    at.app.run(&channels::jobs::expire_connections::FUNCTION, json!({ "scheduled_time": at.app.now() })).await.unwrap();
    at.get(&id).await.expect(200);
    at.advance(SignedDuration::from_mins(1));
    at.app.run(&channels::jobs::expire_connections::FUNCTION, json!({ "scheduled_time": at.app.now() })).await.unwrap();
    at.get(&id).await.expect(404);
    let ended =
        at.app.outbox::<channels::jobs::end_channel_session::EndChannelSession>(&at.owner.outbox()).await.unwrap();
    at.app.deliver(&channels::jobs::end_channel_session::FUNCTION, &ended).await.unwrap();
    assert_eq!(at.server.live_tokens(), Vec::<String>::new());
}

#[tokio::test]
async fn bluesky_is_not_connected_by_oauth() {
    let at = place().await;
    let request = Request::to(&start_connection::FUNCTION).by(&at.owner).json(json!({ "platform": "bluesky" }));
    assert_eq!(at.app.call(request).await.expect(422).body["errors"][0]["field"], "platform");
    let request = Request::to(&start_connection::FUNCTION).by(&at.owner).json(json!({ "platform": "mastodon" }));
    assert_eq!(at.app.call(request).await.expect(422).body["errors"][0]["field"], "service");
}

#[tokio::test]
async fn a_status_with_pictures_is_prepared_invisibly_and_sent_once() {
    let at = connected().await;
    at.place.server.process_for(2);
    let pictures = vec![picture("one"), picture("two")];
    let intent = at.prepare(Draft { pictures, ..at.draft("Hello @bob #hi https://example.com") }).await.unwrap();
    assert_eq!(texts(&at), Vec::<String>::new());
    let stored: Intent = serde_json::from_str(&serde_json::to_string(&intent).unwrap()).unwrap();
    let published = at.send(&stored).await.unwrap();
    assert_eq!(at.send(&stored).await.unwrap(), published, "a repeat is another status");
    let statuses = at.place.server.statuses();
    assert_eq!(statuses.len(), 1);
    assert_eq!((&statuses[0].id, &statuses[0].url), (&published.id, &published.url));
    assert_eq!(statuses[0].descriptions, [Some("one".to_owned()), Some("two".to_owned())]);
    assert_eq!(at.reconcile(&stored, at.place.app.now()).await.unwrap(), Some(published));
}

#[tokio::test]
async fn after_a_lost_response_the_status_is_found_and_not_repeated() {
    let at = connected().await;
    let since = at.place.app.now();
    let intent = at.prepare(at.draft("once")).await.unwrap();
    at.place.server.next("POST /api/v1/statuses", Scripted::DoAndBreak);
    assert_eq!(code(at.send(&intent).await).0, "unknown");
    // The server forgot the key, as it does after an hour, or if it died before it stored it.
    at.place.advance(SignedDuration::from_hours(2));
    let found = at.reconcile(&intent, since).await.unwrap().unwrap();
    assert_eq!(at.place.server.statuses()[0].id, found.id);
}

#[tokio::test]
async fn only_the_own_status_counts_as_published() {
    let at = connected().await;
    let server = &at.place.server;
    at.send(&at.prepare(Draft { post: [9; 16], ..at.draft("the same") }).await.unwrap()).await.unwrap();
    at.place.advance(SignedDuration::from_mins(5));
    let since = at.place.app.now();
    let intent = at.prepare(at.draft("the same")).await.unwrap();
    assert_eq!(at.reconcile(&intent, since).await.unwrap(), None, "the status of an earlier post counted");
    server.write_by_hand("alice", "the same");
    server.write_by_hand("alice", "another");
    assert_eq!(at.reconcile(&intent, since).await.unwrap(), None, "a status of the web interface counted");
    let published = at.send(&intent).await.unwrap();
    server.write_by_hand("alice", "newest");
    assert_eq!(at.reconcile(&intent, since).await.unwrap(), Some(published));
}

#[tokio::test]
async fn a_search_reads_every_status_since_the_send_and_gives_up_after_200() {
    let at = connected().await;
    let since = at.place.app.now();
    let intent = at.prepare(at.draft("old")).await.unwrap();
    let published = at.send(&intent).await.unwrap();
    for number in 0..199 {
        at.place.server.write_by_hand("alice", &number.to_string());
    }
    assert_eq!(at.reconcile(&intent, since).await.unwrap(), Some(published));
    at.place.server.write_by_hand("alice", "one more");
    assert_eq!(code(at.reconcile(&intent, since).await), ("not now", "too_many_statuses".to_owned()));
}

#[tokio::test]
async fn an_edited_post_is_not_taken_for_its_earlier_text() {
    let at = connected().await;
    let first = at.send(&at.prepare(at.draft("first")).await.unwrap()).await.unwrap();
    let second = at.send(&at.prepare(at.draft("second")).await.unwrap()).await.unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(texts(&at), ["first", "second"]);
}

#[tokio::test]
async fn each_answer_of_the_server_has_its_meaning() {
    let at = connected().await;
    let intent = at.prepare(at.draft("text")).await.unwrap();
    for (scripted, known, name) in [
        (refusal(500, "Something went wrong"), "unknown", "HTTP 500"),
        (refusal(503, "Service unavailable"), "unknown", "HTTP 503"),
        (Scripted::Answer(200, json!("<html>")), "unknown", "platform_answer_malformed"),
        (refusal(422, "Validation failed: Text can't be blank"), "refused", "HTTP 422"),
        (refusal(403, "This action is not allowed"), "refused", "HTTP 403"),
        (Scripted::Break, "unknown", "platform_timed_out"),
    ] {
        at.place.server.next("POST /api/v1/statuses", scripted);
        assert_eq!(code(at.send(&intent).await), (known, name.to_owned()));
    }
    let reset = (at.place.app.now() + SignedDuration::from_secs(90)).to_string();
    let limited =
        Scripted::AnswerWith(429, vec![("x-ratelimit-reset", reset)], json!({ "error": "Too many requests" }));
    at.place.server.next("POST /api/v1/statuses", limited);
    let Err(PublishError::NotNow { retry_after_s, .. }) = at.send(&intent).await else { panic!("the status was sent") };
    assert_eq!(retry_after_s, 90);
    assert_eq!(texts(&at), Vec::<String>::new());
}

#[tokio::test]
async fn a_status_of_another_account_is_no_publication() {
    let at = connected().await;
    let intent = at.prepare(at.draft("text")).await.unwrap();
    let status =
        json!({ "id": "1", "created_at": "2026-03-01T08:30:00.000Z", "url": null, "account": { "id": "110" } });
    at.place.server.next("POST /api/v1/statuses", Scripted::Answer(200, status));
    assert_eq!(code(at.send(&intent).await), ("unknown", "platform_answer_malformed".to_owned()));
}

#[tokio::test]
async fn a_withdrawn_authorisation_disconnects_the_channel_at_once() {
    let at = connected().await;
    let intent = at.prepare(at.draft("text")).await.unwrap();
    at.place.server.remove_apps_of("alice");
    assert_eq!(code(at.send(&intent).await).0, "disconnected");
    let channel = at.channel().await;
    assert!(matches!(channel.connection, channels::Connection::NeedsReauthorisation { .. }), "{channel:?}");
    assert_eq!(code(at.send(&intent).await).0, "disconnected");
    assert_eq!(at.place.server.calls("POST /api/v1/statuses").len(), 1, "a disconnected channel was called");
}
