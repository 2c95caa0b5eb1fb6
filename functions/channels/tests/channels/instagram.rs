//! Instagram: connecting with the operator's app, containers, its limits, and what is known after each failure.

use channels::adapter::Prepared;
use channels::instagram::Instagram;
use channels::publishing::{self, Draft, Intent, LinkedPicture, PublishError, Published, Staged};
use channels::renewal;
use channels::routes::{choose_account, complete_connection, start_connection};
use channels::{Channel, ChannelId, Connection};
use serde_json::{Value, json};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::SignedDuration;
use shared::tenancy::Tenant;
use shared::testing::{Person, Request, Response, TestApp};
use test_support::scripted_http::Scripted;
use test_support::scripted_instagram::{CLIENT_ID, CLIENT_SECRET, CODE_HOST, HOST, ScriptedInstagram, refusal};

struct Place {
    app: TestApp,
    owner: Person,
    server: ScriptedInstagram,
}

impl Place {
    async fn new() -> Self {
        let app = TestApp::new();
        app.put_platform_app("instagram", CLIENT_ID, CLIENT_SECRET).unwrap();
        let owner = app.owner().await.unwrap();
        let server = ScriptedInstagram::start(app.now());
        app.simulate_host(HOST, server.url.clone());
        app.simulate_host(CODE_HOST, server.url.clone());
        Self { app, owner, server }
    }

    async fn start(&self, body: Value) -> Response {
        self.app.call(Request::to(&start_connection::FUNCTION).by(&self.owner).json(body)).await
    }

    /// Starts a connection that alice agrees to, and completes it.
    async fn completed(&self) -> (String, Response) {
        let begun = self.start(json!({ "platform": "instagram" })).await.expect(201).body;
        let (code, state) = self.server.authorize_as("alice", begun["authorization_url"].as_str().unwrap()).unwrap();
        let id = begun["id"].as_str().unwrap().to_owned();
        let request = Request::to(&complete_connection::FUNCTION).by(&self.owner).path("connection_id", &id);
        let answer = self.app.call(request.json(json!({ "code": code, "state": state }))).await;
        (id, answer)
    }

    async fn connected(&self) -> Value {
        let (id, offered) = self.completed().await;
        let account = offered.expect(200).body["accounts"][0]["account_id"].clone();
        let request = Request::to(&choose_account::FUNCTION).by(&self.owner).path("connection_id", &id);
        self.app.call(request.json(json!({ "account_id": account }))).await.expect(201).body
    }

    fn advance(&self, by: SignedDuration) {
        self.app.advance(by);
        self.server.move_to(self.app.now());
    }
}

/// A place with a connected account.
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

    async fn prepare(&self, text: &str, pictures: &[&str]) -> Result<Prepared<Intent, Staged>, PublishError> {
        self.prepare_with(text, pictures.iter().map(|name| picture(name)).collect(), Value::Null).await
    }

    async fn prepare_with(
        &self,
        text: &str,
        pictures: Vec<LinkedPicture>,
        options: Value,
    ) -> Result<Prepared<Intent, Staged>, PublishError> {
        let (text, options) = (text.to_owned(), serde_json::from_value(options).unwrap());
        let draft = Draft { text, options, pictures, created_at: self.place.app.now(), post: [7; 16] };
        publishing::prepare::<Instagram>(&self.scope, &self.channel().await, draft).await
    }

    async fn advance(&self, staged: &Staged) -> Result<Prepared<Intent, Staged>, PublishError> {
        publishing::advance::<Instagram>(&self.scope, &self.channel().await, staged).await
    }

    /// Takes every step: the intent, and how long the platform asked to wait in all.
    async fn ready(&self, text: &str, pictures: &[&str]) -> Result<(Intent, u32), PublishError> {
        let (mut next, mut waited_s) = (self.prepare(text, pictures).await?, 0);
        loop {
            match next {
                Prepared::Ready(intent) => return Ok((intent, waited_s)),
                Prepared::Staged { staged, wait_s } => {
                    waited_s += wait_s;
                    next = self.advance(&staged).await?;
                }
            }
        }
    }

    async fn send(&self, intent: &Intent) -> Result<Published, PublishError> {
        publishing::send::<Instagram>(&self.scope, &self.channel().await, intent).await
    }

    async fn reconcile(&self, intent: &Intent) -> Result<Option<Published>, PublishError> {
        publishing::reconcile::<Instagram>(&self.scope, &self.channel().await, intent, self.place.app.now()).await
    }

    fn texts(&self) -> Vec<String> {
        self.place.server.posts().into_iter().map(|post| post.text).collect()
    }
}

fn picture(name: &str) -> LinkedPicture {
    LinkedPicture {
        url: SecretText::new(format!("https://media.test/{name}?signature=x")),
        size_bytes: 9,
        alt_text: format!("A {name}"),
        content_type: "image/jpeg".to_owned(),
        width: 1_080,
        height: 1_080,
    }
}

const CREATE: &str = "POST /{ig-user-id}/media";
const PUBLISH: &str = "POST /{ig-user-id}/media_publish";

#[track_caller]
fn code(result: Result<impl std::fmt::Debug, PublishError>) -> (&'static str, String) {
    match result {
        Err(PublishError::Refused { code, .. }) => ("refused", code),
        Err(PublishError::NotNow { code, .. }) => ("not now", code),
        Err(PublishError::Unknown { code, .. }) => ("unknown", code),
        Err(PublishError::Unstaged { code, .. }) => ("unstaged", code),
        Err(PublishError::KeyTaken { code, .. }) => ("key taken", code),
        Err(PublishError::Disconnected { code, .. }) => ("disconnected", code),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_account_is_connected_by_its_own_number_and_not_by_the_apps() {
    let at = Place::new().await;
    let channel = at.connected().await;
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
    let at = Place::new().await;
    let profile = json!({ "id": "9900000000000001", "user_id": "17841405822304914", "username": "alice" });
    at.server.next("GET /me", Scripted::Answer(200, profile));
    at.completed().await.1.expect(200);
}

#[tokio::test]
async fn a_token_of_another_account_than_the_codes_is_refused() {
    let at = Place::new().await;
    at.server.next("GET /me", Scripted::Answer(200, json!({ "id": "1", "user_id": "2", "username": "mallory" })));
    assert_eq!(at.completed().await.1.expect(502).body["code"], "platform_answer_malformed");
}

#[tokio::test]
async fn without_an_app_or_with_a_service_nothing_is_started() {
    let at = Place::new().await;
    let body = json!({ "platform": "instagram", "service": "https://instagram.com" });
    assert_eq!(at.start(body).await.expect(422).body["errors"][0]["field"], "service");
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let request = Request::to(&start_connection::FUNCTION).by(&owner).json(json!({ "platform": "instagram" }));
    assert_eq!(app.call(request).await.expect(422).body["code"], "platform_not_offered");
}

#[tokio::test]
async fn one_picture_is_a_post_and_several_are_a_carousel_in_their_order() {
    let at = Connected::new().await;
    let (intent, _) = at.ready("One", &["wall"]).await.unwrap();
    assert_eq!(at.texts().len(), 0, "a preparation is invisible");
    assert_eq!(at.reconcile(&intent).await.unwrap(), None);
    let published = at.send(&intent).await.unwrap();
    assert!(published.url.starts_with("https://www.instagram.com/p/"), "{}", published.url);
    assert_eq!(at.reconcile(&intent).await.unwrap(), Some(published));
    let (intent, _) = at.ready("Walls", &["wall", "door", "roof"]).await.unwrap();
    at.send(&intent).await.unwrap();
    let posts = at.place.server.posts();
    let order: Vec<_> = posts[1].pictures.iter().map(|url| url.split(['/', '?']).nth(3).unwrap()).collect();
    assert_eq!((posts[1].text.as_str(), order), ("Walls", vec!["wall", "door", "roof"]));
    let calls = at.place.server.calls(CREATE);
    assert_eq!((calls.len(), calls[1].parameters["alt_text"].as_str()), (5, "A wall"));
}

#[tokio::test]
async fn collaborators_are_invited_by_the_post_and_not_by_its_pictures() {
    let at = Connected::new().await;
    let options = json!({ "platform": "instagram", "collaborators": ["studio", "a.b_c"] });
    let mut next = at.prepare_with("Walls", vec![picture("wall"), picture("door")], options).await.unwrap();
    while let Prepared::Staged { staged, .. } = next {
        next = at.advance(&staged).await.unwrap();
    }
    let calls = at.place.server.calls(CREATE);
    let invited: Vec<_> = calls.iter().map(|call| call.parameters.get("collaborators").map(String::as_str)).collect();
    assert_eq!(invited, [None, None, Some(r#"["studio","a.b_c"]"#)]);
}

/// The limits are checked again when the post is published, with what is published.
#[tokio::test]
async fn a_post_over_a_limit_makes_no_call() {
    let at = Connected::new().await;
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
        assert_eq!(text(at.prepare(&caption, &["wall"]).await), "text_over_limit");
    }
    assert_eq!(at.place.server.calls(CREATE).len(), 0);
    for caption in ["a".repeat(2_200), "#a ".repeat(30), "@a ".repeat(20)] {
        at.ready(&caption, &["wall"]).await.unwrap();
    }
}

#[tokio::test]
async fn a_container_that_is_in_progress_is_asked_for_again() {
    let at = Connected::new().await;
    at.place.server.process_for(6);
    let (intent, waited_s) = at.ready("Wall", &["wall"]).await.unwrap();
    assert_eq!(waited_s, 30, "four looks, a wait, and the rest");
    at.send(&intent).await.unwrap();
    assert_eq!(at.texts(), ["Wall"]);
}

#[tokio::test]
async fn a_container_that_failed_or_expired_is_never_published() {
    let at = Connected::new().await;
    let Prepared::Staged { staged, .. } = at.prepare("Wall", &["wall"]).await.unwrap() else { panic!("ready") };
    at.place.server.fail_container("2207052");
    assert_eq!(code(at.advance(&staged).await), ("refused", "2207052".to_owned()));
    let Prepared::Staged { staged, .. } = at.prepare("Wall", &["wall"]).await.unwrap() else { panic!("ready") };
    at.place.advance(SignedDuration::from_hours(24));
    assert_eq!(code(at.advance(&staged).await), ("unstaged", "container_expired".to_owned()));
    assert_eq!(at.texts().len(), 0);
}

#[tokio::test]
async fn a_container_that_is_already_published_is_held() {
    let at = Connected::new().await;
    let Prepared::Staged { staged, .. } = at.prepare("Wall", &["wall"]).await.unwrap() else { panic!("ready") };
    let (Prepared::Ready(intent), Prepared::Staged { .. }) =
        (at.advance(&staged).await.unwrap(), at.prepare("Wall", &["wall"]).await.unwrap())
    else {
        panic!("not ready")
    };
    at.send(&intent).await.unwrap();
    assert_eq!(code(at.advance(&staged).await), ("key taken", "container_published".to_owned()));
}

#[tokio::test]
async fn a_lost_answer_is_reconciled_by_the_container() {
    let at = Connected::new().await;
    at.place.server.post_by_hand("alice", "Hello");
    at.place.advance(SignedDuration::from_mins(1));
    for (scripted, visible) in [(Scripted::DoAndBreak, true), (Scripted::Break, false)] {
        let (intent, _) = at.ready("Hello", &["wall"]).await.unwrap();
        let before = at.texts().len();
        at.place.server.next(PUBLISH, scripted);
        assert_eq!(code(at.send(&intent).await).0, "unknown");
        let found = at.reconcile(&intent).await.unwrap();
        assert_eq!((found.is_some(), at.texts().len() - before), (visible, usize::from(visible)));
        if let Some(found) = found {
            assert_eq!(found.id, at.place.server.posts().last().unwrap().id, "the post by hand is older");
        } else {
            at.send(&intent).await.unwrap();
            assert_eq!(at.texts().len(), before + 1);
        }
        at.place.advance(SignedDuration::from_mins(1));
    }
}

#[tokio::test]
async fn a_second_post_with_the_same_text_is_not_taken_for_ours() {
    let at = Connected::new().await;
    let (intent, _) = at.ready("Hello", &["wall"]).await.unwrap();
    at.place.server.next(PUBLISH, Scripted::DoAndBreak);
    assert_eq!(code(at.send(&intent).await).0, "unknown");
    at.place.server.post_by_hand("alice", "Hello");
    assert_eq!(code(at.reconcile(&intent).await), ("not now", "post_not_found".to_owned()));
}

#[tokio::test]
async fn an_older_post_with_the_same_caption_is_not_taken_for_ours() {
    let at = Connected::new().await;
    let (intent, _) = at.ready("Hello", &["wall"]).await.unwrap();
    at.place.server.next(PUBLISH, Scripted::DoAndBreak);
    assert_eq!(code(at.send(&intent).await).0, "unknown");
    // A server that does not look at `since`.
    let older = json!({ "id": "1", "caption": "Hello", "timestamp": "2020-01-01T00:00:00+0000" });
    at.place.server.next("GET /{ig-user-id}/media", Scripted::Answer(200, json!({ "data": [older] })));
    assert_eq!(code(at.reconcile(&intent).await), ("not now", "post_not_found".to_owned()));
}

#[tokio::test]
async fn a_lost_permalink_does_not_unpublish_the_post() {
    let at = Connected::new().await;
    let (intent, _) = at.ready("Hello", &["wall"]).await.unwrap();
    at.place.server.next("GET /{id}", Scripted::Break);
    let published = at.send(&intent).await.unwrap();
    assert_eq!((published.url.as_str(), at.texts().len()), ("https://www.instagram.com/alice/", 1));
}

#[tokio::test]
async fn an_error_of_the_platform_is_understood_by_its_number() {
    let at = Connected::new().await;
    for (status, number, expected) in [
        (400, 4, ("not now", "4")),
        (400, 100, ("refused", "100")),
        (500, 2, ("unknown", "2")),
        (400, 190, ("disconnected", "190")),
    ] {
        let (intent, _) = at.ready("Hello", &["wall"]).await.unwrap();
        at.place.server.next(PUBLISH, refusal(status, number, "as scripted"));
        assert_eq!(code(at.send(&intent).await), (expected.0, expected.1.to_owned()));
    }
    assert!(matches!(at.channel().await.connection, Connection::NeedsReauthorisation { .. }));
    assert_eq!(at.texts().len(), 0);
}

#[tokio::test]
async fn an_error_before_anything_is_visible_is_retried() {
    let at = Connected::new().await;
    for scripted in [Scripted::Break, Scripted::DoAndBreak, refusal(500, 1, "An unknown error occurred")] {
        at.place.server.next(CREATE, scripted);
        assert_eq!(code(at.ready("Hello", &["wall"]).await).0, "not now");
    }
    assert_eq!(at.texts().len(), 0);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let at = Connected::new().await;
    let access = async || renewal::access::<Instagram>(&at.scope, at.id, None).await.unwrap().token;
    let first = access().await;
    at.place.advance(SignedDuration::from_secs(5_183_944 - 240));
    let second = access().await;
    assert_ne!(first.expose(), second.expose());
    let (intent, _) = at.ready("Hello", &["wall"]).await.unwrap();
    at.send(&intent).await.unwrap();
    assert_eq!(at.place.server.calls("GET /refresh_access_token").len(), 1);
}
