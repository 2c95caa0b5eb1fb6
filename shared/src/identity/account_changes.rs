//! Changes to accounts: records, sessions, mail and events, committed as one transaction or not at all.

use std::collections::HashMap;
use std::fmt::Display;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;

use super::proofs::{self, Epoch, SessionProof};
use super::records::{AccountKey, AccountRecord, sort_key};
use super::sessions::{SessionTerms, Strength, UserEpoch};
use crate::aws::grants::Table;
use crate::kernel::ids::{SessionId, UserId};
use crate::kernel::problems::Problem;
use crate::outbox::{Message, Posted};
use crate::system_events::Occurrence;
use crate::table::commit::{Act, Expected, Plan};
use crate::table::entity::{Due, Stored};
use crate::table::item::{Row, encode, number};

/// A condition of account changes that did not hold.
pub struct RefusedChange {
    /// Whether the condition was on an epoch or a session, not on a record.
    pub session: bool,
    pub(crate) sort: String,
    pub(crate) refusal: Option<Problem>,
}

impl RefusedChange {
    /// Whether the condition was on a record of this kind.
    pub fn is<R: AccountRecord>(&self) -> bool {
        !self.session && (self.sort == R::KIND || self.sort.starts_with(&format!("{}#", R::KIND)))
    }
}

/// Changes to accounts, before they are committed.
#[derive(Default)]
pub struct AccountChanges {
    pub(crate) plan: Plan,
    pub(crate) failure: Option<Problem>,
    pub(crate) messages: Vec<(UserId, Posted)>,
    pub(crate) events: Vec<Occurrence>,
    /// Whether they end every session of the user.
    pub(crate) revokes: bool,
}

/// The change of a user's epochs. One item holds them all, and a transaction writes it once.
#[derive(Clone, Copy, Debug, Default)]
pub struct EpochTurn {
    sessions: bool,
    tokens: bool,
    enrolled: Option<bool>,
    closed: Option<bool>,
}

impl EpochTurn {
    /// Ends every session.
    pub fn and_revoking_sessions(self) -> Self {
        Self { sessions: true, ..self }
    }

    /// Ends every session and every personal access token.
    pub fn and_revoking_everything(self) -> Self {
        Self { sessions: true, tokens: true, ..self }
    }

    /// Ends everything, and refuses all of the user's sessions and tokens from then on.
    pub fn and_closing(self) -> Self {
        Self { closed: Some(true), ..self.and_revoking_everything() }
    }

    /// Reopens a closed account; what was revoked stays revoked.
    pub fn and_reopening(self) -> Self {
        Self { closed: Some(false), ..self.and_revoking_everything() }
    }

    /// The first second factor was added.
    pub fn and_enrolling(self) -> Self {
        Self { enrolled: Some(true), ..self }
    }

    /// The last second factor was removed: sessions and tokens that it proved count as proved by password only.
    pub fn and_unenrolling(self) -> Self {
        Self { enrolled: Some(false), ..self }
    }

    fn expression(self) -> (String, HashMap<String, AttributeValue>) {
        let mut expression = "SET w = :w, n = n + :one".to_owned();
        let mut values = HashMap::from([(":one".to_owned(), number(1))]);
        for (moves, field) in
            [(self.sessions, "epoch"), (self.tokens, "token_epoch"), (self.enrolled.is_some(), "factor_epoch")]
        {
            if moves {
                expression.push_str(&format!(", e.{field} = e.{field} + :one"));
            }
        }
        for (value, field) in [(self.enrolled, "enrolled"), (self.closed, "closed")] {
            if let Some(value) = value {
                expression.push_str(&format!(", e.#{field} = :{field}"));
                values.insert(format!(":{field}"), AttributeValue::Bool(value));
            }
        }
        (expression, values)
    }
}

impl AccountChanges {
    pub fn insert<R: AccountRecord>(self, record: &R) -> Self {
        self.put(record, Expected::Absent)
    }

    pub fn replace<R: AccountRecord>(self, stored: &Stored<R>) -> Self {
        self.put(&**stored, Expected::Revision(stored.revision))
    }

    pub fn delete<R: AccountRecord>(self, stored: &Stored<R>) -> Self {
        let act = Act::Delete(Expected::Revision(stored.revision));
        self.touch::<R>(&stored.account_key(), &stored.part(), act)
    }

    /// Writes a record unconditionally.
    pub fn overwrite<R: AccountRecord>(self, record: &R) -> Self {
        self.put(record, Expected::Any)
    }

    /// Removes a record unconditionally, if it exists.
    pub fn forget<R: AccountRecord>(self, key: &AccountKey, part: &dyn Display) -> Self {
        self.touch::<R>(key, part, Act::Delete(Expected::Any))
    }

    /// Requires that a record has not changed since it was read, without writing it.
    pub fn unchanged<R: AccountRecord>(self, stored: &Stored<R>) -> Self {
        let act = Act::Check(Expected::Revision(stored.revision));
        self.touch::<R>(&stored.account_key(), &stored.part(), act)
    }

    /// Writes to a record without changing it, even if it changed since it was read: costs the same as a change, but
    /// never conflicts.
    pub fn rewrite<R: AccountRecord>(self, stored: &Stored<R>) -> Self {
        self.with(encode(&**stored), |changes, body| {
            // The record has a body, so this one is sent like that of a change, and not stored.
            let (expression, condition) = ("SET w = :w, e = if_not_exists(e, :e)".into(), Some("attribute_exists(pk)"));
            let act = Act::Update { expression, condition, values: HashMap::from([(":e".to_owned(), body)]) };
            changes.touch::<R>(&stored.account_key(), &stored.part(), act)
        })
    }

    /// Requires that there is no record under this key.
    pub fn absent<R: AccountRecord>(self, key: &AccountKey) -> Self {
        self.touch::<R>(key, &"", Act::Check(Expected::Absent))
    }

    /// Adds other changes to the same transaction.
    pub fn and(mut self, other: Self) -> Self {
        self.plan.append(other.plan);
        self.failure = self.failure.or(other.failure);
        self.messages.extend(other.messages);
        self.events.extend(other.events);
        self.revokes = self.revokes || other.revokes;
        self
    }

    /// Records a system event in the same transaction.
    pub fn event(mut self, occurrence: Occurrence) -> Self {
        self.events.push(occurrence);
        self
    }

    /// Sets the error returned if the condition of the last change does not hold.
    pub fn or(mut self, refusal: impl Into<Problem>) -> Self {
        self.plan.refuse(refusal.into());
        self
    }

    /// Sends a message once the changes are committed.
    pub fn send<M: Message>(self, user: UserId, message: &M) -> Self {
        self.with(Posted::new(message, None), |mut changes, posted| {
            changes.messages.push((user, posted));
            changes
        })
    }

    /// Gives a new user its first epoch.
    pub fn first_epoch(self, user: UserId) -> Self {
        self.proof(proofs::epoch(user), &Epoch::first(), None, Expected::Absent)
    }

    /// Changes a user's epochs. Fails if their sessions were revoked since the epoch was read.
    pub fn turn(self, user: UserId, epoch: UserEpoch, turn: EpochTurn) -> Self {
        let (expression, mut values) = turn.expression();
        values.insert(":epoch".to_owned(), number(epoch.epoch));
        let mut condition = "e.epoch = :epoch";
        if turn.enrolled.is_some() {
            condition = "e.epoch = :epoch AND e.factor_epoch = :factors";
            values.insert(":factors".to_owned(), number(epoch.factor_epoch));
        }
        let act = Act::Update { expression: expression.into(), condition: Some(condition), values };
        let mut changes = self.touch_proof(proofs::epoch(user), act);
        changes.revokes = changes.revokes || turn.sessions;
        changes
    }

    /// Revokes every session of a user, everywhere.
    pub fn revoke_sessions(self, user: UserId, epoch: UserEpoch) -> Self {
        self.turn(user, epoch, EpochTurn::default().and_revoking_sessions())
    }

    /// Requires that the user's sessions have not been revoked since the epoch was read.
    pub fn same_epoch(self, user: UserId, epoch: UserEpoch) -> Self {
        let values = HashMap::from([(":epoch".to_owned(), number(epoch.epoch))]);
        self.touch_proof(proofs::epoch(user), Act::Check(Expected::That("e.epoch = :epoch", values)))
    }

    /// Opens a session: its idle time starts at `now`, and its factor is fresh. Fails if the epoch was bumped.
    pub fn open_session(self, terms: &SessionTerms, strength: Strength, now: Timestamp) -> Self {
        let proof = SessionProof {
            epoch: terms.epoch.epoch,
            idle_ends_at: terms.idle_ends_at(now),
            ends_at: terms.ends_at,
            started_at: Some(terms.started_at),
            strength,
            factor_epoch: terms.epoch.factor_epoch,
            factor_at: now,
        };
        let key = proofs::session(terms.user, terms.session);
        self.same_epoch(terms.user, terms.epoch).proof(key, &proof, Some(proof.idle_ends_at), Expected::Absent)
    }

    /// Refreshes a session. Fails if the epoch was bumped, or if the session was closed or had ended.
    pub fn carry_session(self, terms: &SessionTerms, now: Timestamp) -> Self {
        let idle_ends_at = terms.idle_ends_at(now);
        let values = [
            (":now", Ok(number(now.as_second()))),
            (":ttl", Ok(number(idle_ends_at.as_second()))),
            (":idle", encode(&idle_ends_at)),
        ];
        // Factors proved in the session since its sign-in are kept: only the expiry changes.
        let same = self.same_epoch(terms.user, terms.epoch);
        same.update_session((terms.user, terms.session), "SET e.idle_ends_at = :idle, #ttl = :ttl, w = :w", values)
    }

    /// Records that a factor was proved in a session just now; `epoch` holds the factor epoch of that proof.
    pub fn prove_factor(
        self,
        user: UserId,
        session: SessionId,
        (strength, epoch): (Strength, UserEpoch),
        now: Timestamp,
    ) -> Self {
        let mut values = vec![(":now", Ok(number(now.as_second()))), (":at", encode(&now))];
        let expression = match strength {
            Strength::Single => "SET e.factor_at = :at, w = :w",
            Strength::Multi => {
                values.extend([(":strength", encode(&strength)), (":factors", Ok(number(epoch.factor_epoch)))]);
                "SET e.factor_at = :at, e.strength = :strength, e.factor_epoch = :factors, w = :w"
            }
        };
        self.update_session((user, session), expression, values)
    }

    fn update_session(
        self,
        (user, session): (UserId, SessionId),
        expression: &'static str,
        values: impl IntoIterator<Item = (&'static str, Result<AttributeValue, Problem>)>,
    ) -> Self {
        let values: Result<HashMap<_, _>, _> =
            values.into_iter().map(|(name, value)| Ok((name.to_owned(), value?))).collect();
        self.with(values, |changes, values| {
            let condition = Some("attribute_exists(pk) AND #ttl > :now");
            let act = Act::Update { expression: expression.into(), condition, values };
            changes.touch_proof(proofs::session(user, session), act)
        })
    }

    /// Removes the proof of a session that has ended. Fails if the session was refreshed concurrently.
    pub fn clear_session(self, user: UserId, session: SessionId) -> Self {
        // The proof must be absent or expired: a refresh extends its expiry.
        self.touch_proof(proofs::session(user, session), Act::Delete(Expected::Absent))
    }

    /// Ends a session in any state.
    pub fn close_session(self, user: UserId, session: SessionId) -> Self {
        self.touch_proof(proofs::session(user, session), Act::Delete(Expected::Any))
    }

    fn touch<R: AccountRecord>(mut self, key: &AccountKey, part: &dyn Display, act: Act) -> Self {
        self.plan.add(Table::Accounts, Some(key.partition()), sort_key::<R>(&part.to_string()), act);
        self
    }

    pub(super) fn touch_proof(mut self, (partition, sort): proofs::Key, act: Act) -> Self {
        self.plan.add(Table::Proofs, Some(partition), sort, act);
        self
    }

    fn put<R: AccountRecord>(self, record: &R, expected: Expected) -> Self {
        self.with(encode(record), |mut changes, body| {
            let sort = sort_key::<R>(&record.part());
            let due = record.due().map(|at| (R::KIND.to_ascii_lowercase(), Due::at(at)));
            let (domain, expires_at) = (record.domain(), record.expires_at());
            let row = Row { sort, version: R::VERSION, body, due, domain, expires_at };
            changes.plan.put(Table::Accounts, Some(record.account_key().partition()), row, expected);
            changes
        })
    }

    /// Adds what was made, or the failure to make it, which the commit then returns.
    pub(super) fn with<T>(mut self, made: Result<T, Problem>, add: impl FnOnce(Self, T) -> Self) -> Self {
        match made {
            Ok(made) => add(self, made),
            Err(problem) => {
                self.failure = Some(problem);
                self
            }
        }
    }

    pub(super) fn proof<T: Serialize>(
        self,
        key: proofs::Key,
        value: &T,
        ends: Option<Timestamp>,
        expected: Expected,
    ) -> Self {
        self.with(proofs::row(&key.1, value, ends), |mut changes, row| {
            changes.plan.put(Table::Proofs, Some(key.0), row, expected);
            changes
        })
    }
}
