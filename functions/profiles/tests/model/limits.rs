//! The model of what may be tried how often.

use crate::world::{MINUTE, SECOND};

/// Failures in a row, and the last of them.
#[derive(Clone, Copy, Default)]
pub struct Failures {
    count: u32,
    last_at: i64,
}

impl Failures {
    pub fn add(&mut self, now: i64) {
        *self = Self { count: self.count + 1, last_at: now };
    }

    /// Whether the next must wait: five are free, then the wait doubles from `first_s` on, up to 15 minutes.
    pub fn delays(&self, first_s: i64, now: i64) -> bool {
        let Some(beyond) = self.count.checked_sub(5) else { return false };
        now < self.last_at + (first_s << beyond.min(10)).min(900) * SECOND
    }
}

/// Counts one in a span of five minutes that takes five.
pub fn is_one_too_many(instants: &mut Vec<i64>, now: i64) -> bool {
    instants.retain(|at| *at > now - 5 * MINUTE);
    if instants.len() < 5 {
        instants.push(now);
        return false;
    }
    true
}
