//! A channel's session on its platform: sealed tokens, and the lease for renewing them.

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};
use shared::crypto::Sealed;
use shared::kernel::ids::{Id, Identified};
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::table::Entity;
use shared::tenancy::Scope;

use crate::channel::ChannelId;
use crate::pending_connection::{OfferedAccount, PendingConnection};
use crate::platform::Platform;

/// The purpose that tokens are sealed for. Their owner is the channel, so no other channel can open them.
pub const TOKEN_PURPOSE: &str = "channel-tokens";

/// An access token is renewed when it has less than this left.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// A token with less than this left is no longer sent: it could expire in transit.
const USED_UNTIL: SignedDuration = SignedDuration::from_secs(60);
/// A lease outlasts the one call under it (`bluesky::client`: 10 s) and the commit after that.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

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
}

/// What a platform accepts for an account, sealed for its channel.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Tokens {
    pub access: Sealed,
    /// None for a token that does not expire.
    pub access_expires_at: Option<Timestamp>,
    /// None if the platform gives none.
    pub refresh: Option<Sealed>,
    /// The registration with the platform that the tokens belong to, if the account has one of its own.
    #[serde(default)]
    pub app: Option<AppCredentials>,
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
        Ok(Self { access: moved(&self.access).await?, access_expires_at: self.access_expires_at, refresh, app })
    }
}

/// The exclusive right to renew. A platform that rotates refresh tokens treats concurrent renewals as theft.
#[derive(Serialize, Deserialize)]
struct Lease {
    holder: String,
    until: Timestamp,
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
}

impl Entity for ChannelSession {
    const KIND: &'static str = "CHANNEL_SESSION";
    type Key = ChannelId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.channel
    }
}

impl ChannelSession {
    pub fn new(channel: ChannelId, server: String, tokens: Tokens) -> Self {
        Self { channel, server, tokens, generation: 1, lease: None }
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
            _ => Step::Renew,
        }
    }

    fn lasts_until(&self, at: Timestamp) -> bool {
        self.tokens.access_expires_at.is_none_or(|expires_at| at < expires_at)
    }

    /// Takes the lease. It is held once it is committed on the condition of the revision that was read.
    pub fn lease_to(&mut self, holder: &str, now: Timestamp) {
        self.lease = Some(Lease { holder: holder.to_owned(), until: after(now, LEASE) });
    }

    /// Whether this holder may still make a call of this length.
    pub fn is_leased_to(&self, holder: &str, now: Timestamp, call: SignedDuration) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.holder == holder && after(now, call) < lease.until)
    }

    pub fn release(&mut self) {
        self.lease = None;
    }

    /// Stores the tokens of a new sign-in. What the platform omitted stays: an omitted token erases nothing.
    pub fn replace(&mut self, tokens: Tokens, server: String) {
        let Tokens { access, access_expires_at, refresh, app } = tokens;
        let (refresh, app) = (refresh.or(self.tokens.refresh.take()), app.or(self.tokens.app.take()));
        self.tokens = Tokens { access, access_expires_at, refresh, app };
        self.server = server;
        self.generation += 1;
        self.release();
    }

    /// Stores the fields that a renewal returned. An omitted token erases nothing.
    pub fn renew(&mut self, access: Option<(Sealed, Timestamp)>, refresh: Option<Sealed>, server: Option<String>) {
        if let Some((access, expires_at)) = access {
            self.tokens.access = access;
            self.tokens.access_expires_at = Some(expires_at);
            self.generation += 1;
        }
        if let Some(refresh) = refresh {
            self.tokens.refresh = Some(refresh);
        }
        if let Some(server) = server {
            self.server = server;
        }
        self.release();
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
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sealed(name: &str) -> Sealed {
        serde_json::from_value(json!({ "v": 1, "key": "k", "wrapped": "w", "sealed": name })).unwrap()
    }

    /// A session whose access token ends at second 7,200.
    fn session() -> ChannelSession {
        let channel = "chan_01999999999970008000000000000001".parse().unwrap();
        let (access, refresh) = (sealed("a1"), Some(sealed("r1")));
        let tokens = Tokens { access, access_expires_at: Some(at(7_200)), refresh, app: None };
        ChannelSession::new(channel, "https://pds.test/".to_owned(), tokens)
    }

    #[test]
    fn a_token_is_renewed_when_it_has_less_than_five_minutes_left() {
        assert_eq!(session().next_step(at(0), None), Step::Use);
        assert_eq!(session().next_step(at(6_899), None), Step::Use);
        assert_eq!(session().next_step(at(6_900), None), Step::Renew);
        assert_eq!(session().next_step(at(9_000), None), Step::Renew);
    }

    #[test]
    fn a_refused_token_is_renewed_once() {
        let mut session = session();
        assert_eq!(session.next_step(at(0), Some(1)), Step::Renew);
        session.renew(Some((sealed("a2"), at(9_000))), None, None);
        assert_eq!(session.next_step(at(0), Some(1)), Step::Use);
    }

    #[test]
    fn during_a_renewal_others_use_the_current_token_or_wait() {
        let mut session = session();
        session.lease_to("me", at(6_900));
        assert_eq!(session.next_step(at(6_901), None), Step::Use);
        assert_eq!(session.next_step(at(6_901), Some(1)), Step::Wait(at(6_930)));
        session.lease_to("me", at(7_190));
        assert_eq!(session.next_step(at(7_191), None), Step::Wait(at(7_220)));
        assert_eq!(session.next_step(at(7_220), None), Step::Renew);
    }

    #[test]
    fn a_call_longer_than_the_rest_of_the_lease_does_not_start() {
        let mut session = session();
        let call = SignedDuration::from_secs(10);
        assert!(!session.is_leased_to("me", at(0), call));
        session.lease_to("me", at(0));
        assert!(session.is_leased_to("me", at(19), call));
        assert!(!session.is_leased_to("me", at(20), call));
        assert!(!session.is_leased_to("you", at(0), call));
        session.release();
        assert!(!session.is_leased_to("me", at(0), call));
    }

    #[test]
    fn an_omitted_token_keeps_the_stored_one() {
        let mut session = session();
        session.lease_to("me", at(0));
        session.renew(None, None, None);
        assert!(session.tokens.access == sealed("a1") && session.tokens.refresh == Some(sealed("r1")));
        assert_eq!((session.generation, session.server.as_str()), (1, "https://pds.test/"));
        assert!(!session.is_leased_to("me", at(0), SignedDuration::ZERO));
        session.renew(None, Some(sealed("r2")), Some("https://new.test/".to_owned()));
        assert!(session.tokens.access == sealed("a1") && session.tokens.refresh == Some(sealed("r2")));
        assert_eq!(session.server, "https://new.test/");
        session.renew(Some((sealed("a2"), at(9))), None, None);
        assert!(session.tokens.access == sealed("a2") && session.tokens.refresh == Some(sealed("r2")));
    }

    #[test]
    fn a_session_of_an_earlier_release_is_read() {
        let sealed = |name: &str| json!({ "v": 1, "key": "k", "wrapped": "w", "sealed": name });
        let stored = json!({
            "channel": "chan_01999999999970008000000000000001", "server": "https://pds.test/", "access": sealed("a1"),
            "access_expires_at": at(7_200), "refresh": sealed("r1"), "generation": 1, "lease": null,
        });
        let read: ChannelSession = serde_json::from_value(stored).unwrap();
        assert!(read.tokens == session().tokens);
    }

    #[test]
    fn a_new_sign_in_without_a_refresh_token_keeps_the_stored_one() {
        let mut session = session();
        let tokens = Tokens { access: sealed("a2"), access_expires_at: None, refresh: None, app: None };
        session.replace(tokens, "https://new.test/".to_owned());
        assert!((session.tokens.access, session.tokens.refresh) == (sealed("a2"), Some(sealed("r1"))));
    }
}
