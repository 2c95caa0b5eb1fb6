//! Changes to accounts: records, sessions, mail and events, committed as one transaction or not at all.

use std::collections::HashMap;
use std::fmt::Display;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;

use super::proofs::{self, Epoch, SessionProof, TokenProof};
use super::records::{AccountKey, AccountRecord, sort_key};
use super::sessions::{IDLE_LIFETIME, SessionTerms, Strength, UserEpoch};
use crate::aws::grants::Table;
use crate::events::Occurrence;
use crate::kernel::ids::{SessionId, UserId};
use crate::kernel::problems::Problem;
use crate::kernel::time::after;
use crate::outbox::{Message, Posted};
use crate::table::commit::{Act, Expected, Plan};
use crate::table::entity::{Due, Stored};
use crate::table::item::{Row, encode, number};

/// A condition of account changes that did not hold.
pub struct RefusedChange {
    /// Whether it was the epoch or a session, not a record.
    pub session: bool,
    pub(crate) sort: String,
    pub(crate) refusal: Option<Problem>,
}

impl RefusedChange {
    /// Whether it was the record of this kind.
    pub fn is<R: AccountRecord>(&self) -> bool {
        !self.session && (self.sort == R::KIND || self.sort.starts_with(&format!("{}#", R::KIND)))
    }
}

/// Changes to accounts, in the making.
#[derive(Default)]
pub struct AccountChanges {
    pub(crate) plan: Plan,
    pub(crate) failure: Option<Problem>,
    pub(crate) messages: Vec<(UserId, Posted)>,
    pub(crate) events: Vec<Occurrence>,
}

impl AccountChanges {
    pub fn insert<R: AccountRecord>(self, record: &R) -> Self {
        self.put(record, Expected::Absent)
    }

    pub fn replace<R: AccountRecord>(self, stored: &Stored<R>) -> Self {
        self.put(&**stored, Expected::Revision(stored.revision))
    }

    pub fn delete<R: AccountRecord>(mut self, stored: &Stored<R>) -> Self {
        let (partition, sort) = (stored.account_key().partition(), sort_key::<R>(&stored.part()));
        self.plan.add(Table::Accounts, Some(partition), sort, Act::Delete(Expected::Revision(stored.revision)));
        self
    }

    /// Writes a record whatever is there.
    pub fn overwrite<R: AccountRecord>(self, record: &R) -> Self {
        self.put(record, Expected::Any)
    }

    /// Removes a record that was not read, if there is one.
    pub fn forget<R: AccountRecord>(mut self, key: &AccountKey, part: &dyn Display) -> Self {
        let (partition, sort) = (key.partition(), sort_key::<R>(&part.to_string()));
        self.plan.add(Table::Accounts, Some(partition), sort, Act::Delete(Expected::Any));
        self
    }

    /// Requires that a record has not changed since it was read, without writing it.
    pub fn unchanged<R: AccountRecord>(mut self, stored: &Stored<R>) -> Self {
        let (partition, sort) = (stored.account_key().partition(), sort_key::<R>(&stored.part()));
        self.plan.add(Table::Accounts, Some(partition), sort, Act::Check(Expected::Revision(stored.revision)));
        self
    }

    /// Requires that there is no record under this key.
    pub fn absent<R: AccountRecord>(mut self, key: &AccountKey) -> Self {
        let (partition, sort) = (key.partition(), sort_key::<R>(""));
        self.plan.add(Table::Accounts, Some(partition), sort, Act::Check(Expected::Absent));
        self
    }

    /// Adds the changes of another part of the same deed.
    pub fn and(mut self, other: Self) -> Self {
        self.plan.append(other.plan);
        self.failure = self.failure.or(other.failure);
        self.messages.extend(other.messages);
        self.events.extend(other.events);
        self
    }

    /// Records that something happened, in the same transaction.
    pub fn event(mut self, occurrence: Occurrence) -> Self {
        self.events.push(occurrence);
        self
    }

    /// What the client is told if the last change's condition does not hold.
    pub fn or(mut self, refusal: impl Into<Problem>) -> Self {
        self.plan.refuse(refusal.into());
        self
    }

    /// Sends a message once the changes are committed.
    pub fn send<M: Message>(mut self, user: UserId, message: &M) -> Self {
        match Posted::new(message, None) {
            Ok(posted) => self.messages.push((user, posted)),
            Err(problem) => self.failure = Some(problem),
        }
        self
    }

    /// Gives a new user its first epoch.
    pub fn first_epoch(self, user: UserId) -> Self {
        self.proof(proofs::epoch(user), &Epoch { epoch: 1, closed: false }, None, Expected::Absent)
    }

    /// Revokes every session of a user, everywhere. Fails if it was done meanwhile.
    pub fn revoke_sessions(self, user: UserId, epoch: UserEpoch) -> Self {
        self.next_epoch(user, epoch, false)
    }

    /// Revokes every session of a user and lets in nothing of theirs any more, tokens neither.
    pub fn close_account(self, user: UserId, epoch: UserEpoch) -> Self {
        self.next_epoch(user, epoch, true)
    }

    /// Lets a user in again whose account was closed; what was revoked stays so.
    pub fn reopen_account(self, user: UserId, epoch: UserEpoch) -> Self {
        self.next_epoch(user, epoch, false)
    }

    fn next_epoch(self, user: UserId, epoch: UserEpoch, closed: bool) -> Self {
        let next = Epoch { epoch: epoch.epoch + 1, closed };
        self.proof(proofs::epoch(user), &next, None, Expected::Revision(epoch.revision))
    }

    /// Requires that the user's sessions have not been revoked since the epoch was read.
    pub fn same_epoch(mut self, user: UserId, epoch: UserEpoch) -> Self {
        let (partition, sort) = proofs::epoch(user);
        self.plan.add(Table::Proofs, Some(partition), sort, Act::Check(Expected::Revision(epoch.revision)));
        self
    }

    /// Requires that the user is a member of no workspace, also if one is joined at this moment.
    pub fn in_no_workspace(mut self, user: UserId) -> Self {
        let (partition, sort) = proofs::list(user);
        let condition = Some("attribute_not_exists(ids)");
        let touch = Act::Update { expression: "SET w = :w", condition, values: HashMap::new() };
        self.plan.add(Table::Proofs, Some(partition), sort, touch);
        self
    }

    /// Opens a session: it is idle from `now` on, and its factor is fresh. Fails if the epoch was bumped.
    pub fn open_session(self, terms: &SessionTerms, strength: Strength, now: Timestamp) -> Self {
        let proof = SessionProof {
            epoch: terms.epoch.epoch,
            idle_ends_at: after(now, IDLE_LIFETIME).min(terms.ends_at),
            ends_at: terms.ends_at,
            strength,
            factor_at: now,
        };
        let key = proofs::session(terms.user, terms.session);
        self.same_epoch(terms.user, terms.epoch).proof(key, &proof, Some(proof.idle_ends_at), Expected::Absent)
    }

    /// Carries a session on. Fails if the epoch was bumped, or if the session was closed or had ended.
    pub fn carry_session(self, terms: &SessionTerms, now: Timestamp) -> Self {
        let idle_ends_at = after(now, IDLE_LIFETIME).min(terms.ends_at);
        let values = [
            (":now", Ok(number(now.as_second()))),
            (":ttl", Ok(number(idle_ends_at.as_second()))),
            (":idle", encode(&idle_ends_at)),
        ];
        // What was proved in the session since its sign-in stays as it is: only the end moves.
        let same = self.same_epoch(terms.user, terms.epoch);
        same.update_session((terms.user, terms.session), "SET e.idle_ends_at = :idle, #ttl = :ttl, w = :w", values)
    }

    /// Records that a factor was proved in a session just now. A session's strength never falls.
    pub fn prove_factor(self, user: UserId, session: SessionId, strength: Strength, now: Timestamp) -> Self {
        let expression = match strength {
            Strength::Single => "SET e.factor_at = :at, w = :w",
            Strength::Multi => "SET e.factor_at = :at, e.strength = :strength, w = :w",
        };
        let values = [(":now", Ok(number(now.as_second()))), (":at", encode(&now))];
        let strength = (strength == Strength::Multi).then(|| (":strength", encode(&strength)));
        self.update_session((user, session), expression, values.into_iter().chain(strength))
    }

    fn update_session(
        mut self,
        (user, session): (UserId, SessionId),
        expression: &'static str,
        values: impl IntoIterator<Item = (&'static str, Result<AttributeValue, Problem>)>,
    ) -> Self {
        let (partition, sort) = proofs::session(user, session);
        let values: Result<HashMap<_, _>, _> =
            values.into_iter().map(|(name, value)| Ok((name.to_owned(), value?))).collect();
        match values {
            Ok(values) => {
                let condition = Some("attribute_exists(pk) AND #ttl > :now");
                self.plan.add(Table::Proofs, Some(partition), sort, Act::Update { expression, condition, values });
            }
            Err(problem) => self.failure = Some(problem),
        }
        self
    }

    /// Lets a personal access token in.
    pub(crate) fn admit_token(self, user: UserId, digest: &str, proof: &TokenProof) -> Self {
        self.proof(proofs::token(user, digest), proof, Some(proof.expires_at), Expected::Absent)
    }

    /// Lets it in no more.
    pub(crate) fn refuse_token(mut self, user: UserId, digest: &str) -> Self {
        let (partition, sort) = proofs::token(user, digest);
        self.plan.add(Table::Proofs, Some(partition), sort, Act::Delete(Expected::Any));
        self
    }

    /// Removes the proof of a session that has ended. Fails if the session was carried on meanwhile.
    pub fn clear_session(mut self, user: UserId, session: SessionId) -> Self {
        let (partition, sort) = proofs::session(user, session);
        // Absent or expired: carrying a session on moves the expiry of its proof.
        self.plan.add(Table::Proofs, Some(partition), sort, Act::Delete(Expected::Absent));
        self
    }

    /// Ends a session, whatever its state.
    pub fn close_session(mut self, user: UserId, session: SessionId) -> Self {
        let (partition, sort) = proofs::session(user, session);
        self.plan.add(Table::Proofs, Some(partition), sort, Act::Delete(Expected::Any));
        self
    }

    fn put<R: AccountRecord>(mut self, record: &R, expected: Expected) -> Self {
        match encode(record) {
            Ok(body) => {
                let sort = sort_key::<R>(&record.part());
                let due = record.due().map(|at| (R::KIND.to_ascii_lowercase(), Due::at(at)));
                let row = Row { sort, version: 1, body, due, expires_at: record.expires_at() };
                self.plan.put(Table::Accounts, Some(record.account_key().partition()), row, expected);
            }
            Err(problem) => self.failure = Some(problem),
        }
        self
    }

    fn proof<T: Serialize>(mut self, key: proofs::Key, value: &T, ends: Option<Timestamp>, expected: Expected) -> Self {
        match proofs::row(&key.1, value, ends) {
            Ok(row) => self.plan.put(Table::Proofs, Some(key.0), row, expected),
            Err(problem) => self.failure = Some(problem),
        }
        self
    }
}
