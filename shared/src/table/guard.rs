//! A guard: what every transaction of a request requires.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::commit::{Act, Expected, Plan, Write};
use super::item::number;
use crate::aws::grants::Table;
use crate::kernel::problems::Problem;

/// Requires that an item's epoch is still the one that admitted the request. Without it, a request admitted just before
/// an account is closed, or its sessions are revoked, would still write after that.
///
/// `commit` retries transactions of one user that conflict on this item: DynamoDB refuses two that check the same item
/// concurrently.
#[derive(Debug)]
pub(crate) struct Guard {
    table: Table,
    key: (String, String),
    /// Compares with `:epoch`.
    condition: &'static str,
    /// Updated if the request's own transaction changes it.
    epoch: AtomicU64,
    refusal: fn() -> Problem,
    /// Another condition of the same caller.
    also: Option<Box<Guard>>,
}

impl Guard {
    pub(crate) fn new(
        table: Table,
        key: (String, String),
        condition: &'static str,
        epoch: u64,
        refusal: fn() -> Problem,
    ) -> Self {
        Self { table, key, condition, epoch: AtomicU64::new(epoch), refusal, also: None }
    }

    /// Both conditions.
    pub(crate) fn and(self, also: Self) -> Self {
        Self { also: Some(Box::new(also)), ..self }
    }

    /// Adds the condition. A plan that writes the item itself has its own condition (DynamoDB allows one action per
    /// item), which must compare with the same epoch.
    pub(crate) fn add_to(&self, plan: &mut Plan) -> Result<(), Problem> {
        self.also.iter().try_for_each(|also| also.add_to(plan))?;
        let (partition, sort) = &self.key;
        let epoch = number(self.epoch.load(Ordering::Relaxed));
        if let Some(write) = plan.write_to(self.table, partition, sort) {
            let own = match &write.action {
                Act::Update { values, .. } | Act::Check(Expected::That(_, values)) => values.get(":epoch"),
                _ => None,
            };
            return if own == Some(&epoch) { Ok(()) } else { Err((self.refusal)()) };
        }
        let action = Act::Check(Expected::That(self.condition, HashMap::from([(":epoch".to_owned(), epoch)])));
        plan.require_first(Write {
            table: self.table,
            partition: Some(partition.clone()),
            sort: sort.clone(),
            action,
            refusal: Some((self.refusal)()),
        });
        Ok(())
    }

    /// Whether a problem is this guard's refusal, which the client gets if the condition does not hold at the commit.
    pub(crate) fn is_refusal(&self, problem: &Problem) -> bool {
        problem.code() == (self.refusal)().code()
    }

    /// Records that the request's own transaction incremented the epoch.
    pub(crate) fn moved(&self) {
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }
}
