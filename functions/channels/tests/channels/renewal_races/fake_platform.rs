//! A fake of a platform's sessions, by RFC 6749, section 6, with the rotation of RFC 9700, section 4.14.2: a refresh token works
//! once, and one that is presented again ends its session. As `Fake<false>`, it answers a repeat like the first use for two
//! hours, as Bluesky does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use channels::adapter::{Authorization, Begun, Code, NoSteps, Prepared};
use channels::call::{CallError, Meaning, Refusal};
use channels::limits::Limits;
use channels::mastodon::Mastodon;
use channels::mastodon::options::MastodonOptions;
use channels::options::PlatformOptions;
use channels::pending_connection::{OfferedAccount, PendingConnection};
use channels::platform_facts::PlatformFacts;
use channels::publishing::{Outgoing, Picture, PublishError, Published};
use channels::rendering::Rendered;
use channels::renewal::{Renewed, Renewing, Reuse};
use channels::server_address::Service;
use channels::session::{ChannelSession, EndedSession};
use channels::{Adapter, Channel, ChannelId, Guarantee, Platform};
use shared::kernel::entropy::Entropy;
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::tenancy::{Changes, Scope};

pub const ACCESS_LASTS: SignedDuration = SignedDuration::from_hours(2);
const GRACE: SignedDuration = SignedDuration::from_hours(2);

/// The sessions on the platform, by account. A test has a process of its own.
pub static PLATFORM: Mutex<BTreeMap<String, Family>> = Mutex::new(BTreeMap::new());
pub static FAULTS: Mutex<Option<Faults>> = Mutex::new(None);
/// The secrets of the operator's app that calls were made with; the platform refuses those that are not `new`.
pub static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Whether the next call lasts longer than its lease.
pub static IS_SLOW: AtomicBool = AtomicBool::new(false);

#[derive(Default)]
pub struct Family {
    pub current: u64,
    pub rotated_at: Option<Timestamp>,
    pub is_dead: bool,
    pub rotations: u64,
    pub repeats: u64,
}

/// What befalls calls of the platform.
pub struct Faults {
    pub entropy: Entropy,
    pub lose_answers: bool,
}

/// The fate of one call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Pass,
    NotSent,
    Busy,
    /// A failing server, which changed nothing: the caller cannot know.
    Failed,
    LostAnswer,
}

impl Faults {
    fn below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.entropy.bytes()) % bound
    }

    fn next(&self) -> Fate {
        match self.below(12) {
            0 => Fate::NotSent,
            1 => Fate::Busy,
            2 => Fate::Failed,
            3 if self.lose_answers => Fate::LostAnswer,
            _ => Fate::Pass,
        }
    }
}

pub fn platform() -> MutexGuard<'static, BTreeMap<String, Family>> {
    PLATFORM.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fate() -> Fate {
    let faults = FAULTS.lock().unwrap_or_else(PoisonError::into_inner);
    faults.as_ref().map_or(Fate::Pass, Faults::next)
}

fn refused(status: u16, code: &str, meaning: Meaning) -> CallError {
    let (code, text) = (code.to_owned(), "as scripted".to_owned());
    CallError::Refused(Refusal { status, code, text, retry_after_s: None, meaning })
}

/// A platform that issues tokens of one use, if `ONE_USE`.
pub struct Fake<const ONE_USE: bool>;

impl<const ONE_USE: bool> Adapter for Fake<ONE_USE> {
    const PLATFORM: Platform = Platform::Mastodon;
    const NAME: &'static str = "fake";
    const GUARANTEE: Guarantee = Guarantee::AtMostOnceAndHold;
    const FACTS: PlatformFacts = Mastodon::FACTS;
    const SETTLE_TIME_S: u32 = 0;
    const REUSE: Option<Reuse> = Some(if ONE_USE { Reuse::EndsSession } else { Reuse::Answered { for_s: 7_200 } });

    type Request = ();
    type Staged = NoSteps;
    type Options = MastodonOptions;
    type Picture = Picture;

    fn limits() -> Limits {
        Platform::Mastodon.limits()
    }

    fn options(_: &PlatformOptions) -> Option<&MastodonOptions> {
        unreachable!("nothing is published")
    }

    fn render(_: &str, _: &MastodonOptions) -> Rendered {
        unreachable!("nothing is published")
    }

    async fn begin(_: &Scope, _: Option<&Service>, _: &Authorization) -> Result<Begun, Problem> {
        unreachable!("nothing is connected")
    }

    async fn redeem(_: &Scope, _: &PendingConnection, _: &Code) -> Result<Vec<OfferedAccount>, Problem> {
        unreachable!("nothing is connected")
    }

    async fn prepare(
        _: &Scope,
        _: &Channel,
        _: Outgoing<MastodonOptions>,
    ) -> Result<Prepared<(), NoSteps>, PublishError> {
        unreachable!("nothing is published")
    }

    async fn advance(_: &Scope, _: &Channel, staged: NoSteps) -> Result<Prepared<(), NoSteps>, PublishError> {
        match staged {}
    }

    async fn send(_: &Scope, _: &Channel, (): &()) -> Result<Published, PublishError> {
        unreachable!("nothing is published")
    }

    async fn reconcile(_: &Scope, _: &Channel, (): &(), _: Timestamp) -> Result<Option<Published>, PublishError> {
        unreachable!("nothing is published")
    }

    async fn refresh(scope: &Scope, renewing: &Renewing<'_>) -> Result<Renewed, CallError> {
        tokio::task::yield_now().await;
        if let Some(app) = &renewing.app {
            let secret = app.client_secret.expose().to_owned();
            SECRETS.lock().unwrap().push(secret.clone());
            if secret != "new" {
                return Err(refused(401, "invalid_client", Meaning::AppRefused));
            }
        }
        let fate = fate();
        match fate {
            Fate::NotSent => return Err(CallError::NotSent("no route".to_owned())),
            Fate::Busy => return Err(refused(429, "busy", Meaning::TooMany)),
            Fate::Failed => return Err(refused(500, "failed", Meaning::ServerFault)),
            Fate::Pass | Fate::LostAnswer => {}
        }
        let answer = rotate::<ONE_USE>(renewing, scope.now());
        tokio::task::yield_now().await;
        if IS_SLOW.swap(false, Ordering::Relaxed) {
            outlast_the_lease(scope, renewing.channel.id, Self::REUSE.unwrap()).await;
        }
        if fate == Fate::LostAnswer {
            return Err(CallError::NoAnswer("the connection broke".to_owned()));
        }
        answer
    }

    async fn revoke(_: &Scope, _: &EndedSession) -> Result<(), Problem> {
        unreachable!("nothing is ended")
    }
}

/// The function stands still until its lease has ended, and another one has taken it.
async fn outlast_the_lease(scope: &Scope, channel: ChannelId, reuse: Reuse) {
    scope.pause(Duration::from_secs(600)).await;
    let mut session = scope.get::<ChannelSession>(&channel).await.unwrap();
    session.lease_to("another", scope.now(), reuse);
    scope.commit(Changes::default().replace(&session).unaudited("a test")).await.unwrap();
}

/// The effect of a call on the platform.
fn rotate<const ONE_USE: bool>(renewing: &Renewing<'_>, now: Timestamp) -> Result<Renewed, CallError> {
    let (account, number) = renewing.token.expose().rsplit_once('/').unwrap();
    let number: u64 = number.parse().unwrap();
    let mut platform = platform();
    let family = platform.get_mut(account).unwrap();
    let is_first_use = number == family.current;
    let is_repeat = number + 1 == family.current && family.rotated_at.is_some_and(|at| now < after(at, GRACE));
    if !is_first_use {
        family.repeats += 1;
    }
    if family.is_dead || !(is_first_use || (is_repeat && !ONE_USE)) {
        family.is_dead = true;
        return Err(refused(400, "invalid_grant", Meaning::StaleToken));
    }
    if is_first_use {
        (family.current, family.rotated_at) = (number + 1, Some(now));
        family.rotations += 1;
    }
    let next = |kind: &str| SecretText::new(format!("{account}{kind}/{}", family.current));
    Ok(Renewed {
        access: Some((next("-access"), after(now, ACCESS_LASTS))),
        refresh: Some(next("")),
        renewable_until: Some(after(now, SignedDuration::from_hours(24 * 180))),
        server: None,
    })
}
