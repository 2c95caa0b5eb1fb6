//! Usage: numbers that a plan limits, counted in the very transactions that change them.

use std::collections::HashMap;

use super::changes::Changes;
use super::scope::Scope;
use crate::aws::grants::Table;
use crate::kernel::problems::Problem;
use crate::table::commit::Act;
use crate::table::item::{integer, number};

/// Something that is counted for each workspace. It has the name of its limit in `plans.json`, and its owner declares it:
/// `const SCHEDULED_POSTS: Usage = Usage::named("scheduled_posts");`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage(&'static str);

impl Usage {
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    pub fn name(self) -> &'static str {
        self.0
    }

    fn sort(self) -> String {
        format!("USAGE#{}", self.0)
    }

    fn add(self, one: i8, limit: Option<u64>) -> Act {
        let mut values = HashMap::from([(":one".to_owned(), number(one))]);
        let condition = limit.map(|limit| {
            values.insert(":limit".to_owned(), number(limit));
            "attribute_not_exists(#used) OR #used < :limit"
        });
        // Not idempotent by nature: a repeat is recognised by the transaction's token, and by the other writes.
        Act::Update { expression: "ADD #used :one SET w = :w".into(), condition, values }
    }
}

impl Changes {
    /// Counts one more of something, unless there are as many as `limit` (none: unlimited): then nothing is committed, and
    /// the client gets `refusal`. It reads nothing, so that concurrent requests get exactly what is left.
    pub fn count_up(self, usage: Usage, limit: Option<u64>, refusal: impl Into<Problem>) -> Self {
        match limit {
            // The item may not exist yet, and then it could not be compared with.
            Some(0) => self.fail(refusal.into()),
            _ => self.update(Table::Tenants, usage.sort(), usage.add(1, limit)).or(refusal),
        }
    }

    /// Counts one less of something. The caller knows that this one was counted, and that no other commit gives it back:
    /// it keeps that in an entity that the same changes replace or delete.
    pub fn count_down(self, usage: Usage) -> Self {
        self.update(Table::Tenants, usage.sort(), usage.add(-1, None))
    }
}

impl Scope {
    /// How many there are now.
    pub async fn used(&self, usage: Usage) -> Result<u64, Problem> {
        let item = self.find_item(Table::Tenants, usage.sort()).await?;
        Ok(item.and_then(|item| integer(&item, "used")).unwrap_or_default())
    }
}
