//! Threads: connecting with the operator's app, containers, and what is known after each failure.

use channels::adapter::Prepared;
use channels::publishing::{self, Draft, Intent, LinkedPicture, PublishError, Published, Staged};
use channels::renewal;
use channels::routes::{choose_account, complete_connection, start_connection};
use channels::threads::Threads;
use channels::{Channel, ChannelId, Connection};
use serde_json::{Value, json};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::SignedDuration;
use shared::tenancy::Tenant;
use shared::testing::{Person, Request, Response, TestApp};
use test_support::scripted_http::Scripted;
use test_support::scripted_threads::{CLIENT_ID, CLIENT_SECRET, HOST, ScriptedThreads, refusal};

struct Place {
    app: TestApp,
    owner: Person,
    server: ScriptedThreads,
}

impl Place {
    async fn new() -> Self {
        let app = TestApp::new();
        app.put_platform_app("threads", CLIENT_ID, CLIENT_SECRET).unwrap();
        let owner = app.owner().await.unwrap();
        let server = ScriptedThreads::start(app.now());
        app.simulate_host(HOST, server.url.clone());
        Self { app, owner, server }
    }

    async fn start(&self, body: Value) -> Response {
        self.app.call(Request::to(&start_connection::FUNCTION).by(&self.owner).json(body)).await
    }

    /// Starts a connection that alice agrees to, and completes it.
    async fn completed(&self) -> (String, Response) {
        let begun = self.start(json!({ "platform": "threads" })).await.expect(201).body;
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
        let picture = |name: &&str| LinkedPicture {
            url: SecretText::new(format!("https://media.test/{name}?signature=x")),
            size_bytes: 9,
            alt_text: format!("A {name}"),
        };
        let pictures = pictures.iter().map(picture).collect();
        let draft =
            Draft { text: text.to_owned(), options: None, pictures, created_at: self.place.app.now(), post: [7; 16] };
        publishing::prepare::<Threads>(&self.scope, &self.channel().await, draft).await
    }

    async fn advance(&self, staged: &Staged) -> Result<Prepared<Intent, Staged>, PublishError> {
        publishing::advance::<Threads>(&self.scope, &self.channel().await, staged).await
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
        publishing::send::<Threads>(&self.scope, &self.channel().await, intent).await
    }

    async fn reconcile(&self, intent: &Intent) -> Result<Option<Published>, PublishError> {
        publishing::reconcile::<Threads>(&self.scope, &self.channel().await, intent, self.place.app.now()).await
    }

    fn texts(&self) -> Vec<String> {
        self.place.server.posts().into_iter().map(|post| post.text).collect()
    }
}

const CREATE: &str = "POST /{threads-user-id}/threads";
const PUBLISH: &str = "POST /{threads-user-id}/threads_publish";

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
async fn an_account_is_connected_with_a_token_of_sixty_days() {
    let at = Place::new().await;
    let channel = at.connected().await;
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
    let at = Place::new().await;
    let answer = at.start(json!({ "platform": "threads", "service": "https://threads.com" })).await.expect(422).body;
    assert_eq!(answer["errors"][0]["field"], "service");
}

#[tokio::test]
async fn a_token_of_another_account_than_the_codes_is_refused() {
    let at = Place::new().await;
    at.server.next("GET /me", Scripted::Answer(200, json!({ "id": "1", "username": "mallory" })));
    assert_eq!(at.completed().await.1.expect(502).body["code"], "platform_answer_malformed");
}

#[tokio::test]
async fn a_text_is_prepared_in_steps_and_published() {
    let at = Connected::new().await;
    let (intent, waited_s) = at.ready("Hello", &[]).await.unwrap();
    assert_eq!((waited_s, at.texts().len()), (0, 0), "a preparation is invisible");
    assert_eq!(at.reconcile(&intent).await.unwrap(), None);
    let published = at.send(&intent).await.unwrap();
    assert_eq!(at.texts(), ["Hello"]);
    assert!(published.url.starts_with("https://www.threads.com/@"), "{}", published.url);
    assert_eq!(at.reconcile(&intent).await.unwrap(), Some(published));
}

#[tokio::test]
async fn several_pictures_are_a_carousel_in_their_order() {
    let at = Connected::new().await;
    let (intent, _) = at.ready("Walls", &["wall", "door", "roof"]).await.unwrap();
    at.send(&intent).await.unwrap();
    let post = &at.place.server.posts()[0];
    let order: Vec<_> = post.pictures.iter().map(|url| url.split(['/', '?']).nth(3).unwrap()).collect();
    assert_eq!((post.text.as_str(), order), ("Walls", vec!["wall", "door", "roof"]));
    let calls = at.place.server.calls(CREATE);
    assert_eq!(calls.len(), 4);
    assert_eq!(calls[0].parameters["alt_text"], "A wall");
    let (intent, _) = at.ready("One", &["wall"]).await.unwrap();
    at.send(&intent).await.unwrap();
    assert_eq!(at.place.server.posts()[1].pictures.len(), 1);
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
    at.place.server.fail_container("FAILED_DOWNLOADING_MEDIA");
    assert_eq!(code(at.advance(&staged).await), ("refused", "FAILED_DOWNLOADING_MEDIA".to_owned()));
    let Prepared::Staged { staged, .. } = at.prepare("Wall", &["wall"]).await.unwrap() else { panic!("ready") };
    at.place.advance(SignedDuration::from_hours(24));
    assert_eq!(code(at.advance(&staged).await), ("unstaged", "container_expired".to_owned()));
    assert_eq!(at.texts().len(), 0);
}

#[tokio::test]
async fn a_container_that_is_already_published_is_held() {
    let at = Connected::new().await;
    let Prepared::Staged { staged, .. } = at.prepare("Wall", &[]).await.unwrap() else { panic!("ready") };
    let (Prepared::Ready(intent), Prepared::Staged { .. }) =
        (at.advance(&staged).await.unwrap(), at.prepare("Wall", &[]).await.unwrap())
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
        let (intent, _) = at.ready("Hello", &[]).await.unwrap();
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
    let (intent, _) = at.ready("Hello", &[]).await.unwrap();
    at.place.server.next(PUBLISH, Scripted::DoAndBreak);
    assert_eq!(code(at.send(&intent).await).0, "unknown");
    at.place.server.post_by_hand("alice", "Hello");
    assert_eq!(code(at.reconcile(&intent).await), ("not now", "post_not_found".to_owned()));
}

#[tokio::test]
async fn a_lost_permalink_does_not_unpublish_the_post() {
    let at = Connected::new().await;
    let (intent, _) = at.ready("Hello", &[]).await.unwrap();
    at.place.server.next("GET /{id}", Scripted::Break);
    let published = at.send(&intent).await.unwrap();
    assert_eq!((published.url.as_str(), at.texts().len()), ("https://www.threads.com/@alice", 1));
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
        let (intent, _) = at.ready("Hello", &[]).await.unwrap();
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
        assert_eq!(code(at.ready("Hello", &[]).await).0, "not now");
    }
    assert_eq!(at.texts().len(), 0);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let at = Connected::new().await;
    let access = async || renewal::access::<Threads>(&at.scope, at.id, None).await.unwrap().token;
    let first = access().await;
    at.place.advance(SignedDuration::from_secs(5_183_944 - 240));
    let second = access().await;
    assert_ne!(first.expose(), second.expose());
    let (intent, _) = at.ready("Hello", &[]).await.unwrap();
    at.send(&intent).await.unwrap();
    assert_eq!(at.place.server.calls("GET /refresh_access_token").len(), 1);
}
