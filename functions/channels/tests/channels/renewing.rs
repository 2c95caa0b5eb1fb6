//! Renewals of sessions: ahead of their end, after an unknown outcome, and the letters when a person must sign in again.

use channels::bluesky::Bluesky;
use channels::jobs::notify_reauthorisation::{self, NotifyReauthorisation};
use channels::jobs::refresh_channel_tokens;
use channels::letters::REAUTHORISATION_NEEDED;
use channels::publishing::PublishError;
use channels::renewal;
use channels::routes::connect_bluesky;
use channels::session::ChannelSession;
use channels::{Channel, ChannelId, Connection};
use mail::SendEmail;
use serde_json::json;
use shared::kernel::time::SignedDuration;
use shared::tenancy::{Role, Tenant};
use shared::testing::{Person, Request, TestApp};
use test_support::scripted_server::{PASSWORD, Scripted, ScriptedServer, refusal};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const REFRESH: &str = "server.refreshSession";

struct Place {
    app: TestApp,
    owner: Person,
    server: ScriptedServer,
    scope: Tenant,
    id: ChannelId,
}

impl Place {
    async fn new() -> Self {
        let app = TestApp::new();
        let owner = app.owner().await.unwrap();
        let server = ScriptedServer::start(app.now());
        let scope = app.scope(owner.workspace);
        let at = Self { id: connected(&app, &owner, &server).await, app, owner, server, scope };
        at.server.issue_from(at.app.now());
        at
    }

    async fn tick(&self) {
        self.app.tick(&refresh_channel_tokens::FUNCTION).await.unwrap();
    }

    fn advance(&self, by: SignedDuration) {
        self.app.advance(by);
        self.server.issue_from(self.app.now());
    }

    /// The refresh tokens that were presented so far.
    fn presented(&self) -> Vec<String> {
        self.server.calls(REFRESH).into_iter().map(|call| call.token).collect()
    }

    /// What publishing does first.
    async fn access(&self) -> Result<(), PublishError> {
        renewal::access::<Bluesky>(&self.scope, self.id, None).await.map(drop)
    }

    async fn channel(&self) -> Channel {
        self.scope.get::<Channel>(&self.id).await.unwrap().into_inner()
    }

    async fn session(&self) -> ChannelSession {
        self.scope.get::<ChannelSession>(&self.id).await.unwrap().into_inner()
    }

    /// Delivers the messages that tell of a refusal; the users who were written to so far.
    async fn notify(&self) -> usize {
        let posted = self.app.outbox::<NotifyReauthorisation>(&self.owner.outbox()).await.unwrap();
        self.app.deliver(&notify_reauthorisation::FUNCTION, &posted).await.unwrap();
        // Another message of the same refusal.
        let mut again = posted.clone();
        for message in &mut again {
            message.envelope.id = message.envelope.id.chars().rev().collect();
        }
        self.app.deliver(&notify_reauthorisation::FUNCTION, &again).await.unwrap();
        let letters = self.app.outbox::<SendEmail>(&self.owner.outbox()).await.unwrap();
        letters.iter().filter(|posted| posted.envelope.payload.to_string().contains(REAUTHORISATION_NEEDED)).count()
    }
}

async fn connected(app: &TestApp, owner: &Person, server: &ScriptedServer) -> ChannelId {
    let body = json!({ "service": server.url, "identifier": "alice.test", "app_password": PASSWORD });
    let request = Request::to(&connect_bluesky::FUNCTION).by(owner).json(body);
    app.call(request).await.expect(201).body["id"].as_str().unwrap().parse().unwrap()
}

/// The tokens of this server do not say when they end, so 30 days are assumed, and a third of them is left for an outage.
#[tokio::test]
async fn a_session_is_renewed_before_it_would_be_lost_and_not_earlier() {
    let at = Place::new().await;
    at.advance(DAY * 20 - SignedDuration::from_secs(1));
    at.tick().await;
    assert_eq!(at.presented(), Vec::<String>::new(), "renewed although nothing would be lost");
    at.advance(SignedDuration::from_secs(1));
    at.tick().await;
    at.tick().await;
    assert_eq!(at.presented(), ["refresh-1"]);
    at.advance(DAY * 20);
    at.tick().await;
    assert_eq!(at.presented(), ["refresh-1", "refresh-2"], "the tokens of the renewal were not stored");
    // Publishing renews too, and moves the next renewal.
    at.advance(DAY * 19);
    at.access().await.unwrap();
    at.advance(DAY * 2);
    at.tick().await;
    assert_eq!(at.presented().len(), 3);
}

#[tokio::test]
async fn a_renewal_with_an_unknown_outcome_is_repeated_with_the_same_token() {
    let at = Place::new().await;
    at.advance(SignedDuration::from_hours(3));
    at.server.next(REFRESH, Scripted::DoAndBreak);
    let Err(PublishError::NotNow { code, .. }) = at.access().await else { panic!("the token was used") };
    assert_eq!(code, "platform_timed_out");
    assert_eq!(at.session().await.unknown_since(), Some(at.app.now()));
    at.tick().await;
    assert_eq!(at.presented().len(), 1, "repeated at once");
    let Err(PublishError::NotNow { code, retry_after_s, .. }) = at.access().await else { panic!("renewed at once") };
    assert_eq!((code.as_str(), retry_after_s >= 29), ("platform_timed_out", true));
    // Nothing is published: the job repeats it, while the server still answers the same token.
    at.advance(SignedDuration::from_mins(1));
    at.tick().await;
    assert_eq!(at.presented(), ["refresh-1", "refresh-1"]);
    assert_eq!(at.session().await.unknown_since(), None);
    at.access().await.unwrap();
    assert_eq!(at.presented().len(), 2);
}

#[tokio::test]
async fn failures_that_pass_wait_longer_each_time_and_never_disconnect() {
    let at = Place::new().await;
    at.advance(DAY * 20);
    let mut waits = Vec::new();
    for (number, scripted) in [
        Scripted::Break,
        refusal(500, "InternalServerError", "x"),
        refusal(429, "RateLimitExceeded", "x"),
        refusal(400, "InvalidRequest", "x"),
        Scripted::Answer(200, json!("<html>")),
        Scripted::Answer(200, json!({ "did": "did:plc:alice" })),
        Scripted::Answer(200, json!({ "did": "did:plc:mallory", "accessJwt": "a.b.c", "refreshJwt": "d.e.f" })),
    ]
    .into_iter()
    .enumerate()
    {
        at.server.next(REFRESH, scripted);
        at.tick().await;
        assert_eq!(at.presented().len(), number + 1, "call {number} was not made");
        let Err(PublishError::NotNow { retry_after_s, .. }) = at.access().await else { panic!("renewed at once") };
        waits.push(retry_after_s);
        at.advance(SignedDuration::from_secs(i64::from(retry_after_s) + 1));
    }
    assert!(waits.windows(2).all(|pair| pair[0] < pair[1] || pair[1] >= 900), "{waits:?}");
    assert_eq!(at.channel().await.connection, Connection::Connected);
    assert_eq!(at.presented(), ["refresh-1"; 7], "another token was stored");
    at.tick().await;
    at.access().await.unwrap();
    assert_eq!(at.presented().len(), 8);
}

#[tokio::test]
async fn a_failed_renewal_leaves_a_lasting_token_in_use() {
    let at = Place::new().await;
    // Four minutes are left of the token's two hours.
    at.app.advance(SignedDuration::from_mins(116));
    at.server.next(REFRESH, refusal(503, "NotNow", "x"));
    at.access().await.unwrap();
    at.access().await.unwrap();
    assert_eq!(at.presented().len(), 1, "renewed again at once");
}

#[tokio::test]
async fn the_admins_are_told_once_that_a_channel_must_be_connected_again() {
    let at = Place::new().await;
    at.app.join(at.owner.workspace, Role::Admin).await.unwrap();
    at.app.join(at.owner.workspace, Role::Member).await.unwrap();
    at.advance(DAY * 20);
    at.server.next(REFRESH, refusal(400, "ExpiredToken", "Token has been revoked"));
    at.tick().await;
    assert!(matches!(at.channel().await.connection, Connection::NeedsReauthorisation { .. }));
    assert_eq!(at.notify().await, 2, "the owner and the admin");
    assert_eq!(at.notify().await, 2, "a repeated message sent letters again");
    at.advance(DAY);
    at.tick().await;
    assert_eq!(at.presented().len(), 1, "a refused session was renewed again");
}

#[tokio::test]
async fn no_letter_is_sent_about_a_channel_that_was_connected_again() {
    let at = Place::new().await;
    at.advance(SignedDuration::from_hours(3));
    at.server.next(REFRESH, refusal(400, "ExpiredToken", "Token has been revoked"));
    at.access().await.unwrap_err();
    let token = at.app.mint(at.owner.user, at.owner.session).await.unwrap();
    let owner = Person { token, ..at.owner.clone() };
    assert_eq!(connected(&at.app, &owner, &at.server).await, at.id);
    assert_eq!(at.notify().await, 0);
}

#[tokio::test]
async fn a_session_of_an_account_that_is_gone_is_no_longer_renewed() {
    let at = Place::new().await;
    let mut channel = at.scope.get::<Channel>(&at.id).await.unwrap();
    channel.need_reauthorisation("AccountTakedown", "x", at.app.now());
    let changes = shared::tenancy::Changes::default().replace(&channel).unaudited("a test");
    at.scope.commit(changes).await.unwrap();
    at.advance(DAY * 20);
    at.tick().await;
    assert_eq!(at.presented().len(), 0);
    assert!(!at.session().await.is_due(shared::kernel::time::Timestamp::MAX));
}

/// If KMS failed between the two, the new tokens would be lost.
#[tokio::test]
async fn no_key_is_fetched_between_a_renewal_and_its_commit() {
    let at = Place::new().await;
    at.advance(SignedDuration::from_hours(3));
    let wire = at.app.fixture_wire();
    wire.take();
    at.access().await.unwrap();
    let calls = wire.take();
    let renewal = calls.iter().position(|call| call.contains("refreshSession")).unwrap();
    assert_eq!(calls[renewal + 1], "DynamoDB.TransactWriteItems", "{calls:?}");
    assert!(calls[..renewal].iter().any(|call| call == "KMS.GenerateDataKey"), "{calls:?}");
}
