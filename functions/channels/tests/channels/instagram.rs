//! Instagram: connecting with the operator's app, containers, its limits, and what is known after each failure.

use channels::adapter::Prepared;
use channels::instagram::Instagram;
use channels::publishing::{LinkedPicture, PublishError};
use channels::routes::start_connection;
use channels::{Adapter, Channel, ChannelId};
use serde_json::{Value, json};
use shared::kernel::time::Timestamp;
use shared::testing::{Request, Response, TestApp};
use test_support::scripted_http::Scripted;
use test_support::scripted_instagram::{CLIENT_ID, CLIENT_SECRET, CODE_HOST, HOST, ScriptedInstagram};

use crate::containers::{self, MetaServer, picture};
use crate::oauth::{Connected, OauthServer, Place, code};

impl OauthServer for ScriptedInstagram {
    type Adapter = Instagram;

    fn connection(&self) -> Value {
        json!({ "platform": Instagram::NAME })
    }

    fn agree(&self, name: &str, url: &str) -> (String, String) {
        self.authorize_as(name, url).unwrap()
    }

    fn set_clock(&self, now: Timestamp) {
        self.move_to(now);
    }
}

impl MetaServer for ScriptedInstagram {
    const CREATE: &'static str = "POST /{ig-user-id}/media";
    const PUBLISH: &'static str = "POST /{ig-user-id}/media_publish";
    const APP: (&'static str, &'static str) = (CLIENT_ID, CLIENT_SECRET);
    const HOSTS: &'static [&'static str] = &[HOST, CODE_HOST];
    const PICTURES: &'static [&'static str] = &["wall"];

    fn start(app: &TestApp) -> Self {
        Self::start(app.now())
    }
}

/// The answer that completes a connection of alice.
async fn completed(at: &Place<ScriptedInstagram>) -> Response {
    let (id, body) = at.agreed("alice").await;
    at.complete(&id, &body).await
}

#[tokio::test]
async fn an_account_is_connected_by_its_own_number_and_not_by_the_apps() {
    let at = Place::<ScriptedInstagram>::new().await;
    let channel = at.connected("alice").await;
    assert_eq!((&channel["platform"], &channel["handle"]), (&json!("instagram"), &json!("@alice")));
    assert_eq!(channel["guarantee"]["kind"], "reconcile_then_retry");
    assert_eq!(
        channel["limits"],
        json!({
            "text": [
                { "measure": "utf16_units", "most": 2_200 },
                { "measure": "hashtags", "most": 30 },
                { "measure": "mentions", "most": 20 },
            ],
            "least_pictures": 1,
            "pictures": 10,
            "picture_bytes": 8_000_000,
            "picture_types": ["image/jpeg"],
            "aspect_ratios": { "least_thousandths": 800, "most_thousandths": 1_910 },
            "alt_text": 1_000,
        })
    );
    let codes = at.server.calls("POST /oauth/access_token");
    assert!(!codes[0].parameters["code"].ends_with("#_"), "the end of the address is no part of the code");
    let id: ChannelId = channel["id"].as_str().unwrap().parse().unwrap();
    let stored = at.app.scope(at.owner.workspace).get::<Channel>(&id).await.unwrap().into_inner();
    assert_eq!(stored.account_id, "17841405822304914");
}

#[tokio::test]
async fn answers_that_are_not_in_a_list_are_read() {
    let at = Place::<ScriptedInstagram>::new().await;
    let profile = json!({ "id": "9900000000000001", "user_id": "17841405822304914", "username": "alice" });
    at.server.next("GET /me", Scripted::Answer(200, profile));
    completed(&at).await.expect(200);
}

#[tokio::test]
async fn a_token_of_another_account_than_the_codes_is_refused() {
    let at = Place::<ScriptedInstagram>::new().await;
    at.server.next("GET /me", Scripted::Answer(200, json!({ "id": "1", "user_id": "2", "username": "mallory" })));
    assert_eq!(completed(&at).await.expect(502).body["code"], "platform_answer_malformed");
}

#[tokio::test]
async fn without_an_app_or_with_a_service_nothing_is_started() {
    let at = Place::<ScriptedInstagram>::new().await;
    let body = json!({ "platform": "instagram", "service": "https://instagram.com" });
    assert_eq!(at.begin(body).await.expect(422).body["errors"][0]["field"], "service");
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let request = Request::to(&start_connection::FUNCTION).by(&owner).json(json!({ "platform": "instagram" }));
    assert_eq!(app.call(request).await.expect(422).body["code"], "platform_not_offered");
}

#[tokio::test]
async fn one_picture_is_a_post_and_several_are_a_carousel_in_their_order() {
    let at = Connected::<ScriptedInstagram>::new().await;
    let (intent, _) = at.ready("One", &["wall"]).await.unwrap();
    assert_eq!(at.texts().len(), 0, "a preparation is invisible");
    assert_eq!(at.reconcile(&intent, at.place.app.now()).await.unwrap(), None);
    let published = at.send(&intent).await.unwrap();
    assert!(published.url.starts_with("https://www.instagram.com/p/"), "{}", published.url);
    assert_eq!(at.reconcile(&intent, at.place.app.now()).await.unwrap(), Some(published));
    let (intent, _) = at.ready("Walls", &["wall", "door", "roof"]).await.unwrap();
    at.send(&intent).await.unwrap();
    let posts = at.place.server.posts();
    let order: Vec<_> = posts[1].pictures.iter().map(|url| url.split(['/', '?']).nth(3).unwrap()).collect();
    assert_eq!((posts[1].text.as_str(), order), ("Walls", vec!["wall", "door", "roof"]));
    let calls = at.place.server.calls(ScriptedInstagram::CREATE);
    assert_eq!((calls.len(), calls[1].parameters["alt_text"].as_str()), (5, "A wall"));
}

#[tokio::test]
async fn collaborators_are_invited_by_the_post_and_not_by_its_pictures() {
    let at = Connected::<ScriptedInstagram>::new().await;
    let options = json!({ "platform": "instagram", "collaborators": ["studio", "a.b_c"] });
    let mut next = at.prepare_with("Walls", vec![picture("wall"), picture("door")], options).await.unwrap();
    while let Prepared::Staged { staged, .. } = next {
        next = at.advance(&staged).await.unwrap();
    }
    let calls = at.place.server.calls(ScriptedInstagram::CREATE);
    let invited: Vec<_> = calls.iter().map(|call| call.parameters.get("collaborators").map(String::as_str)).collect();
    assert_eq!(invited, [None, None, Some(r#"["studio","a.b_c"]"#)]);
}

/// The limits are checked again when the post is published, with what is published.
#[tokio::test]
async fn a_post_over_a_limit_makes_no_call() {
    let at = Connected::<ScriptedInstagram>::new().await;
    let changed = |change: fn(&mut LinkedPicture)| {
        let mut picture = picture("wall");
        change(&mut picture);
        vec![picture]
    };
    let text = |code: Result<_, PublishError>| match code {
        Err(PublishError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    };
    for pictures in [
        Vec::new(),
        (0..11).map(|_| picture("wall")).collect(),
        changed(|picture| picture.content_type = "image/png".to_owned()),
        changed(|picture| picture.size_bytes = 8_000_001),
        changed(|picture| picture.height = 1_360),
        changed(|picture| picture.height = 560),
    ] {
        assert_eq!(text(at.prepare_with("Walls", pictures, Value::Null).await), "pictures_over_limit");
    }
    for caption in ["a".repeat(2_201), "#a ".repeat(31), "@a ".repeat(21)] {
        assert_eq!(text(at.begin(&caption, &["wall"]).await), "text_over_limit");
    }
    assert_eq!(at.place.server.calls(ScriptedInstagram::CREATE).len(), 0);
    for caption in ["a".repeat(2_200), "#a ".repeat(30), "@a ".repeat(20)] {
        at.ready(&caption, &["wall"]).await.unwrap();
    }
}

#[tokio::test]
async fn a_container_that_is_in_progress_is_asked_for_again() {
    containers::a_container_in_progress::<ScriptedInstagram>().await;
}

#[tokio::test]
async fn a_container_that_failed_or_expired_is_never_published() {
    containers::a_failed_or_expired_container::<ScriptedInstagram>("2207052").await;
}

#[tokio::test]
async fn a_container_that_is_already_published_is_held() {
    containers::a_published_container::<ScriptedInstagram>().await;
}

#[tokio::test]
async fn a_lost_answer_is_reconciled_by_the_container() {
    containers::a_lost_answer::<ScriptedInstagram>().await;
}

#[tokio::test]
async fn a_second_post_with_the_same_text_is_not_taken_for_ours() {
    containers::a_second_post_with_the_same_text::<ScriptedInstagram>().await;
}

#[tokio::test]
async fn an_older_post_with_the_same_caption_is_not_taken_for_ours() {
    let at = Connected::<ScriptedInstagram>::new().await;
    let (intent, _) = at.ready("Hello", &["wall"]).await.unwrap();
    at.place.server.next(ScriptedInstagram::PUBLISH, Scripted::DoAndBreak);
    assert_eq!(code(at.send(&intent).await).0, "unknown");
    // A server that does not look at `since`.
    let older = json!({ "id": "1", "caption": "Hello", "timestamp": "2020-01-01T00:00:00+0000" });
    at.place.server.next("GET /{ig-user-id}/media", Scripted::Answer(200, json!({ "data": [older] })));
    assert_eq!(code(at.reconcile(&intent, at.place.app.now()).await), ("not now", "post_not_found".to_owned()));
}

#[tokio::test]
async fn a_lost_permalink_does_not_unpublish_the_post() {
    containers::a_lost_permalink::<ScriptedInstagram>("https://www.instagram.com/alice/").await;
}

#[tokio::test]
async fn an_error_of_the_platform_is_understood_by_its_number() {
    containers::errors_by_their_numbers::<ScriptedInstagram>().await;
}

#[tokio::test]
async fn an_error_before_anything_is_visible_is_retried() {
    containers::an_error_before_anything_is_visible::<ScriptedInstagram>().await;
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    containers::a_token_before_it_expires::<ScriptedInstagram>().await;
}
