//! The keyring: rotation and withdrawal of the keys that sign access tokens.
//!
//! A key is published a day before it signs, so that clients that cache the JWK Set know it in time. It signs until it
//! is 30 days old, and stays published until the last token that it signed has expired.

use jiff::{SignedDuration, Timestamp};

use super::proofs::row;
use super::signing::{KeySet, PUBLIC, PURPOSE, SIGNING, SealedKey, make_key};
use super::token;
use crate::audit::Origin;
use crate::aws::grants::Table;
use crate::kernel::problems::{Problem, ProblemCode, Refusal};
use crate::kernel::time::after;
use crate::system_events::{self, EventKind, Occurrence, Severity};
use crate::table::commit::{Act, Expected, Plan, Uncommitted, commit};
use crate::table::item::{body, integer};
use crate::table::read::Reader;
use crate::tenancy::app::App;
use std::sync::Arc;

/// The age at which a key is replaced.
const SIGNS_UNTIL: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a key is published before it signs.
const PUBLISHED_BEFORE: SignedDuration = SignedDuration::from_hours(24);
/// The tolerance for daily runs: without it, a run that starts a second early would postpone its work to the next day.
const SLACK: SignedDuration = SignedDuration::from_hours(1);
/// Added to the lifetime of a token: a process may sign for another minute with a cached key.
const MARGIN: SignedDuration = SignedDuration::from_mins(15);
/// The key that will sign next.
const NEXT: &str = "NEXT";
/// How often to retry a withdrawal that conflicts with a rotation or another withdrawal.
const TRIES: u32 = 5;

/// A signing key was rotated.
pub static SIGNING_KEY_ROTATED: EventKind = EventKind::security("signing_key_rotated", Severity::Info);
/// A signing key was withdrawn: its tokens are invalid from then on.
pub static SIGNING_KEY_WITHDRAWN: EventKind = EventKind::security("signing_key_withdrawn", Severity::Critical);

/// The proof that a job may replace signing keys.
pub struct Keyring {
    app: Arc<App>,
    origin: Origin,
}

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// Nothing is due.
    Nothing,
    /// The next key is published.
    Published { kid: String },
    /// The next key signs.
    Promoted { kid: String },
    /// Keys without valid tokens were removed.
    Retired { kids: Vec<String> },
}

/// Why a key cannot be withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the id of a published key: see /.well-known/jwks.json")]
pub struct UnknownKey;

const SIGNING_KEY_UNKNOWN: ProblemCode = ProblemCode::of_job(404, "signing_key_unknown");

impl Refusal for UnknownKey {
    fn problem(&self) -> ProblemCode {
        SIGNING_KEY_UNKNOWN
    }

    fn field(&self) -> Option<&'static str> {
        Some("kid")
    }
}

/// A value of the key store, and the state that its replacement expects.
struct Read<T> {
    value: Option<T>,
    expected: Expected,
}

/// The key store: both private keys and the public set.
struct State {
    current: Read<SealedKey>,
    next: Read<SealedKey>,
    set: Read<KeySet>,
}

impl Keyring {
    pub(crate) fn prove(app: Arc<App>, function: &'static str, run_id: String) -> Self {
        tracing::info!(job = function, "access to the signing keys");
        Self { app, origin: Origin::of_job(function, run_id) }
    }

    /// Does the step that is due: publishes the next key, promotes it, or removes retired keys. Another run does the
    /// next step, or nothing.
    pub async fn rotate(&self) -> Result<Rotated, Problem> {
        let State { current, next, set } = self.read().await?;
        // Without a first key, no token was ever signed.
        let (Some(signing), Some(mut keys)) = (current.value, set.value) else { return Ok(Rotated::Nothing) };
        let now = self.app.aws.clock.now();
        let mut plan = Plan::default();
        let rotated = match next.value {
            Some(next_key) if after(next_key.made_at, PUBLISHED_BEFORE) <= after(now, SLACK) => {
                retire(&mut keys, &signing.kid, now);
                put_private(&mut plan, SIGNING.1, &next_key, current.expected)?;
                delete_private(&mut plan, NEXT, next.expected);
                Rotated::Promoted { kid: next_key.kid }
            }
            None if after(signing.made_at, SIGNS_UNTIL) <= after(after(now, PUBLISHED_BEFORE), SLACK) => {
                let (key, public) = make_key(&self.app.aws, PURPOSE).await?;
                keys.keys.push(public);
                put_private(&mut plan, NEXT, &key, next.expected)?;
                Rotated::Published { kid: key.kid }
            }
            _ => {
                let kids: Vec<_> =
                    keys.retiring.iter().filter(|(_, at)| **at <= now).map(|(kid, _)| kid.clone()).collect();
                if kids.is_empty() {
                    return Ok(Rotated::Nothing);
                }
                keys.keys.retain(|key| !kids.contains(&key.kid));
                keys.retiring.retain(|kid, _| !kids.contains(kid));
                Rotated::Retired { kids }
            }
        };
        put_public(&mut plan, &keys, set.expected)?;
        let occurrence = match &rotated {
            Rotated::Promoted { kid } => Some(Occurrence::of(&SIGNING_KEY_ROTATED, kid)),
            _ => None,
        };
        // A conflict means that a key was withdrawn concurrently; the next run does what is left.
        Ok(if self.commit(plan, occurrence).await? { rotated } else { Rotated::Nothing })
    }

    /// Withdraws a key at once: its tokens are refused as soon as a process reads the set again, within a minute. If it
    /// is the signing key, another replaces it.
    pub async fn withdraw(&self, kid: &str) -> Result<(), Problem> {
        for _ in 0..TRIES {
            if self.try_to_withdraw(kid).await? {
                return Ok(());
            }
        }
        Err(Problem::unavailable("the signing keys changed at every try"))
    }

    /// Returns whether the withdrawal was committed; if not, the keys were changed concurrently.
    async fn try_to_withdraw(&self, kid: &str) -> Result<bool, Problem> {
        let State { current, next, set } = self.read().await?;
        let mut keys = set.value.unwrap_or_default();
        if !keys.keys.iter().any(|key| key.kid == kid) {
            return Err(UnknownKey.into());
        }
        keys.keys.retain(|key| key.kid != kid);
        keys.retiring.remove(kid);
        let mut plan = Plan::default();
        let signs = current.value.is_some_and(|key| key.kid == kid);
        let is_next = next.value.as_ref().is_some_and(|key| key.kid == kid);
        if signs {
            match next.value {
                Some(next_key) => {
                    put_private(&mut plan, SIGNING.1, &next_key, current.expected)?;
                    delete_private(&mut plan, NEXT, next.expected);
                }
                None => {
                    let (key, public) = make_key(&self.app.aws, PURPOSE).await?;
                    keys.keys.push(public);
                    put_private(&mut plan, SIGNING.1, &key, current.expected)?;
                }
            }
        } else if is_next {
            delete_private(&mut plan, NEXT, next.expected);
        }
        put_public(&mut plan, &keys, set.expected)?;
        self.commit(plan, Some(Occurrence::of(&SIGNING_KEY_WITHDRAWN, kid))).await
    }

    /// Returns whether the changes were committed; if not, the keys were changed since they were read.
    async fn commit(&self, mut plan: Plan, occurrence: Option<Occurrence>) -> Result<bool, Problem> {
        let aws = &self.app.aws;
        let event =
            occurrence.map(|occurrence| system_events::record(&mut plan, aws, &self.origin, occurrence)).transpose()?;
        match commit(aws, None, "", plan).await {
            Ok(()) => {
                event.iter().for_each(system_events::log_and_count);
                Ok(true)
            }
            Err(Uncommitted::Refused { .. }) => Ok(false),
            Err(uncommitted) => Err(uncommitted.into()),
        }
    }

    /// Reads the set first: every change writes it, so a commit for which the set is unchanged also has unchanged keys,
    /// although they were read one after the other.
    async fn read(&self) -> Result<State, Problem> {
        let set = self.read_one(Table::Proofs, PUBLIC.0, PUBLIC.1).await?;
        let current = self.read_one(Table::System, SIGNING.0, SIGNING.1).await?;
        let next = self.read_one(Table::System, SIGNING.0, NEXT).await?;
        Ok(State { current, next, set })
    }

    async fn read_one<T: serde::de::DeserializeOwned>(
        &self,
        table: Table,
        partition: &str,
        sort: &str,
    ) -> Result<Read<T>, Problem> {
        let reader = Reader { aws: &self.app.aws, session: None };
        let Some(item) = Box::pin(reader.get(table, partition, sort)).await? else {
            return Ok(Read { value: None, expected: Expected::Absent });
        };
        let revision = integer(&item, "n").ok_or_else(|| Problem::internal("a key without a revision"))?;
        Ok(Read { value: Some(body(&item)?), expected: Expected::Revision(revision) })
    }
}

/// Keeps a key published until the last token that it signed has expired.
fn retire(keys: &mut KeySet, kid: &str, now: Timestamp) {
    keys.retiring.insert(kid.to_owned(), after(after(now, token::LONGEST_LIFETIME), MARGIN));
}

fn put_private(plan: &mut Plan, sort: &str, key: &SealedKey, expected: Expected) -> Result<(), Problem> {
    plan.put(Table::System, Some(SIGNING.0.to_owned()), row(sort, key, None)?, expected);
    Ok(())
}

fn delete_private(plan: &mut Plan, sort: &str, expected: Expected) {
    plan.add(Table::System, Some(SIGNING.0.to_owned()), sort.to_owned(), Act::Delete(expected));
}

fn put_public(plan: &mut Plan, keys: &KeySet, expected: Expected) -> Result<(), Problem> {
    plan.put(Table::Proofs, Some(PUBLIC.0.to_owned()), row(PUBLIC.1, keys, None)?, expected);
    Ok(())
}
