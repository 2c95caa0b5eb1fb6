//! An account that is being connected by OAuth 2 (RFC 6749, with PKCE, RFC 7636): from the address where a person agrees to
//! the choice of the account.
//!
//! The platform sends the person's browser back to a page of the web application, which posts the code. So no route is open
//! to everyone, and a code that someone else obtained is refused: it counts only for the caller who began the connection.

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};
use shared::crypto::Sealed;
use shared::crypto::digest::{equal, sha256_hex};
use shared::http::Located;
use shared::kernel::author::Author;
use shared::kernel::ids::{Id, Identified};
use shared::kernel::problems::{ProblemCode, Refusal};
use shared::kernel::time::{ApiTimestamp, SignedDuration, Timestamp, after};
use shared::table::{Due, Entity};
use utoipa::ToSchema;

use crate::channel::ChannelId;
use crate::limits::Limits;
use crate::platform::Platform;
use crate::problems;
use crate::session::{AppCredentials, Tokens};

/// How long a person has to agree, and then to choose. Platforms forget a code after 10 minutes at the latest.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

#[derive(Serialize, Deserialize)]
pub struct PendingConnection {
    pub id: ConnectionId,
    pub platform: Platform,
    /// Where the account signs in: `https://mastodon.social`.
    pub service: String,
    /// The id that the channel gets if the account is new. Every secret is sealed for it.
    pub channel: ChannelId,
    pub app: AppCredentials,
    /// Where the platform sends the browser.
    pub redirect_uri: String,
    /// Who began: a code that another caller posts is refused.
    pub by: Author,
    /// The digest of the `state` that the platform sends back.
    pub state: String,
    /// The PKCE verifier.
    pub verifier: Sealed,
    pub progress: Progress,
}

/// How far a connection has come, and until when it can go on.
#[derive(Serialize, Deserialize)]
pub struct Progress {
    stage: Stage,
    expires_at: Timestamp,
}

pub type ConnectionId = Id<PendingConnection>;

#[derive(Serialize, Deserialize)]
enum Stage {
    /// A person may agree.
    Begun,
    /// A code was posted. No other one is redeemed, also if it is unknown what became of this one.
    Redeeming,
    /// The platform gave tokens. Nothing is connected yet.
    Offered { accounts: Vec<OfferedAccount> },
}

/// An account that the person may choose, with its tokens.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct OfferedAccount {
    pub account_id: String,
    pub handle: String,
    /// The server's API.
    pub server: String,
    pub tokens: Tokens,
    /// The limits of the account or its server, if they differ from the platform's.
    pub limits: Option<Limits>,
}

/// Why a connection cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    #[error("The connection has expired. Start another one.")]
    Expired,
    #[error("A code has already been sent for this connection. Start another one.")]
    Used,
    #[error("must be the state of this connection, sent by the caller who started it")]
    WrongState,
    #[error("The platform has not confirmed the connection yet. Complete it first.")]
    NotComplete,
    #[error("must be one of the accounts that the connection offers")]
    NotOffered,
    #[error("The connection was modified by another request. Reload it and try again.")]
    ModifiedConcurrently,
}

impl Refusal for ConnectionError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::Expired => problems::CONNECTION_EXPIRED,
            Self::Used => problems::CONNECTION_USED,
            Self::WrongState => problems::CONNECTION_STATE_WRONG,
            Self::NotComplete => problems::CONNECTION_NOT_COMPLETE,
            Self::NotOffered => problems::ACCOUNT_NOT_OFFERED,
            Self::ModifiedConcurrently => problems::CHANNELS_MODIFIED_CONCURRENTLY,
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::WrongState => Some("state"),
            Self::NotOffered => Some("account_id"),
            _ => None,
        }
    }
}

impl Identified for PendingConnection {
    const PREFIX: &'static str = "conn";
    const NAME: &'static str = "Connection";
}

impl Entity for PendingConnection {
    const KIND: &'static str = "PENDING_CONNECTION";
    type Key = ConnectionId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.id
    }

    fn due(&self) -> Option<Due> {
        Some(Due::at(self.progress.expires_at))
    }
}

impl Progress {
    pub fn begun(now: Timestamp) -> Self {
        Self { stage: Stage::Begun, expires_at: after(now, LIFETIME) }
    }
}

impl PendingConnection {
    /// Takes the one code of this connection. It is committed before the code is redeemed, so that a code is redeemed once.
    pub fn redeem(&mut self, by: Author, state: &str, now: Timestamp) -> Result<(), ConnectionError> {
        let is_ours = self.by == by && equal(sha256_hex(state.as_bytes()).as_bytes(), self.state.as_bytes());
        match self.progress.stage {
            _ if !is_ours => Err(ConnectionError::WrongState),
            _ if self.is_expired(now) => Err(ConnectionError::Expired),
            Stage::Begun => {
                self.progress.stage = Stage::Redeeming;
                Ok(())
            }
            Stage::Redeeming | Stage::Offered { .. } => Err(ConnectionError::Used),
        }
    }

    /// Offers the accounts of the redeemed code.
    pub fn offer(&mut self, accounts: Vec<OfferedAccount>, now: Timestamp) {
        self.progress = Progress { stage: Stage::Offered { accounts }, expires_at: after(now, LIFETIME) };
    }

    /// The account that the caller chooses.
    pub fn chosen(&self, by: Author, account_id: &str, now: Timestamp) -> Result<&OfferedAccount, ConnectionError> {
        let Stage::Offered { accounts } = &self.progress.stage else { return Err(ConnectionError::NotComplete) };
        if self.is_expired(now) {
            return Err(ConnectionError::Expired);
        }
        let found = accounts.iter().find(|account| account.account_id == account_id);
        found.filter(|_| self.by == by).ok_or(ConnectionError::NotOffered)
    }

    /// The details of an audit entry.
    pub fn facts(&self) -> serde_json::Value {
        serde_json::json!({ "platform": self.platform, "service": self.service })
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.progress.expires_at <= now
    }

    pub fn offered(&self) -> &[OfferedAccount] {
        match &self.progress.stage {
            Stage::Offered { accounts } => accounts,
            Stage::Begun | Stage::Redeeming => &[],
        }
    }
}

/// An account that is being connected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Connection)]
pub struct ConnectionView {
    pub id: ConnectionId,
    pub platform: Platform,
    /// The server where the account signs in.
    pub service: String,
    pub state: ConnectionState,
    /// Where the person agrees: open it in a browser. Only in the first response to the start, because it has the one `state`
    /// that is accepted.
    #[schema(value_type = Option<String>, format = "uri", example = "https://mastodon.social/oauth/authorize?response_type=code&state=uUYq0Vw3m1")]
    pub authorization_url: Option<String>,
    /// The accounts to choose from.
    pub accounts: Vec<OfferedAccountView>,
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: ApiTimestamp,
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// A person may agree at `authorization_url`.
    Started,
    /// The code was sent, and no tokens are known: start another connection if this stays.
    Redeeming,
    /// Choose one of `accounts`.
    Offered,
}

/// An account to choose.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferedAccount)]
pub struct OfferedAccountView {
    /// The platform's permanent id of the account. Mastodon: the server and the account's number there.
    #[schema(example = "mastodon.social/109302436954721982")]
    pub account_id: String,
    pub handle: String,
}

impl Located for ConnectionView {
    const PATH: &'static str = "/workspaces/{workspace_id}/channels/connections/{connection_id}";

    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl From<&PendingConnection> for ConnectionView {
    fn from(pending: &PendingConnection) -> Self {
        let state = match pending.progress.stage {
            Stage::Begun => ConnectionState::Started,
            Stage::Redeeming => ConnectionState::Redeeming,
            Stage::Offered { .. } => ConnectionState::Offered,
        };
        let offered = pending.offered().iter().map(|account| {
            let OfferedAccount { account_id, handle, .. } = account.clone();
            OfferedAccountView { account_id, handle }
        });
        Self {
            id: pending.id,
            platform: pending.platform,
            service: pending.service.clone(),
            state,
            authorization_url: None,
            accounts: offered.collect(),
            expires_at: pending.progress.expires_at.into(),
        }
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

    fn author(number: u8) -> Author {
        format!("user_019999999999700080000000000000{number:02x}").parse().unwrap()
    }

    fn sealed() -> Sealed {
        serde_json::from_value(json!({ "v": 1, "key": "k", "wrapped": "w", "sealed": "s" })).unwrap()
    }

    fn pending() -> PendingConnection {
        let app = AppCredentials { client_id: "app".to_owned(), client_secret: Some(sealed()) };
        PendingConnection {
            id: "conn_01999999999970008000000000000001".parse().unwrap(),
            platform: Platform::Mastodon,
            service: "https://mastodon.example".to_owned(),
            channel: "chan_01999999999970008000000000000002".parse().unwrap(),
            app,
            redirect_uri: "https://app.example/connect-channel".to_owned(),
            by: author(1),
            state: sha256_hex(b"state"),
            verifier: sealed(),
            progress: Progress::begun(at(0)),
        }
    }

    fn account() -> OfferedAccount {
        let tokens =
            Tokens { access: sealed(), access_expires_at: None, refresh: None, app: None, renewable_until: None };
        let (account_id, handle) = ("mastodon.example/1".to_owned(), "@a@mastodon.example".to_owned());
        OfferedAccount { account_id, handle, server: "https://mastodon.example/".to_owned(), tokens, limits: None }
    }

    #[test]
    fn a_code_is_redeemed_once_by_the_caller_who_began_with_the_right_state_in_time() {
        let mut pending = pending();
        assert_eq!(pending.redeem(author(2), "state", at(1)), Err(ConnectionError::WrongState));
        assert_eq!(pending.redeem(author(1), "other", at(1)), Err(ConnectionError::WrongState));
        assert_eq!(pending.redeem(author(1), "state", at(600)), Err(ConnectionError::Expired));
        assert_eq!(pending.redeem(author(1), "state", at(599)), Ok(()));
        assert_eq!(pending.redeem(author(1), "state", at(599)), Err(ConnectionError::Used));
        pending.offer(vec![account()], at(599));
        assert_eq!(pending.redeem(author(1), "state", at(600)), Err(ConnectionError::Used));
    }

    #[test]
    fn an_account_is_chosen_by_the_caller_who_began_once_it_is_offered() {
        let mut pending = pending();
        let id = "mastodon.example/1";
        let chosen = |pending: &PendingConnection, by, id: &str, second| {
            pending.chosen(by, id, at(second)).map(|account| account.account_id.clone())
        };
        assert_eq!(chosen(&pending, author(1), id, 1), Err(ConnectionError::NotComplete));
        pending.offer(vec![account()], at(100));
        assert_eq!(chosen(&pending, author(2), id, 101), Err(ConnectionError::NotOffered));
        assert_eq!(chosen(&pending, author(1), "mastodon.example/2", 101), Err(ConnectionError::NotOffered));
        assert_eq!(chosen(&pending, author(1), id, 700), Err(ConnectionError::Expired));
        assert_eq!(chosen(&pending, author(1), id, 699), Ok(id.to_owned()));
    }
}
