//! A channel: an account on a social platform that a workspace publishes to.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::crypto::digest::sha256_hex;
use shared::kernel::ids::{Id, Identified, UserId};
use shared::kernel::problems::{ProblemCode, Refusal};
use shared::kernel::time::{ApiTimestamp, Timestamp};
use shared::table::Entity;
use shared::tenancy::Limit;
use utoipa::ToSchema;

use crate::platform::{Guarantee, Limits, Platform};
use crate::problems;

/// Channels that a workspace may have.
pub const CHANNELS: Limit = Limit::named("channels");

/// An account on a platform, without its tokens: those lie in [`crate::session::ChannelSession`], so
/// that no list of channels reads a secret and no renewal of a token changes a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    pub id: ChannelId,
    pub platform: Platform,
    /// Where the account signs in: `https://bsky.social`.
    pub service: String,
    /// The platform's own, unchanging name of the account. Bluesky: its DID.
    pub account_id: String,
    /// The account's public name, which its owner can change: `alice.bsky.social`.
    pub handle: String,
    pub connection: Connection,
    pub connected_at: Timestamp,
    pub connected_by: UserId,
}

pub type ChannelId = Id<Channel>;

/// Whether the platform still lets us in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Connection {
    Connected,
    /// The platform refused the session for good: a person must connect the account again.
    NeedsReauthorisation {
        since: Timestamp,
        code: String,
        text: String,
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
    /// What an auditor should know: which account, on which server.
    pub fn facts(&self) -> serde_json::Value {
        serde_json::json!({ "platform": self.platform, "service": self.service, "account_id": self.account_id })
    }

    /// Puts the account back to work after a person has signed in again.
    pub fn reconnect(&mut self, service: String, handle: String, by: UserId, at: Timestamp) {
        self.service = service;
        self.handle = handle;
        self.connection = Connection::Connected;
        self.connected_by = by;
        self.connected_at = at;
    }

    /// Records that the platform refuses the session. False where that is known already: the first
    /// refusal stays, because it tells since when.
    pub fn need_reauthorisation(&mut self, code: &str, text: &str, since: Timestamp) -> bool {
        let news = self.connection == Connection::Connected;
        if news {
            self.connection = Connection::NeedsReauthorisation { since, code: code.to_owned(), text: text.to_owned() };
        }
        news
    }
}

/// The accounts that a workspace has connected: what makes an account unique in it, and counts them
/// against the plan. One item, read and replaced with each connection.
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

/// The longest account id, in bytes, that is listed as it is.
const LONGEST_SPELLED: usize = 120;

impl ConnectedAccounts {
    pub const KEY: &'static str = "ALL";

    pub fn channel_of(&self, platform: Platform, account_id: &str) -> Option<ChannelId> {
        self.accounts.get(&Self::name(platform, account_id)).copied()
    }

    /// Adds an account that is not there yet, within the plan's limit.
    pub fn add(&mut self, channel: &Channel, limit: u64) -> Result<(), ChannelError> {
        if u64::try_from(self.accounts.len()).is_ok_and(|count| count >= limit) {
            return Err(ChannelError::TooMany { limit });
        }
        self.accounts.insert(Self::name(channel.platform, &channel.account_id), channel.id);
        Ok(())
    }

    pub fn remove(&mut self, channel: &Channel) {
        self.accounts.remove(&Self::name(channel.platform, &channel.account_id));
    }

    /// An id longer than any known one (a DID may take 2 kB) is listed by its digest.
    fn name(platform: Platform, account_id: &str) -> String {
        if account_id.len() <= LONGEST_SPELLED {
            return format!("{}|{account_id}", platform.name());
        }
        format!("{}|{}", platform.name(), sha256_hex(account_id.as_bytes()))
    }
}

/// Why a channel cannot be changed as asked.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    #[error("The workspace's plan allows {limit} channels. Disconnect one, or change the plan.")]
    TooMany { limit: u64 },
    #[error("The workspace's channels were changed meanwhile. Try again.")]
    ChangedMeanwhile,
}

impl Refusal for ChannelError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::TooMany { .. } => problems::TOO_MANY_CHANNELS,
            Self::ChangedMeanwhile => problems::CHANNELS_CHANGED_MEANWHILE,
        }
    }
}

/// A channel as clients see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelView {
    pub id: ChannelId,
    pub platform: Platform,
    /// Where the account signs in.
    pub service: String,
    /// The platform's unchanging name of the account. Bluesky: its DID.
    pub account_id: String,
    pub handle: String,
    pub state: ChannelState,
    /// Why it needs to be connected again, in the platform's own words.
    pub refusal: Option<ChannelRefusal>,
    /// What happens to a post if the connection breaks while it is sent.
    pub guarantee: Guarantee,
    pub limits: Limits,
    #[schema(value_type = String, format = DateTime)]
    pub connected_at: ApiTimestamp,
}

/// Whether posts can be published on the channel, or its account must be connected again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelState {
    Connected,
    /// Connect the account again: nothing is published to it until then.
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

impl From<&Channel> for ChannelView {
    fn from(channel: &Channel) -> Self {
        let (state, refusal) = match &channel.connection {
            Connection::Connected => (ChannelState::Connected, None),
            Connection::NeedsReauthorisation { since, code, text } => {
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
            guarantee: channel.platform.guarantee(),
            limits: channel.platform.limits(),
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
            connection: Connection::Connected,
            connected_at: Timestamp::UNIX_EPOCH,
            connected_by: "user_01999999999970008000000000000002".parse().unwrap(),
        }
    }

    #[test]
    fn the_plan_limits_the_accounts() {
        let mut accounts = ConnectedAccounts::default();
        accounts.add(&channel("did:plc:a"), 2).unwrap();
        accounts.add(&channel("did:plc:b"), 2).unwrap();
        assert!(matches!(accounts.add(&channel("did:plc:c"), 2), Err(ChannelError::TooMany { limit: 2 })));
        assert_eq!(accounts.channel_of(Platform::Bluesky, "did:plc:c"), None);
        accounts.remove(&channel("did:plc:a"));
        accounts.add(&channel("did:plc:c"), 2).unwrap();
        assert_eq!(accounts.channel_of(Platform::Bluesky, "did:plc:c"), Some(channel("did:plc:c").id));
        assert_eq!(accounts.channel_of(Platform::Bluesky, "did:plc:a"), None);
    }

    #[test]
    fn the_list_fits_an_item_however_long_the_ids_are() {
        let mut accounts = ConnectedAccounts::default();
        let long = |number: usize| format!("did:web:{number}{}", "a".repeat(2_000));
        for number in 0..2_000 {
            accounts.add(&channel(&long(number)), u64::MAX).unwrap();
        }
        // Without the quotes and the punctuation of JSON it is less.
        assert!(serde_json::to_string(&accounts).unwrap().len() < 400_000);
        assert_eq!(accounts.channel_of(Platform::Bluesky, &long(7)), Some(channel("").id));
        accounts.remove(&channel(&long(7)));
        assert_eq!(accounts.channel_of(Platform::Bluesky, &long(7)), None);
    }

    #[test]
    fn the_first_refusal_stays_until_the_account_is_connected_again() {
        let (first, later) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(60).unwrap());
        let mut channel = channel("did:plc:a");
        assert!(channel.need_reauthorisation("ExpiredToken", "Token has been revoked", first));
        assert!(!channel.need_reauthorisation("AccountTakedown", "Account has been taken down", later));
        let view = ChannelView::from(&channel);
        assert_eq!(view.state, ChannelState::NeedsReauthorisation);
        let (code, text) = ("ExpiredToken".to_owned(), "Token has been revoked".to_owned());
        assert_eq!(view.refusal, Some(ChannelRefusal { code, text, since: first.into() }));
        channel.reconnect("https://pds.test".to_owned(), "bob.test".to_owned(), channel.connected_by, later);
        assert_eq!(ChannelView::from(&channel).state, ChannelState::Connected);
        assert_eq!(channel.handle, "bob.test");
    }
}
