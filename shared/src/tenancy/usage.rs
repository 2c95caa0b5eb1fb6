//! Usage: the counters of a workspace that its plan limits, changed in the transactions of the counted things.
//!
//! A counter of a ceiling goes up and down. A counter of a period only goes up: it is the sum of the entries of its
//! ledger, and the next period has another counter. One counter is one item, which takes about 1,000 writes a second;
//! more are not provided for (decision 37).

use std::borrow::Borrow;
use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::changes::Changes;
use super::entitlements::{Limit, WorkspacePlan};
use super::period::Period;
use super::plan_table::{LimitKind, Unit};
use super::scope::Scope;
use crate::aws::grants::Table;
use crate::kernel::problems::{Problem, Usage};
use crate::kernel::time::after;
use crate::table::Entity;
use crate::table::commit::{Act, Expected, Uncommitted};
use crate::table::item::{Item, integer, number, string};

/// The sort key prefix of counters.
const PREFIX: &str = "USAGE#";

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Bytes => "bytes",
            Self::Days => "days",
            Self::Months => "months",
        }
    }
}

impl Limit {
    fn unit(self) -> Unit {
        self.terms().map_or(Unit::Count, |terms| terms.unit)
    }

    /// The key of its counter: for a ceiling without a period, for a period with it.
    pub(super) fn sort(self, period: Option<Period>) -> String {
        match period {
            Some(period) => format!("{PREFIX}{}#{period}", self.name()),
            None => format!("{PREFIX}{}", self.name()),
        }
    }

    /// A change of the counter of a ceiling that no limit refuses.
    pub(crate) fn changed_by(self, by: i64) -> (String, Act) {
        // Not idempotent by itself: a repeat is recognised by the transaction's token, and by the other writes.
        let values = HashMap::from([(":by".to_owned(), number(by))]);
        (self.sort(None), Act::Update { expression: ADD.into(), condition: None, values })
    }

    /// The refusal of a request that would exceed a ceiling, for a rule that has read the current use.
    pub fn refused(self, plan: &WorkspacePlan, current: u64, refusal: impl Into<Problem>) -> Problem {
        limited(self, plan.limit(self), None, refusal.into()).with_current_use(current)
    }

    /// The period of a limit that is counted by periods.
    pub fn period(self, now: Timestamp) -> Option<Period> {
        self.terms().filter(|terms| terms.kind == LimitKind::Period).map(|_| Period::of(now))
    }
}

const ADD: &str = "ADD #used :by SET w = :w";
/// Never holds, but names the attribute: the refusal gets the current item.
const NEVER: &str = "#used < :room AND :room < #used";
const HAS_ROOM: &str = "attribute_not_exists(#used) OR #used <= :room";

/// The condition that `by` more fits the limit, and its value.
fn room(most: u64, by: u64) -> (&'static str, u64) {
    most.checked_sub(by).map_or((NEVER, 0), |room| (HAS_ROOM, room))
}

/// At most so many of something per workspace and day (UTC), whatever the plan: a limit against abuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyLimit {
    pub name: &'static str,
    pub most: u32,
}

/// How long a day's counter is kept.
const DAY_KEPT: SignedDuration = SignedDuration::from_hours(48);
const DAY_S: i64 = 24 * 60 * 60;

impl DailyLimit {
    /// The seconds until the next day begins.
    pub fn resets_in_s(now: Timestamp) -> u32 {
        u32::try_from(DAY_S - now.as_second().rem_euclid(DAY_S)).unwrap_or(u32::MAX)
    }
}

/// How long an entry of a ledger is kept after its period: as long as a charge for it may be questioned.
const ENTRY_KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// One counted thing of a period. It is written once, with the count, and never changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LedgerEntry {
    key: String,
    expires_at: Timestamp,
}

impl LedgerEntry {
    fn new(limit: Limit, period: Period, thing: &str) -> Self {
        let expires_at = after(period.ends_at(), ENTRY_KEPT);
        Self { key: format!("{}{thing}", Self::prefix(limit, period)), expires_at }
    }

    /// The prefix of the keys of a limit's entries in a period.
    pub fn prefix(limit: Limit, period: Period) -> String {
        format!("{}#{period}#", limit.name())
    }
}

impl Entity for LedgerEntry {
    const KIND: &'static str = "LEDGER";
    type Key = str;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.key.as_str()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Changes {
    /// Counts one for today, unless the limit is reached: then nothing is committed, and the client gets `refusal`.
    pub fn count_today(self, limit: DailyLimit, now: Timestamp, refusal: impl Into<Problem>) -> Self {
        let values = HashMap::from([
            (":one".to_owned(), number(1)),
            (":most".to_owned(), number(limit.most)),
            (":ttl".to_owned(), number(after(now, DAY_KEPT).as_second())),
        ]);
        let act = Act::Update {
            expression: "ADD #used :one SET #ttl = :ttl, w = :w".into(),
            condition: Some("attribute_not_exists(#used) OR #used < :most"),
            values,
        };
        let sort = format!("TODAY#{}#{}", limit.name, now.strftime("%Y-%m-%d"));
        self.update(Table::Tenants, sort, act).or(refusal)
    }

    /// Increments the counter of a ceiling, unless it has reached the plan's limit: then nothing is committed, and the
    /// client gets `refusal` with the limit and the current use. It reads nothing, so concurrent requests get exactly
    /// the remaining quota.
    pub fn count_up(self, limit: Limit, plan: &WorkspacePlan, refusal: impl Into<Problem>) -> Self {
        self.count_up_by(limit, 1, plan, refusal)
    }

    /// The same for several, or for bytes.
    pub fn count_up_by(self, limit: Limit, by: u64, plan: &WorkspacePlan, refusal: impl Into<Problem>) -> Self {
        self.increase((limit, None), by, plan, refusal.into())
    }

    /// Decrements a counter. The caller must ensure that the entity was counted and that no other commit releases it:
    /// by a flag in an entity that the same changes replace or delete.
    pub fn count_down(self, limit: Limit) -> Self {
        let (sort, act) = limit.changed_by(-1);
        self.update(Table::Tenants, sort, act)
    }

    /// Requires that `by` more would fit the plan's limit, and counts nothing: for what is counted later.
    pub fn require_room(self, limit: Limit, by: u64, plan: &WorkspacePlan, refusal: impl Into<Problem>) -> Self {
        let most = plan.limit(limit);
        let (condition, room) = room(most, by);
        let values = HashMap::from([(":room".to_owned(), number(room))]);
        let check = Act::Check(Expected::That(condition, values));
        self.update(Table::Tenants, limit.sort(None), check).or(limited(limit, most, None, refusal.into()))
    }

    /// Counts a thing in the current period and adds its entry to the ledger, unless the plan's limit is reached. A
    /// thing that has an entry already is refused as a conflict: the caller knows from the thing whether it was counted.
    pub fn count_in_period(
        self,
        (limit, thing): (Limit, &str),
        plan: &WorkspacePlan,
        now: Timestamp,
        refusal: impl Into<Problem>,
    ) -> Self {
        let period = Period::of(now);
        let left_s = period.ends_at().as_second() - now.as_second();
        let refusal = refusal.into().retry_after(u32::try_from(left_s).unwrap_or(u32::MAX));
        self.increase((limit, Some(period)), 1, plan, refusal).insert(&LedgerEntry::new(limit, period, thing))
    }

    fn increase(
        self,
        (limit, period): (Limit, Option<Period>),
        by: u64,
        plan: &WorkspacePlan,
        refusal: Problem,
    ) -> Self {
        let most = plan.limit(limit);
        let (condition, room) = room(most, by);
        let values = HashMap::from([(":by".to_owned(), number(by)), (":room".to_owned(), number(room))]);
        let act = Act::Update { expression: ADD.into(), condition: Some(condition), values };
        self.update(Table::Tenants, limit.sort(period), act).or(limited(limit, most, period, refusal))
    }
}

fn limited(limit: Limit, most: u64, period: Option<Period>, refusal: Problem) -> Problem {
    let resets_at = period.map(|period| period.ends_at().into());
    refusal.limited(Usage { name: limit.name(), current: 0, limit: most, unit: limit.unit().name(), resets_at })
}

/// Adds the current use to a refusal by a limit.
pub(super) fn with_current(uncommitted: Uncommitted) -> Uncommitted {
    match uncommitted {
        Uncommitted::Refused { table, sort, refusal: Some(refusal), found } if sort.starts_with(PREFIX) => {
            let refusal = Some(refusal.with_current_use(found.as_ref().map_or(0, used)));
            Uncommitted::Refused { table, sort, refusal, found }
        }
        other => other,
    }
}

/// The value of a counter. One that fell below 0, because a thing was released that had not been counted, is 0.
pub(super) fn used(item: &Item) -> u64 {
    integer(item, "used").unwrap_or_default()
}

impl Scope {
    /// The current value of the counter of a ceiling.
    pub async fn used(&self, limit: Limit) -> Result<u64, Problem> {
        let item = self.find_item(Table::Tenants, limit.sort(None)).await?;
        Ok(item.as_ref().map_or(0, used))
    }

    /// The current use of several limits, in their order. One read.
    pub async fn usage(&self, limits: &[Limit]) -> Result<Vec<u64>, Problem> {
        let now = self.now();
        let sorts: Vec<String> = limits.iter().map(|limit| limit.sort(limit.period(now))).collect();
        let found = self.find_items(sorts.clone()).await?;
        Ok(sorts.iter().map(|sort| found.get(sort).map_or(0, used)).collect())
    }

    /// A counter as it is stored: its value, and the id of the write that set it.
    pub(super) async fn counter(&self, sort: &str) -> Result<(i64, Option<String>), Problem> {
        let item = self.find_item(Table::Tenants, sort.to_owned()).await?;
        let Some(item) = item else { return Ok((0, None)) };
        let used = item.get("used").and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok());
        Ok((used.unwrap_or_default(), string(&item, "w").map(str::to_owned)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_below_the_amount_leaves_no_room() {
        assert_eq!(room(3, 1), (HAS_ROOM, 2));
        assert_eq!(room(1, 1), (HAS_ROOM, 0));
        assert_eq!(room(0, 1), (NEVER, 0));
        assert_eq!(room(99, 100), (NEVER, 0));
    }
}
