//! What the tests of platforms that are connected by OAuth share: a workspace, the steps to a channel, and the calls of its adapter.

use channels::publishing::{self, Draft, Intent, Picture, PublishError, Published};
use channels::routes::{choose_account, complete_connection, get_connection, start_connection};
use channels::{Adapter, Channel, ChannelId};
use serde_json::{Value, json};
use shared::kernel::time::{SignedDuration, Timestamp};
use shared::tenancy::Tenant;
use shared::testing::{Person, Request, Response, TestApp};

/// A scripted platform on which people agree to a connection.
pub trait OauthServer {
    type Adapter: Adapter;

    /// The input of `start-connection`.
    fn connection(&self) -> Value;

    /// The owner of this account agrees on the page: the code and the state of the redirect.
    fn agree(&self, name: &str, url: &str) -> (String, String);

    /// Sets the server's clock.
    fn set_clock(&self, now: Timestamp);
}

/// A workspace, and a platform.
pub struct Place<S> {
    pub app: TestApp,
    pub owner: Person,
    pub server: S,
}

impl<S: OauthServer> Place<S> {
    pub async fn begin(&self, body: Value) -> Response {
        self.app.call(Request::to(&start_connection::FUNCTION).by(&self.owner).json(body)).await
    }

    pub async fn start(&self) -> Value {
        self.begin(self.server.connection()).await.expect(201).body
    }

    /// Starts a connection that a person agrees to as this account: its id, and the body that completes it.
    pub async fn agreed(&self, name: &str) -> (String, Value) {
        let begun = self.start().await;
        let (code, state) = self.server.agree(name, begun["authorization_url"].as_str().unwrap());
        (begun["id"].as_str().unwrap().to_owned(), json!({ "code": code, "state": state }))
    }

    pub async fn complete_as(&self, person: &Person, id: &str, body: &Value) -> Response {
        let request = Request::to(&complete_connection::FUNCTION).by(person).path("connection_id", id);
        self.app.call(request.json(body.clone())).await
    }

    pub async fn complete(&self, id: &str, body: &Value) -> Response {
        self.complete_as(&self.owner, id, body).await
    }

    pub async fn choose(&self, id: &str, account: &str) -> Response {
        let request = Request::to(&choose_account::FUNCTION).by(&self.owner).path("connection_id", id);
        self.app.call(request.json(json!({ "account_id": account }))).await
    }

    pub async fn get(&self, id: &str) -> Response {
        self.app.call(Request::to(&get_connection::FUNCTION).by(&self.owner).path("connection_id", id)).await
    }

    /// Connects an account: the channel.
    pub async fn connected(&self, name: &str) -> Value {
        let (id, body) = self.agreed(name).await;
        let offered = self.complete(&id, &body).await.expect(200).body;
        let account = offered["accounts"][0]["account_id"].as_str().unwrap().to_owned();
        self.choose(&id, &account).await.expect(201).body
    }

    pub fn scope(&self) -> Tenant {
        self.app.scope(self.owner.workspace)
    }

    pub fn advance(&self, by: SignedDuration) {
        self.app.advance(by);
        self.server.set_clock(self.app.now());
    }
}

/// A place with a connected account.
pub struct Connected<S> {
    pub place: Place<S>,
    pub scope: Tenant,
    pub id: ChannelId,
}

impl<S: OauthServer> Connected<S> {
    pub async fn at(place: Place<S>) -> Self {
        let id = place.connected("alice").await["id"].as_str().unwrap().parse().unwrap();
        let scope = place.scope();
        Self { place, scope, id }
    }

    pub async fn channel(&self) -> Channel {
        self.scope.get::<Channel>(&self.id).await.unwrap().into_inner()
    }

    pub async fn send(&self, intent: &Intent) -> Result<Published, PublishError> {
        publishing::send::<S::Adapter>(&self.scope, &self.channel().await, intent).await
    }

    pub async fn reconcile(&self, intent: &Intent, since: Timestamp) -> Result<Option<Published>, PublishError> {
        publishing::reconcile::<S::Adapter>(&self.scope, &self.channel().await, intent, since).await
    }
}

impl<S: OauthServer<Adapter: Adapter<Picture = Picture>>> Connected<S> {
    pub fn draft(&self, text: &str) -> Draft {
        Draft {
            text: text.to_owned(),
            options: None,
            pictures: Vec::new(),
            created_at: self.place.app.now(),
            post: [7; 16],
        }
    }

    pub async fn prepare(&self, draft: Draft) -> Result<Intent, PublishError> {
        crate::prepared::<S::Adapter>(&self.scope, &self.channel().await, draft).await
    }
}

pub fn picture(alt_text: &str) -> Picture {
    let (bytes, content_type) = (alt_text.as_bytes().to_vec(), "image/png".to_owned());
    Picture { bytes, content_type, alt_text: alt_text.to_owned(), width: 4, height: 3 }
}

#[track_caller]
pub fn code(result: Result<impl std::fmt::Debug, PublishError>) -> (&'static str, String) {
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
