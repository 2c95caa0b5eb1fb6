//! A channel: an account on a social platform that a workspace publishes to.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use shared::crypto::digest::sha256_hex;
use shared::http::{Created, Located};
use shared::kernel::author::Author;
use shared::kernel::ids::{Id, Identified};
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::time::{ApiTimestamp, Timestamp};
use shared::table::Entity;
use shared::tenancy::{Limit, Permission, Scope, Workspace, WorkspacePlan};
use utoipa::ToSchema;

use crate::connecting::SignedInAccount;
use crate::limits::Limits;
use crate::platform::{Guarantee, Platform};
use crate::problems;

/// The maximum number of channels in a workspace.
pub const CHANNELS: Limit = Limit::named("channels");

/// Counts the channels.
pub async fn count_channels(workspace: &Scope) -> Result<u64, Problem> {
    workspace.total::<Channel>("", |_| 1).await
}

/// An account on a platform, without its tokens. They are stored in [`crate::session::ChannelSession`], so that listing
/// channels reads no secret and renewing a token changes no channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    pub id: ChannelId,
    pub platform: Platform,
    /// Where the account signs in: `https://bsky.social`.
    pub service: String,
    /// The platform's permanent id of the account. Bluesky: its DID.
    pub account_id: String,
    /// The account's public name, which its owner can change: `alice.bsky.social`.
    pub handle: String,
    /// The limits of the account or its server, if they differ from the platform's.
    #[serde(default)]
    pub own_limits: Option<Limits>,
    pub connection: Connection,
    pub connected_at: Timestamp,
    pub connected_by: Author,
}

pub type ChannelId = Id<Channel>;

/// Whether the platform still accepts our session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Connection {
    Connected,
    /// The platform permanently refused the session: a person must reconnect the account.
    NeedsReauthorisation {
        since: Timestamp,
        code: String,
        text: String,
        /// Whether the admins were sent a letter.
        #[serde(default)]
        notified: bool,
    },
}

impl Identified for Channel {
    const PREFIX: &'static str = "chan";
    const NAME: &'static str = "Channel";
}

impl Entity for Channel {
    const KIND: &'static str = "CHANNEL";
    type Key = ChannelId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.id
    }
}

impl Channel {
    /// The details of an audit entry: which account, on which server.
    pub fn facts(&self) -> serde_json::Value {
        serde_json::json!({ "platform": self.platform, "service": self.service, "account_id": self.account_id })
    }

    /// The maximum size of a post.
    pub fn limits(&self) -> Limits {
        self.own_limits.clone().unwrap_or_else(|| self.platform.limits())
    }

    /// Whether nothing can be scheduled for it, because the plan has no room for it. What was scheduled before is published.
    pub fn is_read_only(&self, plan: &WorkspacePlan) -> bool {
        plan.is_read_only(CHANNELS, self.id.created_at())
    }

    /// Marks the account as connected after a person has signed in again.
    pub fn reconnect(&mut self, account: &SignedInAccount, by: Author, at: Timestamp) {
        self.service.clone_from(&account.service);
        self.handle.clone_from(&account.handle);
        self.own_limits.clone_from(&account.limits);
        self.connection = Connection::Connected;
        self.connected_by = by;
        self.connected_at = at;
    }

    /// Records that the platform refuses the session. False if that is already recorded: the first refusal stays,
    /// because it tells since when.
    pub fn need_reauthorisation(&mut self, code: &str, text: &str, since: Timestamp) -> bool {
        let news = self.connection == Connection::Connected;
        if news {
            let (code, text) = (code.to_owned(), text.to_owned());
            self.connection = Connection::NeedsReauthorisation { since, code, text, notified: false };
        }
        news
    }

    /// Records that the admins are sent the letters of the refusal at this instant. False if they were sent, or the account
    /// was reconnected since.
    pub fn notify(&mut self, refused_at: Timestamp) -> bool {
        match &mut self.connection {
            Connection::NeedsReauthorisation { since, notified, .. } if *since == refused_at && !*notified => {
                *notified = true;
                true
            }
            _ => false,
        }
    }
}

/// The connected accounts of a workspace: keeps accounts unique. One item, read and replaced with each connection.
///
/// At the largest plan's 2,000 channels it has about 180 kB of DynamoDB's 400, and never more than 360.
#[derive(Default, Serialize, Deserialize)]
pub struct ConnectedAccounts {
    accounts: BTreeMap<String, ChannelId>,
}

impl Entity for ConnectedAccounts {
    const KIND: &'static str = "CONNECTED_ACCOUNTS";
    type Key = str;

    fn key(&self) -> impl Borrow<Self::Key> {
        Self::KEY
    }
}

/// The longest account id, in bytes, that is listed unhashed.
const LONGEST_SPELLED: usize = 120;

impl ConnectedAccounts {
    pub const KEY: &'static str = "ALL";

    pub fn channel_of(&self, platform: Platform, account_id: &str) -> Option<ChannelId> {
        self.accounts.get(&Self::name(platform, account_id)).copied()
    }

    /// Adds a new account. The commit counts its channel against the plan.
    pub fn add(&mut self, channel: &Channel) {
        self.accounts.insert(Self::name(channel.platform, &channel.account_id), channel.id);
    }

    pub fn remove(&mut self, channel: &Channel) {
        self.accounts.remove(&Self::name(channel.platform, &channel.account_id));
    }

    /// An id that is longer than any known one (a DID may take 2 kB) is listed by its digest.
    fn name(platform: Platform, account_id: &str) -> String {
        if account_id.len() <= LONGEST_SPELLED {
            return format!("{}|{account_id}", platform.name());
        }
        format!("{}|{}", platform.name(), sha256_hex(account_id.as_bytes()))
    }
}

/// Why a change to a workspace's channels is refused.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    #[error("The workspace's plan allows {limit} channels. Disconnect one, or upgrade the plan.")]
    TooMany { limit: u64 },
    #[error("The workspace's channels were modified by another request. Reload them and try again.")]
    ModifiedConcurrently,
}

impl Refusal for ChannelError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::TooMany { .. } => problems::TOO_MANY_CHANNELS,
            Self::ModifiedConcurrently => problems::CHANNELS_MODIFIED_CONCURRENTLY,
        }
    }
}

/// A channel as clients see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelView {
    pub id: ChannelId,
    pub platform: Platform,
    /// The server where the account signs in.
    pub service: String,
    /// The platform's permanent id of the account. Bluesky: its DID. Mastodon: the server and the account's number there.
    pub account_id: String,
    pub handle: String,
    pub state: ChannelState,
    /// Why it must be reconnected, with the platform's own error.
    pub refusal: Option<ChannelRefusal>,
    /// Whether nothing can be scheduled for it, because the plan has no room for it: it is newer than as many channels as the plan
    /// allows. What was scheduled before is published.
    pub read_only: bool,
    /// What is guaranteed for a post if the connection breaks during the send.
    pub guarantee: Guarantee,
    pub limits: Limits,
    #[schema(value_type = String, format = DateTime)]
    pub connected_at: ApiTimestamp,
}

/// Whether posts can be published on the channel, or its account must be reconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelState {
    Connected,
    /// Reconnect the account: nothing is published to it until then.
    NeedsReauthorisation,
}

/// Why the platform refuses the connection.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChannelRefusal {
    pub code: String,
    pub text: String,
    #[schema(value_type = String, format = DateTime)]
    pub since: ApiTimestamp,
}

impl Located for ChannelView {
    const PATH: &'static str = "/workspaces/{workspace_id}/channels/{channel_id}";

    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl ChannelView {
    /// Adds what the view depends on, besides the channel, to the version of the response.
    pub fn vary<P: Permission>(workspace: &Workspace<P>) -> Result<(), Problem> {
        workspace.vary_version_by(&workspace.plan().read_only_after(CHANNELS))
    }

    /// The response to a repeated request that connected the channel.
    pub fn recall<'a, P: Permission>(
        id: &'a str,
        workspace: &'a Workspace<P>,
    ) -> BoxFuture<'a, Result<Created<Self>, Problem>> {
        Box::pin(async move {
            Self::vary(workspace)?;
            let channel = workspace.get::<Channel>(&id.parse().map_err(Problem::internal)?).await?;
            Ok(Created(Self::of(&channel, workspace.plan())))
        })
    }

    pub fn of(channel: &Channel, plan: &WorkspacePlan) -> Self {
        let (state, refusal) = match &channel.connection {
            Connection::Connected => (ChannelState::Connected, None),
            Connection::NeedsReauthorisation { since, code, text, .. } => {
                let refusal = ChannelRefusal { code: code.clone(), text: text.clone(), since: (*since).into() };
                (ChannelState::NeedsReauthorisation, Some(refusal))
            }
        };
        Self {
            id: channel.id,
            platform: channel.platform,
            service: channel.service.clone(),
            account_id: channel.account_id.clone(),
            handle: channel.handle.clone(),
            state,
            refusal,
            read_only: channel.is_read_only(plan),
            guarantee: channel.platform.guarantee(),
            limits: channel.limits(),
            connected_at: channel.connected_at.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn channel(account_id: &str) -> Channel {
        Channel {
            id: "chan_01999999999970008000000000000001".parse().unwrap(),
            platform: Platform::Bluesky,
            service: "https://bsky.social".to_owned(),
            account_id: account_id.to_owned(),
            handle: "alice.test".to_owned(),
            own_limits: None,
            connection: Connection::Connected,
            connected_at: Timestamp::UNIX_EPOCH,
            connected_by: "user_01999999999970008000000000000002".parse().unwrap(),
        }
    }

    #[test]
    fn a_removed_account_is_no_longer_listed() {
        let mut accounts = ConnectedAccounts::default();
        accounts.add(&channel("did:plc:a"));
        accounts.add(&channel("did:plc:b"));
        assert_eq!(accounts.channel_of(Platform::Bluesky, "did:plc:c"), None);
        accounts.remove(&channel("did:plc:a"));
        accounts.add(&channel("did:plc:c"));
        assert_eq!(accounts.channel_of(Platform::Bluesky, "did:plc:c"), Some(channel("did:plc:c").id));
        assert_eq!(accounts.channel_of(Platform::Bluesky, "did:plc:a"), None);
    }

    #[test]
    fn the_largest_list_of_the_longest_ids_fits_an_item() {
        let mut accounts = ConnectedAccounts::default();
        let long = |number: usize| format!("did:web:{number}{}", "a".repeat(2_000));
        for number in 0..2_000 {
            accounts.add(&channel(&long(number)));
        }
        // The stored item is smaller: it lacks the quotes and punctuation of JSON.
        assert!(serde_json::to_string(&accounts).unwrap().len() < 400_000);
        assert_eq!(accounts.channel_of(Platform::Bluesky, &long(7)), Some(channel("").id));
        accounts.remove(&channel(&long(7)));
        assert_eq!(accounts.channel_of(Platform::Bluesky, &long(7)), None);
    }

    #[test]
    fn the_first_refusal_is_kept_until_the_account_is_reconnected() {
        let plan = shared::testing::TestApp::plan("studio");
        let (first, later) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(60).unwrap());
        let mut channel = channel("did:plc:a");
        assert!(channel.need_reauthorisation("ExpiredToken", "Token has been revoked", first));
        assert!(!channel.need_reauthorisation("AccountTakedown", "Account has been taken down", later));
        let view = ChannelView::of(&channel, &plan);
        assert_eq!(view.state, ChannelState::NeedsReauthorisation);
        let (code, text) = ("ExpiredToken".to_owned(), "Token has been revoked".to_owned());
        assert_eq!(view.refusal, Some(ChannelRefusal { code, text, since: first.into() }));
        let account = SignedInAccount {
            platform: Platform::Bluesky,
            service: "https://pds.test".to_owned(),
            account_id: "did:plc:a".to_owned(),
            handle: "bob.test".to_owned(),
            server: "https://pds.test/".to_owned(),
            limits: None,
        };
        channel.reconnect(&account, channel.connected_by, later);
        assert_eq!(ChannelView::of(&channel, &plan).state, ChannelState::Connected);
        assert_eq!(channel.handle, "bob.test");
    }
}
