//! Many functions renew the same sessions at the same time: no refresh token is used twice, and no session is lost.

mod fake_platform;

use std::future::{Future, poll_fn};
use std::io::Write;
use std::sync::atomic::Ordering;
use std::task::Poll;

use channels::publishing::PublishError;
use channels::renewal::{self, Access};
use channels::session::{AppCredentials, ChannelSession, TOKEN_PURPOSE, Tokens};
use channels::{Adapter, Channel, ChannelId, Connection, Platform};
use futures::future::join_all;
use shared::aws::wire::Fault;
use shared::kernel::entropy::Entropy;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, after};
use shared::tenancy::{Changes, Page, Tenant};
use shared::testing::{Person, TestApp};

use fake_platform::{ACCESS_LASTS, FAULTS, Fake, Family, Faults, IS_SLOW, SECRETS, platform};

const CHANNELS: usize = 6;
const WORKERS: usize = 12;
const EXPIRIES: usize = 40;

struct Race {
    app_of_operator: bool,
    app: TestApp,
    owner: Person,
    scope: Tenant,
    channels: Vec<ChannelId>,
    faults: Entropy,
}

impl Race {
    async fn new() -> Self {
        Self::with(false).await
    }

    /// With tokens of the operator's app, if `app_of_operator`.
    async fn with(app_of_operator: bool) -> Self {
        let app = TestApp::new();
        let owner = app.owner().await.unwrap();
        let scope = app.scope(owner.workspace);
        let faults = Entropy::seeded(u64::from_le_bytes(app.entropy().bytes()));
        let mut race = Self { app_of_operator, app, owner, scope, channels: Vec::new(), faults };
        for number in 0..CHANNELS {
            let id = race.connect(&format!("account-{number}")).await;
            race.channels.push(id);
        }
        race
    }

    async fn connect(&self, account: &str) -> ChannelId {
        let id: ChannelId = self.app.new_id();
        let seal = async |text: String| self.scope.seal(TOKEN_PURPOSE, &id, &SecretText::new(text)).await.unwrap();
        let tokens = Tokens {
            access: seal(format!("{account}-access/1")).await,
            access_expires_at: Some(after(self.app.now(), ACCESS_LASTS)),
            refresh: Some(seal(format!("{account}/1")).await),
            app: self.app_of_operator.then(|| AppCredentials { client_id: "one".to_owned(), client_secret: None }),
            renewable_until: None,
        };
        let channel = Channel {
            id,
            platform: Platform::Mastodon,
            service: "https://fake.example".to_owned(),
            account_id: account.to_owned(),
            handle: account.to_owned(),
            own_limits: None,
            connection: Connection::Connected,
            connected_at: self.app.now(),
            connected_by: self.owner.user.into(),
        };
        let session = ChannelSession::new(id, "https://fake.example/".to_owned(), tokens, self.app.now());
        let changes = Changes::default().insert(&channel).insert(&session).unaudited("a test");
        self.scope.commit(changes).await.unwrap();
        platform().insert(account.to_owned(), Family { current: 1, ..Family::default() });
        id
    }

    fn below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.faults.bytes()) % bound
    }

    /// Every worker uses a channel while every token has expired. `deaths` is whether some functions die on the way.
    async fn race<A: Adapter>(&self, lose_answers: bool, deaths: bool) {
        self.app.advance(ACCESS_LASTS);
        // Publishing does not come this far on a channel that needs a person.
        let connected = self.connected().await;
        *FAULTS.lock().unwrap() = Some(Faults { entropy: self.faults.clone(), lose_answers });
        // A call of AWS has its effect, and its answer is lost.
        let wire = self.app.fixture_wire();
        let at_call = 1 + usize::try_from(self.below(60)).unwrap();
        wire.arm(Fault::LoseAnswer(at_call));
        let workers = (0..WORKERS).filter(|_| !connected.is_empty()).map(|number| {
            let id = connected[number % connected.len()];
            let polls = (deaths && self.below(3) == 0).then(|| self.below(60));
            up_to(polls, renewal::access::<A>(&self.scope, id, None))
        });
        let ended = join_all(workers).await;
        wire.disarm();
        *FAULTS.lock().unwrap() = None;
        for access in ended.into_iter().flatten() {
            self.check(&access);
        }
    }

    fn check(&self, access: &Result<Access, PublishError>) {
        match access {
            Ok(_) | Err(PublishError::NotNow { .. } | PublishError::Disconnected { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Every channel is used once more when nothing fails any longer. The ones that have no session any more.
    async fn recover<A: Adapter>(&self) -> Vec<ChannelId> {
        // Longer than each wait, and than each lease of a function that died.
        self.app.advance(SignedDuration::from_mins(25));
        let mut lost = Vec::new();
        for id in self.connected().await {
            match renewal::access::<A>(&self.scope, id, None).await {
                Ok(access) => assert!(!access.token.expose().is_empty()),
                Err(PublishError::Disconnected { .. }) => lost.push(id),
                Err(other) => panic!("{other:?}"),
            }
        }
        lost
    }

    async fn connected(&self) -> Vec<ChannelId> {
        let mut connected = Vec::new();
        for id in &self.channels {
            if self.scope.get::<Channel>(id).await.unwrap().connection == Connection::Connected {
                connected.push(*id);
            }
        }
        connected
    }
}

/// Drops a future after some polls, as a function dies.
async fn up_to<F: Future>(polls: Option<u64>, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (Box::pin(future), polls);
    poll_fn(|context| {
        if left == Some(0) {
            return Poll::Ready(None);
        }
        left = left.map(|left| left - 1);
        future.as_mut().poll(context).map(Some)
    })
    .await
}

fn report(name: &str) -> (u64, u64, usize) {
    let platform = platform();
    let rotations = platform.values().map(|family| family.rotations).sum();
    let repeats = platform.values().map(|family| family.repeats).sum();
    let dead = platform.values().filter(|family| family.is_dead).count();
    let text = format!("{name}: {rotations} renewals, {repeats} tokens presented again, {dead} sessions lost\n");
    let _unseen = std::io::stderr().write_all(text.as_bytes());
    (rotations, repeats, dead)
}

/// Nothing that a function can survive loses a session: busy and failing servers, answers of AWS that are lost, and any
/// interleaving.
#[tokio::test]
async fn tokens_of_one_use_are_used_once_by_any_number_of_workers() {
    let race = Race::new().await;
    for _ in 0..EXPIRIES {
        race.race::<Fake<true>>(false, false).await;
        assert_eq!(race.recover::<Fake<true>>().await, []);
    }
    let (rotations, repeats, dead) = report("tokens of one use");
    assert!(rotations >= (EXPIRIES * CHANNELS) as u64, "{rotations} renewals");
    assert_eq!((repeats, dead), (0, 0));
}

/// Functions die at any point, and answers of the platform are lost after their effect.
#[tokio::test]
async fn no_session_is_lost_where_the_platform_answers_a_repeat() {
    let race = Race::new().await;
    for _ in 0..EXPIRIES {
        race.race::<Fake<false>>(true, true).await;
        assert_eq!(race.recover::<Fake<false>>().await, []);
    }
    let (rotations, repeats, dead) = report("tokens with a grace");
    assert!(rotations >= (EXPIRIES * CHANNELS) as u64 && repeats > 0, "{rotations} renewals, {repeats} repeats");
    assert_eq!(dead, 0);
}

/// Where the platform answers no repeat, a lost answer loses the session. It is presented once more, a person is asked for
/// once, and nothing is called after that.
#[tokio::test]
async fn a_session_whose_answer_was_lost_needs_a_person_after_one_more_call() {
    let race = Race::new().await;
    for _ in 0..EXPIRIES {
        race.race::<Fake<true>>(true, true).await;
        race.recover::<Fake<true>>().await;
    }
    report("tokens of one use, with lost answers");
    let calls: Vec<u64> = platform().values().map(|family| family.repeats).collect();
    // A function may die between a refusal and its record: then the next one asks again.
    assert!(calls.iter().all(|repeats| *repeats <= 3), "a lost token was presented again and again: {calls:?}");
    let mut refused = 0;
    for id in &race.channels {
        let channel = race.scope.get::<Channel>(id).await.unwrap();
        let is_dead = platform()[&channel.account_id].is_dead;
        assert_eq!(is_dead, channel.connection != Connection::Connected, "{}", channel.account_id);
        refused += usize::from(is_dead);
    }
    assert!(refused > 0, "no answer was lost");
    let page = Page { limit: 100, cursor: None, newest_first: true };
    let entries = race.scope.audit_entries(&page).await.unwrap().items;
    assert_eq!(entries.iter().filter(|entry| entry.action == "channel.reauthorisation_needed").count(), refused);
}

#[tokio::test]
async fn a_function_that_was_slower_than_its_lease_stores_the_tokens_that_only_it_knows() {
    let race = Race::new().await;
    race.app.advance(ACCESS_LASTS);
    IS_SLOW.store(true, Ordering::Relaxed);
    let access = renewal::access::<Fake<true>>(&race.scope, race.channels[0], None).await.unwrap();
    assert_eq!((access.token.expose(), access.generation), ("account-0-access/2", 2));
    race.app.advance(ACCESS_LASTS);
    let access = renewal::access::<Fake<true>>(&race.scope, race.channels[0], None).await.unwrap();
    assert_eq!(access.token.expose(), "account-0-access/3");
    assert_eq!(report("a slow function"), (2, 0, 0));
}

/// The operator rotated the secret, or made a mistake: the account is not at fault.
#[tokio::test]
async fn a_refused_app_disconnects_no_channel_and_is_read_again() {
    let race = Race::with(true).await;
    race.app.put_platform_app("mastodon", "one", "old").unwrap();
    race.app.advance(ACCESS_LASTS);
    let use_it = async || renewal::access::<Fake<true>>(&race.scope, race.channels[0], None).await;
    let refused = use_it().await;
    assert!(matches!(&refused, Err(PublishError::NotNow { code, .. }) if code == "invalid_client"));
    assert_eq!(race.connected().await.len(), CHANNELS);
    race.app.put_platform_app("mastodon", "one", "new").unwrap();
    // Longer than the wait after the failure, and shorter than what is read of the secret is kept.
    race.app.advance(SignedDuration::from_mins(1));
    assert_eq!(use_it().await.ok().unwrap().token.expose(), "account-0-access/2");
    assert_eq!(*SECRETS.lock().unwrap(), ["old", "new"]);
}
