//! Usage: counters that a plan limits, updated in the same transactions as the counted entities.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::changes::Changes;
use super::entitlements::{Limit, WorkspacePlan};
use super::scope::Scope;
use crate::aws::grants::Table;
use crate::kernel::problems::Problem;
use crate::kernel::time::after;
use crate::table::commit::Act;
use crate::table::item::{integer, number};

impl Limit {
    fn sort(self) -> String {
        format!("USAGE#{}", self.name())
    }

    fn add(self, one: i8, most: Option<u64>) -> Act {
        let mut values = HashMap::from([(":one".to_owned(), number(one))]);
        let condition = most.map(|most| {
            values.insert(":limit".to_owned(), number(most));
            "attribute_not_exists(#used) OR #used < :limit"
        });
        // Not idempotent by itself: a repeat is recognised by the transaction's token, and by the other writes.
        Act::Update { expression: "ADD #used :one SET w = :w".into(), condition, values }
    }
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

    /// Increments a counter, unless it has reached the plan's limit: then nothing is committed, and the client gets
    /// `refusal`. It reads nothing, so concurrent requests get exactly the remaining quota.
    pub fn count_up(self, limit: Limit, plan: &WorkspacePlan, refusal: impl Into<Problem>) -> Self {
        match plan.limit(limit) {
            // The item may not exist yet, and an absent attribute cannot be compared.
            0 => self.fail(refusal.into()),
            most => self.update(Table::Tenants, limit.sort(), limit.add(1, Some(most))).or(refusal),
        }
    }

    /// Decrements a counter. The caller must ensure that the entity was counted and that no other commit releases it:
    /// by a flag in an entity that the same changes replace or delete.
    pub fn count_down(self, limit: Limit) -> Self {
        self.update(Table::Tenants, limit.sort(), limit.add(-1, None))
    }
}

impl Scope {
    /// The current value of the counter.
    pub async fn used(&self, limit: Limit) -> Result<u64, Problem> {
        let item = self.find_item(Table::Tenants, limit.sort()).await?;
        Ok(item.and_then(|item| integer(&item, "used")).unwrap_or_default())
    }
}
