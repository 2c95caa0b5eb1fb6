//! Recounting: compares a counter with the things that it counts, and corrects it.
//!
//! A thing and its counter change in one transaction. A counter that has the same write id before and after the things
//! were read therefore had the same things all the time, and the correction has the condition that this write is still
//! the last one: it cannot overwrite a concurrent count.

use std::collections::HashMap;

use jiff::SignedDuration;

use super::changes::Changes;
use super::entitlements::Limit;
use super::period::Period;
use super::recurring::{NextRun, Recurring};
use super::scope::Scope;
use crate::aws::grants::Table;
use crate::kernel::problems::Problem;
use crate::table::Entity;
use crate::table::commit::Act;
use crate::table::item::{number, text};

/// Tries to read the things while the counter does not change.
const TRIES: u32 = 3;
/// Entities per read.
const PAGE: u32 = 500;
/// When the use of a workspace is counted again.
pub type NextRecount = NextRun<Recounts>;

/// The recounts of a workspace.
#[derive(Debug)]
pub enum Recounts {}

impl Recurring for Recounts {
    const KIND: &'static str = "RECOUNT";
    // Less than a day, so that each night has one.
    const BETWEEN: SignedDuration = SignedDuration::from_hours(20);
}

/// The result of a recount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recounted {
    /// The counter equals the number of things.
    Exact,
    /// It did not, while nothing changed.
    Drifted(Drift),
    /// The counter kept changing.
    Busy,
}

/// A counter that differs from the things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Negative, if things were released that had not been counted.
    pub counted: i64,
    pub found: u64,
}

/// A counter, and the write that set it when it was found wrong.
#[must_use]
pub struct Correction {
    sort: String,
    found: u64,
    write: Option<String>,
}

impl Scope {
    /// Compares a counter with the things. The correction is for `correct`, once the drift is reported.
    pub async fn recount<F: Future<Output = Result<u64, Problem>>>(
        &self,
        limit: Limit,
        period: Option<Period>,
        count: impl Fn() -> F,
    ) -> Result<(Recounted, Option<Correction>), Problem> {
        let sort = limit.sort(period);
        for _ in 0..TRIES {
            let (counted, before) = self.counter(&sort).await?;
            let found = count().await?;
            let (_, after) = self.counter(&sort).await?;
            if before != after {
                continue;
            }
            if u64::try_from(counted) == Ok(found) {
                return Ok((Recounted::Exact, None));
            }
            let drift = Drift { counted, found };
            return Ok((Recounted::Drifted(drift), Some(Correction { sort, found, write: before })));
        }
        Ok((Recounted::Busy, None))
    }

    /// Sets a counter to the number of things that were found. False if it was changed since.
    pub async fn correct(&self, correction: Correction) -> Result<bool, Problem> {
        let Correction { sort, found, write } = correction;
        let mut values = HashMap::from([(":found".to_owned(), number(found))]);
        let condition = match write {
            Some(write) => {
                values.insert(":write".to_owned(), text(write));
                "w = :write"
            }
            None => "attribute_not_exists(w)",
        };
        let act = Act::Update { expression: "SET #used = :found, w = :w".into(), condition: Some(condition), values };
        let changes = Changes::default().update(Table::Tenants, sort, act);
        self.commit_if_unchanged(changes.unaudited("bookkeeping: a system event reports the drift")).await
    }

    /// The sum of `weight` over every entity of a kind whose key starts with a prefix.
    pub async fn total<E: Entity>(&self, prefix: &str, weight: impl Fn(&E) -> u64 + Send) -> Result<u64, Problem> {
        let mut total = 0;
        let sum = &mut total;
        self.each::<E>(prefix, move |entity| *sum += weight(entity)).await?;
        Ok(total)
    }

    /// Reads every entity whose key starts with `prefix`, in key order.
    pub async fn each<E: Entity>(&self, prefix: &str, mut see: impl FnMut(&E) + Send) -> Result<(), Problem> {
        let mut behind = None;
        loop {
            let (page, next) = self.walk::<E>(prefix, behind.as_deref(), PAGE).await?;
            page.iter().for_each(|entity| see(entity));
            match next {
                Some(next) => behind = Some(next),
                None => return Ok(()),
            }
        }
    }
}
