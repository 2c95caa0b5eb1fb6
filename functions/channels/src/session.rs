//! A channel's session on its platform: sealed tokens, and the lease for renewing them.

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};
use shared::crypto::Sealed;
use shared::kernel::ids::{Id, Identified};
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::table::{Due, Entity};
use shared::tenancy::Scope;
use shared::work::backoff;

use crate::call::CallError;
use crate::channel::ChannelId;
use crate::pending_connection::{OfferedAccount, PendingConnection};
use crate::platform::Platform;
use crate::renewal::Reuse;

/// The purpose that tokens are sealed for. Their owner is the channel, so no other channel can open them.
pub const TOKEN_PURPOSE: &str = "channel-tokens";

/// An access token is renewed when it has less than this left.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// A token with less than this left is no longer sent: it could expire in transit.
const USED_UNTIL: SignedDuration = SignedDuration::from_secs(60);
/// A lease outlasts the one call under it (`renewal`: 10 s) and the commit after that.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// Where a repeat would end the session, a lease outlasts the longest run of a function (claim 64: 5 minutes): until then, a slow
/// one may still store what its call brought.
const LEASE_OF_ONE_USE: SignedDuration = SignedDuration::from_secs(330);

/// The tokens of a channel.
#[derive(Serialize, Deserialize)]
pub struct ChannelSession {
    channel: ChannelId,
    /// The server that hosts the account, as the platform stated it.
    pub server: String,
    #[serde(flatten)]
    pub tokens: Tokens,
    /// Incremented with each renewal, to distinguish a refused token from the next one.
    pub generation: u64,
    lease: Option<Lease>,
    /// The renewals that failed since the last one that succeeded.
    #[serde(default)]
    failed: Option<FailedRenewals>,
    /// When the session is renewed although nothing is published, so that it is not lost. Sessions that releases without this
    /// field stored have it after their next renewal.
    #[serde(default)]
    renew_ahead_at: Option<Timestamp>,
}

/// What a platform accepts for an account, sealed for its channel.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Tokens {
    pub access: Sealed,
    /// None for a token that does not expire.
    pub access_expires_at: Option<Timestamp>,
    /// None if the platform gives none.
    pub refresh: Option<Sealed>,
    /// The registration with the platform that the tokens belong to.
    #[serde(default)]
    pub app: Option<AppCredentials>,
    /// Until when the session can be renewed, if it is not used before. None if the platform sets no end.
    #[serde(default)]
    pub renewable_until: Option<Timestamp>,
}

/// A registration of this product with a platform's OAuth server.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct AppCredentials {
    pub client_id: String,
    /// None for the operator's app, whose secret is stored with no workspace: [`crate::operator_app`].
    #[serde(default)]
    pub client_secret: Option<Sealed>,
}

impl Tokens {
    /// The same tokens, sealed for another channel.
    pub async fn moved(self, scope: &Scope, from: ChannelId, to: ChannelId) -> Result<Self, Problem> {
        let moved = async |sealed: &Sealed| {
            let secret = scope.open(TOKEN_PURPOSE, &from, sealed).await?;
            scope.seal(TOKEN_PURPOSE, &to, &secret).await
        };
        let refresh = match &self.refresh {
            Some(refresh) => Some(moved(refresh).await?),
            None => None,
        };
        let app = match self.app {
            Some(AppCredentials { client_id, client_secret: Some(secret) }) => {
                Some(AppCredentials { client_id, client_secret: Some(moved(&secret).await?) })
            }
            Some(of_operator) => Some(of_operator),
            None => None,
        };
        let (access_expires_at, renewable_until) = (self.access_expires_at, self.renewable_until);
        Ok(Self { access: moved(&self.access).await?, access_expires_at, refresh, app, renewable_until })
    }
}

/// The exclusive right to renew. A platform that rotates refresh tokens treats concurrent renewals as theft.
#[derive(Serialize, Deserialize)]
struct Lease {
    holder: String,
    until: Timestamp,
}

/// Renewals that failed since the last one that succeeded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FailedRenewals {
    count: u32,
    /// No renewal begins before.
    not_before: Timestamp,
    /// Since when it is unknown whether the platform has replaced the tokens: a renewal had no readable answer, or its function
    /// died.
    unknown_since: Option<Timestamp>,
    /// The last error, as the platform gave it.
    code: String,
    text: String,
}

/// What a renewal brought, sealed. An omitted token erases nothing.
pub struct RenewedTokens {
    pub access: Option<(Sealed, Timestamp)>,
    pub refresh: Option<Sealed>,
    pub renewable_until: Option<Timestamp>,
    pub server: Option<String>,
}

/// What to do before a token can be sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Send the stored one.
    Use,
    /// Take the lease and renew.
    Renew,
    /// Another renewal is running: read again at this instant at the latest.
    Wait(Timestamp),
    /// The last renewal failed with this error, and none begins before this instant.
    PutOff { until: Timestamp, code: String, text: String },
}

impl Entity for ChannelSession {
    const KIND: &'static str = "CHANNEL_SESSION";
    type Key = ChannelId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.channel
    }

    fn due(&self) -> Option<Due> {
        self.due_at().map(Due::at)
    }
}

impl ChannelSession {
    pub fn new(channel: ChannelId, server: String, tokens: Tokens, now: Timestamp) -> Self {
        let renew_ahead_at = tokens.renew_ahead_at(now);
        Self { channel, server, tokens, generation: 1, lease: None, failed: None, renew_ahead_at }
    }

    /// When a job takes the session up: after a renewal whose function died, to repeat one with an unknown outcome while the
    /// platform may still answer the same token, or before the session is lost.
    fn due_at(&self) -> Option<Timestamp> {
        match (&self.lease, &self.failed) {
            (Some(lease), _) => Some(lease.until),
            (None, Some(failed)) if failed.unknown_since.is_some() => Some(failed.not_before),
            (None, Some(failed)) => self.renew_ahead_at.map(|at| at.max(failed.not_before)),
            (None, None) => self.renew_ahead_at,
        }
    }

    /// Whether a job takes the session up.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at().is_some_and(|at| at <= now)
    }

    pub fn channel(&self) -> ChannelId {
        self.channel
    }

    /// What to do next. `refused` is the generation of a token that the platform has just refused.
    pub fn next_step(&self, now: Timestamp, refused: Option<u64>) -> Step {
        let was_refused = refused == Some(self.generation);
        if !was_refused && self.lasts_until(after(now, RENEWED_BEFORE)) {
            return Step::Use;
        }
        match &self.lease {
            // During another renewal, the current token is used until it expires.
            Some(lease) if now < lease.until => {
                if !was_refused && self.lasts_until(after(now, USED_UNTIL)) {
                    Step::Use
                } else {
                    Step::Wait(lease.until)
                }
            }
            _ => self.put_off(now, was_refused).unwrap_or(Step::Renew),
        }
    }

    /// After a failed renewal, the next one waits, and a token that still lasts is used.
    fn put_off(&self, now: Timestamp, was_refused: bool) -> Option<Step> {
        let FailedRenewals { not_before, code, text, .. } =
            self.failed.as_ref().filter(|failed| now < failed.not_before)?;
        if !was_refused && self.lasts_until(after(now, USED_UNTIL)) {
            return Some(Step::Use);
        }
        Some(Step::PutOff { until: *not_before, code: code.clone(), text: text.clone() })
    }

    fn lasts_until(&self, at: Timestamp) -> bool {
        self.tokens.access_expires_at.is_none_or(|expires_at| at < expires_at)
    }

    /// Takes the lease. It is held once it is committed on the condition of the revision that was read: from then on, the
    /// platform may have replaced the tokens.
    pub fn lease_to(&mut self, holder: &str, now: Timestamp, reuse: Reuse) {
        // Its function died, or was too slow to release it.
        if let Some(abandoned) = self.lease.take() {
            let failed = self.failed.get_or_insert_with(|| FailedRenewals {
                count: 1,
                not_before: abandoned.until,
                unknown_since: None,
                code: "renewal_abandoned".to_owned(),
                text: "The function that renewed the session died.".to_owned(),
            });
            failed.unknown_since.get_or_insert(abandoned.until);
        }
        let lasts = match reuse {
            Reuse::Answered { .. } => LEASE,
            Reuse::EndsSession => LEASE_OF_ONE_USE,
        };
        self.lease = Some(Lease { holder: holder.to_owned(), until: after(now, lasts) });
    }

    /// Whether this holder may still make a call of this length.
    pub fn is_leased_to(&self, holder: &str, now: Timestamp, call: SignedDuration) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.holder == holder && after(now, call) < lease.until)
    }

    /// Stores the tokens of a new sign-in. What the platform omitted stays: an omitted token erases nothing.
    pub fn replace(&mut self, tokens: Tokens, server: String, now: Timestamp) {
        let Tokens { access, access_expires_at, refresh, app, renewable_until } = tokens;
        let (refresh, app) = (refresh.or(self.tokens.refresh.take()), app.or(self.tokens.app.take()));
        self.tokens = Tokens { access, access_expires_at, refresh, app, renewable_until };
        self.server = server;
        self.generation += 1;
        self.succeed(now);
    }

    /// Stores what a renewal brought, and ends it.
    pub fn renew(&mut self, renewed: &RenewedTokens, now: Timestamp) {
        self.keep(renewed);
        self.succeed(now);
    }

    /// Stores what a renewal brought, although it failed. An omitted token erases nothing.
    pub fn keep(&mut self, renewed: &RenewedTokens) {
        let RenewedTokens { access, refresh, renewable_until, server } = renewed;
        if let Some((access, expires_at)) = access {
            self.tokens.access = access.clone();
            self.tokens.access_expires_at = Some(*expires_at);
            self.generation += 1;
        }
        if let Some(refresh) = refresh {
            self.tokens.refresh = Some(refresh.clone());
        }
        self.tokens.renewable_until = renewable_until.or(self.tokens.renewable_until);
        if let Some(server) = server {
            self.server.clone_from(server);
        }
    }

    fn succeed(&mut self, now: Timestamp) {
        (self.lease, self.failed) = (None, None);
        self.renew_ahead_at = self.tokens.renew_ahead_at(now);
    }

    /// Ends a renewal that failed. The next one waits: longer each time, and as long as the platform asks.
    pub fn fail(&mut self, error: &CallError, reuse: Reuse, now: Timestamp) {
        self.lease = None;
        let known = self.failed.take();
        let count = known.as_ref().map_or(0, |known| known.count).saturating_add(1);
        let asked = SignedDuration::from_secs(error.retry_after_s().unwrap_or_default().into());
        let unknown_since = known.and_then(|known| known.unknown_since).or(error.is_unknown().then_some(now));
        let mut wait = backoff(self.channel.as_bytes(), count);
        if let (Reuse::Answered { for_s }, Some(_)) = (reuse, unknown_since) {
            // Several repeats fall into the time in which they are answered.
            wait = wait.min(SignedDuration::from_secs(i64::from(for_s / 8)));
        }
        let wait = wait.max(asked);
        let (code, text) = (error.code().to_owned(), error.text());
        self.failed = Some(FailedRenewals { count, not_before: after(now, wait), unknown_since, code, text });
    }

    /// Since when it is unknown whether the platform has replaced the tokens.
    pub fn unknown_since(&self) -> Option<Timestamp> {
        self.failed.as_ref()?.unknown_since
    }

    /// Ends every renewal: a person must sign in again.
    pub fn rest(&mut self) {
        (self.lease, self.failed, self.renew_ahead_at) = (None, None, None);
    }
}

impl Tokens {
    /// After two thirds of the time in which the session can be renewed: a third is left for an outage.
    fn renew_ahead_at(&self, now: Timestamp) -> Option<Timestamp> {
        let left = self.renewable_until?.duration_since(now);
        Some(after(now, left - left / 3))
    }
}

/// A session that is no longer used, until the platform has ended it.
///
/// Disconnecting or reconnecting a channel inserts one in the same transaction; the job `end-channel-session` signs out
/// and deletes it.
#[derive(Serialize, Deserialize)]
pub struct EndedSession {
    pub id: EndedSessionId,
    /// Releases with Bluesky alone stored none.
    #[serde(default = "bluesky")]
    pub platform: Platform,
    pub channel: ChannelId,
    pub server: String,
    #[serde(default)]
    pub access: Option<Sealed>,
    pub refresh: Option<Sealed>,
    #[serde(default)]
    pub app: Option<AppCredentials>,
    ended_at: Timestamp,
}

pub type EndedSessionId = Id<EndedSession>;

const fn bluesky() -> Platform {
    Platform::Bluesky
}

/// A refresh token of Bluesky lives 90 days; after that there is nothing left to end there.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Identified for EndedSession {
    const PREFIX: &'static str = "endses";
    const NAME: &'static str = "EndedSession";
}

impl Entity for EndedSession {
    const KIND: &'static str = "ENDED_SESSION";
    type Key = EndedSessionId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.id
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(after(self.ended_at, KEPT_FOR))
    }
}

impl EndedSession {
    pub fn of(platform: Platform, session: &ChannelSession, id: EndedSessionId, now: Timestamp) -> Self {
        let Tokens { access, refresh, app, .. } = session.tokens.clone();
        let (channel, server) = (session.channel, session.server.clone());
        Self { id, platform, channel, server, access: Some(access), refresh, app, ended_at: now }
    }

    /// The session of an offered account that was not chosen in time.
    pub fn unused(pending: &PendingConnection, account: &OfferedAccount, id: EndedSessionId, now: Timestamp) -> Self {
        let Tokens { access, refresh, app, .. } = account.tokens.clone();
        let (platform, channel, server) = (pending.platform, pending.channel, account.server.clone());
        let app = app.or_else(|| Some(pending.app.clone()));
        Self { id, platform, channel, server, access: Some(access), refresh, app, ended_at: now }
    }
}

#[cfg(test)]
mod tests;
