//! What the tests of platforms on Meta's Graph API share. Each platform has a test of every rule here, under its own name.

use std::ops::Deref;

use channels::adapter::Prepared;
use channels::publishing::{self, Draft, Intent, LinkedPicture, PublishError, Staged};
use channels::{Adapter, Connection, renewal};
use serde_json::Value;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::SignedDuration;
use shared::testing::TestApp;
use test_support::scripted_http::Scripted;
use test_support::scripted_meta::{ScriptedMeta, refusal};

use crate::oauth::{Connected, OauthServer, Place, code};

/// A scripted platform on the Graph API.
pub trait MetaServer: OauthServer<Adapter: Adapter<Picture = LinkedPicture>> + Deref<Target = ScriptedMeta> {
    const CREATE: &'static str;
    const PUBLISH: &'static str;
    /// The client id and the secret of the operator's app.
    const APP: (&'static str, &'static str);
    /// Those that the product calls.
    const HOSTS: &'static [&'static str];
    /// The pictures of a post that needs no more than the platform does.
    const PICTURES: &'static [&'static str];

    fn start(app: &TestApp) -> Self;
}

impl<S: MetaServer> Place<S> {
    pub async fn new() -> Self {
        let app = TestApp::new();
        let (client_id, client_secret) = S::APP;
        app.put_platform_app(S::Adapter::NAME, client_id, client_secret).unwrap();
        let owner = app.owner().await.unwrap();
        let server = S::start(&app);
        for host in S::HOSTS {
            app.simulate_host(host, server.url.clone());
        }
        Self { app, owner, server }
    }
}

impl<S: MetaServer> Connected<S> {
    pub async fn new() -> Self {
        Self::at(Place::new().await).await
    }

    pub async fn prepare_with(
        &self,
        text: &str,
        pictures: Vec<LinkedPicture>,
        options: Value,
    ) -> Result<Prepared<Intent, Staged>, PublishError> {
        let (text, options) = (text.to_owned(), serde_json::from_value(options).unwrap());
        let draft = Draft { text, options, pictures, created_at: self.place.app.now(), post: [7; 16] };
        publishing::prepare::<S::Adapter>(&self.scope, &self.channel().await, draft).await
    }

    pub async fn begin(&self, text: &str, pictures: &[&str]) -> Result<Prepared<Intent, Staged>, PublishError> {
        self.prepare_with(text, pictures.iter().map(|name| picture(name)).collect(), Value::Null).await
    }

    /// Takes the first step.
    async fn staged(&self, text: &str, pictures: &[&str]) -> Staged {
        let Prepared::Staged { staged, .. } = self.begin(text, pictures).await.unwrap() else { panic!("ready") };
        staged
    }

    pub async fn advance(&self, staged: &Staged) -> Result<Prepared<Intent, Staged>, PublishError> {
        publishing::advance::<S::Adapter>(&self.scope, &self.channel().await, staged).await
    }

    /// Takes every step: the intent, and how long the platform asked to wait in all.
    pub async fn ready(&self, text: &str, pictures: &[&str]) -> Result<(Intent, u32), PublishError> {
        let (mut next, mut waited_s) = (self.begin(text, pictures).await?, 0);
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

    /// Takes every step of a post with no more than the platform needs.
    pub async fn ready_text(&self, text: &str) -> Intent {
        self.ready(text, S::PICTURES).await.unwrap().0
    }

    pub fn texts(&self) -> Vec<String> {
        self.place.server.posts().into_iter().map(|post| post.text).collect()
    }
}

pub fn picture(name: &str) -> LinkedPicture {
    LinkedPicture {
        url: SecretText::new(format!("https://media.test/{name}?signature=x")),
        size_bytes: 9,
        alt_text: format!("A {name}"),
        content_type: "image/jpeg".to_owned(),
        width: 1_080,
        height: 1_080,
    }
}

pub async fn a_container_in_progress<S: MetaServer>() {
    let at = Connected::<S>::new().await;
    at.place.server.process_for(6);
    let (intent, waited_s) = at.ready("Wall", &["wall"]).await.unwrap();
    assert_eq!(waited_s, 30, "four looks, a wait, and the rest");
    at.send(&intent).await.unwrap();
    assert_eq!(at.texts(), ["Wall"]);
}

pub async fn a_failed_or_expired_container<S: MetaServer>(word: &str) {
    let at = Connected::<S>::new().await;
    let staged = at.staged("Wall", &["wall"]).await;
    at.place.server.fail_container(word);
    assert_eq!(code(at.advance(&staged).await), ("refused", word.to_owned()));
    let staged = at.staged("Wall", &["wall"]).await;
    at.place.advance(SignedDuration::from_hours(24));
    assert_eq!(code(at.advance(&staged).await), ("unstaged", "container_expired".to_owned()));
    assert_eq!(at.texts().len(), 0);
}

pub async fn a_published_container<S: MetaServer>() {
    let at = Connected::<S>::new().await;
    let staged = at.staged("Wall", S::PICTURES).await;
    let Prepared::Ready(intent) = at.advance(&staged).await.unwrap() else { panic!("not ready") };
    at.staged("Wall", S::PICTURES).await;
    at.send(&intent).await.unwrap();
    assert_eq!(code(at.advance(&staged).await), ("key taken", "container_published".to_owned()));
}

pub async fn a_lost_answer<S: MetaServer>() {
    let at = Connected::<S>::new().await;
    at.place.server.post_by_hand("alice", "Hello");
    at.place.advance(SignedDuration::from_mins(1));
    for (scripted, visible) in [(Scripted::DoAndBreak, true), (Scripted::Break, false)] {
        let intent = at.ready_text("Hello").await;
        let before = at.texts().len();
        at.place.server.next(S::PUBLISH, scripted);
        assert_eq!(code(at.send(&intent).await).0, "unknown");
        let found = at.reconcile(&intent, at.place.app.now()).await.unwrap();
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

pub async fn a_second_post_with_the_same_text<S: MetaServer>() {
    let at = Connected::<S>::new().await;
    let intent = at.ready_text("Hello").await;
    at.place.server.next(S::PUBLISH, Scripted::DoAndBreak);
    assert_eq!(code(at.send(&intent).await).0, "unknown");
    at.place.server.post_by_hand("alice", "Hello");
    assert_eq!(code(at.reconcile(&intent, at.place.app.now()).await), ("not now", "post_not_found".to_owned()));
}

pub async fn a_lost_permalink<S: MetaServer>(page: &str) {
    let at = Connected::<S>::new().await;
    let intent = at.ready_text("Hello").await;
    at.place.server.next("GET /{id}", Scripted::Break);
    let published = at.send(&intent).await.unwrap();
    assert_eq!((published.url.as_str(), at.texts().len()), (page, 1));
}

pub async fn errors_by_their_numbers<S: MetaServer>() {
    let at = Connected::<S>::new().await;
    for (status, number, expected) in [
        (400, 4, ("not now", "4")),
        (400, 100, ("refused", "100")),
        (500, 2, ("unknown", "2")),
        (400, 190, ("disconnected", "190")),
    ] {
        let intent = at.ready_text("Hello").await;
        at.place.server.next(S::PUBLISH, refusal(status, number, "as scripted"));
        assert_eq!(code(at.send(&intent).await), (expected.0, expected.1.to_owned()));
    }
    assert!(matches!(at.channel().await.connection, Connection::NeedsReauthorisation { .. }));
    assert_eq!(at.texts().len(), 0);
}

pub async fn an_error_before_anything_is_visible<S: MetaServer>() {
    let at = Connected::<S>::new().await;
    for scripted in [Scripted::Break, Scripted::DoAndBreak, refusal(500, 1, "An unknown error occurred")] {
        at.place.server.next(S::CREATE, scripted);
        assert_eq!(code(at.ready("Hello", S::PICTURES).await).0, "not now");
    }
    assert_eq!(at.texts().len(), 0);
}

pub async fn a_token_before_it_expires<S: MetaServer>() {
    let at = Connected::<S>::new().await;
    let access = async || renewal::access::<S::Adapter>(&at.scope, at.id, None).await.unwrap().token;
    let first = access().await;
    at.place.advance(SignedDuration::from_secs(5_183_944 - 240));
    let second = access().await;
    assert_ne!(first.expose(), second.expose());
    let intent = at.ready_text("Hello").await;
    at.send(&intent).await.unwrap();
    assert_eq!(at.place.server.calls("GET /refresh_access_token").len(), 1);
}
