//! Threads: connecting with the operator's app, containers, and what is known after each failure.

use channels::Adapter;
use channels::routes::start_connection;
use channels::threads::Threads;
use serde_json::{Value, json};
use shared::kernel::time::Timestamp;
use shared::testing::{Request, Response, TestApp};
use test_support::scripted_http::Scripted;
use test_support::scripted_threads::{CLIENT_ID, CLIENT_SECRET, HOST, ScriptedThreads};

use crate::containers::{self, MetaServer};
use crate::oauth::{Connected, OauthServer, Place};

impl OauthServer for ScriptedThreads {
    type Adapter = Threads;

    fn connection(&self) -> Value {
        json!({ "platform": Threads::NAME })
    }

    fn agree(&self, name: &str, url: &str) -> (String, String) {
        self.authorize_as(name, url).unwrap()
    }

    fn set_clock(&self, now: Timestamp) {
        self.move_to(now);
    }
}

impl MetaServer for ScriptedThreads {
    const CREATE: &'static str = "POST /{threads-user-id}/threads";
    const PUBLISH: &'static str = "POST /{threads-user-id}/threads_publish";
    const APP: (&'static str, &'static str) = (CLIENT_ID, CLIENT_SECRET);
    const HOSTS: &'static [&'static str] = &[HOST];
    const PICTURES: &'static [&'static str] = &[];

    fn start(app: &TestApp) -> Self {
        Self::start(app.now())
    }
}

/// The answer that completes a connection of alice.
async fn completed(at: &Place<ScriptedThreads>) -> Response {
    let (id, body) = at.agreed("alice").await;
    at.complete(&id, &body).await
}

#[tokio::test]
async fn an_account_is_connected_with_a_token_of_sixty_days() {
    let at = Place::<ScriptedThreads>::new().await;
    let channel = at.connected("alice").await;
    assert_eq!((&channel["platform"], &channel["handle"]), (&json!("threads"), &json!("@alice")));
    assert_eq!(channel["limits"]["text"], json!([{ "measure": "threads", "most": 500 }]));
    assert_eq!(channel["guarantee"]["kind"], "reconcile_then_retry");
    let codes: Vec<_> = at.server.calls("POST /oauth/access_token").into_iter().collect();
    assert!(!codes[0].parameters["code"].ends_with("#_"), "the end of the address is no part of the code");
}

#[tokio::test]
async fn a_platform_without_an_app_of_the_operator_is_not_offered() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let body = json!({ "platform": "threads" });
    let answer = app.call(Request::to(&start_connection::FUNCTION).by(&owner).json(body)).await;
    assert_eq!(answer.expect(422).body["code"], "platform_not_offered");
}

#[tokio::test]
async fn a_service_is_refused_because_threads_has_one() {
    let at = Place::<ScriptedThreads>::new().await;
    let answer = at.begin(json!({ "platform": "threads", "service": "https://threads.com" })).await.expect(422).body;
    assert_eq!(answer["errors"][0]["field"], "service");
}

#[tokio::test]
async fn a_token_of_another_account_than_the_codes_is_refused() {
    let at = Place::<ScriptedThreads>::new().await;
    at.server.next("GET /me", Scripted::Answer(200, json!({ "id": "1", "username": "mallory" })));
    assert_eq!(completed(&at).await.expect(502).body["code"], "platform_answer_malformed");
}

#[tokio::test]
async fn a_text_is_prepared_in_steps_and_published() {
    let at = Connected::<ScriptedThreads>::new().await;
    let (intent, waited_s) = at.ready("Hello", &[]).await.unwrap();
    assert_eq!((waited_s, at.texts().len()), (0, 0), "a preparation is invisible");
    assert_eq!(at.reconcile(&intent, at.place.app.now()).await.unwrap(), None);
    let published = at.send(&intent).await.unwrap();
    assert_eq!(at.texts(), ["Hello"]);
    assert!(published.url.starts_with("https://www.threads.com/@"), "{}", published.url);
    assert_eq!(at.reconcile(&intent, at.place.app.now()).await.unwrap(), Some(published));
}

#[tokio::test]
async fn several_pictures_are_a_carousel_in_their_order() {
    let at = Connected::<ScriptedThreads>::new().await;
    let (intent, _) = at.ready("Walls", &["wall", "door", "roof"]).await.unwrap();
    at.send(&intent).await.unwrap();
    let post = &at.place.server.posts()[0];
    let order: Vec<_> = post.pictures.iter().map(|url| url.split(['/', '?']).nth(3).unwrap()).collect();
    assert_eq!((post.text.as_str(), order), ("Walls", vec!["wall", "door", "roof"]));
    let calls = at.place.server.calls(ScriptedThreads::CREATE);
    assert_eq!(calls.len(), 4);
    assert_eq!(calls[0].parameters["alt_text"], "A wall");
    let (intent, _) = at.ready("One", &["wall"]).await.unwrap();
    at.send(&intent).await.unwrap();
    assert_eq!(at.place.server.posts()[1].pictures.len(), 1);
}

#[tokio::test]
async fn a_container_that_is_in_progress_is_asked_for_again() {
    containers::a_container_in_progress::<ScriptedThreads>().await;
}

#[tokio::test]
async fn a_container_that_failed_or_expired_is_never_published() {
    containers::a_failed_or_expired_container::<ScriptedThreads>("FAILED_DOWNLOADING_MEDIA").await;
}

#[tokio::test]
async fn a_container_that_is_already_published_is_held() {
    containers::a_published_container::<ScriptedThreads>().await;
}

#[tokio::test]
async fn a_lost_answer_is_reconciled_by_the_container() {
    containers::a_lost_answer::<ScriptedThreads>().await;
}

#[tokio::test]
async fn a_second_post_with_the_same_text_is_not_taken_for_ours() {
    containers::a_second_post_with_the_same_text::<ScriptedThreads>().await;
}

#[tokio::test]
async fn a_lost_permalink_does_not_unpublish_the_post() {
    containers::a_lost_permalink::<ScriptedThreads>("https://www.threads.com/@alice").await;
}

#[tokio::test]
async fn an_error_of_the_platform_is_understood_by_its_number() {
    containers::errors_by_their_numbers::<ScriptedThreads>().await;
}

#[tokio::test]
async fn an_error_before_anything_is_visible_is_retried() {
    containers::an_error_before_anything_is_visible::<ScriptedThreads>().await;
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    containers::a_token_before_it_expires::<ScriptedThreads>().await;
}
