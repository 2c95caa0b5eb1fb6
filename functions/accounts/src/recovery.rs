//! An account recovery: restores access for a user who lost the second factor and every recovery code.
//!
//! It requires the password at the start, the mailbox at the end, and a waiting time in between. During this time, a
//! user with the second factor or a session can see the recovery and cancel it.

use serde::{Deserialize, Serialize};
use shared::crypto::link::LinkClaims;
use shared::identity::{AccountKey, AccountRecord, Accounts, UserEpoch};
use shared::kernel::ids::UserId;
use shared::kernel::time::{SignedDuration, Timestamp, after};

/// The purpose of an emailed link that completes a recovery.
pub const COMPLETE_RECOVERY: &str = "complete-recovery";
/// How long the link is valid after the waiting time.
const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long the job that removes expired recoveries may fail before the table's TTL removes them.
const PURGED_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A pending recovery. A user has at most one.
///
/// It is only valid in the epoch in which it was started: ending every session or setting a new password cancels it.
#[derive(Serialize, Deserialize)]
pub struct Recovery {
    user: UserId,
    epoch: UserEpoch,
    pub started_at: Timestamp,
    /// Fixed at the start: configuring a shorter waiting time later does not shorten it.
    pub ready_at: Timestamp,
    /// When the link was emailed.
    offered_at: Option<Timestamp>,
    /// How many admins of the user's workspaces were notified, in the order of their ids.
    pub told: usize,
}

impl Recovery {
    pub fn start(accounts: &Accounts, user: UserId, epoch: UserEpoch) -> Self {
        let started_at = accounts.now();
        let ready_at = after(started_at, accounts.recovery_wait());
        Self { user, epoch, started_at, ready_at, offered_at: None, told: 0 }
    }

    pub fn user(&self) -> UserId {
        self.user
    }

    /// Whether it is still waiting or can be completed, in the user's current epoch.
    pub fn is_live(&self, epoch: UserEpoch, now: Timestamp) -> bool {
        self.epoch == epoch && now < self.link_ends_at()
    }

    /// Whether its link is due to be emailed.
    pub fn is_to_be_offered(&self, now: Timestamp) -> bool {
        self.offered_at.is_none() && self.ready_at <= now
    }

    pub fn was_offered(&mut self, now: Timestamp) {
        self.offered_at = Some(now);
    }

    /// The link that completes it, bound to this recovery.
    pub fn link(&self) -> LinkClaims {
        let (purpose, binding) = (COMPLETE_RECOVERY.to_owned(), self.started_at.to_string());
        LinkClaims { purpose, user: self.user, binding, expires_at: self.link_ends_at() }
    }

    /// Whether a link completes it now. It was waited for if the link was offered: the clock of this machine may be behind
    /// that of the job which decided so.
    pub fn is_completed_by(&self, link: &LinkClaims, epoch: UserEpoch, now: Timestamp) -> bool {
        self.is_live(epoch, now) && self.offered_at.is_some() && link.binding == self.link().binding
    }

    fn link_ends_at(&self) -> Timestamp {
        after(self.ready_at, LINK_LIFETIME)
    }
}

impl AccountRecord for Recovery {
    const KIND: &'static str = "ACCOUNT_RECOVERY";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.user)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(after(self.link_ends_at(), PURGED_WITHIN))
    }

    /// When its link is due; after that, when the link expires.
    fn due(&self) -> Option<Timestamp> {
        Some(if self.offered_at.is_none() { self.ready_at } else { self.link_ends_at() })
    }
}
