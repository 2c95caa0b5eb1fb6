//! The model of delays and rate limits.

use crate::world::{MINUTE, SECOND};

/// Consecutive failures, and the time of the last one.
#[derive(Clone, Copy, Default)]
pub struct Failures {
    count: u32,
    last_at: i64,
}

impl Failures {
    pub fn add(&mut self, now: i64) {
        *self = Self { count: self.count + 1, last_at: now };
    }

    /// Whether the next attempt is delayed. The fifth failure causes a delay of `first_s`, which doubles with each
    /// further one, up to 15 minutes.
    pub fn delays(&self, first_s: i64, now: i64) -> bool {
        let Some(beyond) = self.count.checked_sub(5) else { return false };
        now < self.last_at + (first_s << beyond.min(10)).min(900) * SECOND
    }
}

/// Counts a request against a limit of five in five minutes. Returns whether it exceeds the limit.
pub fn exceeds_limit(instants: &mut Vec<i64>, now: i64) -> bool {
    instants.retain(|at| *at > now - 5 * MINUTE);
    if instants.len() < 5 {
        instants.push(now);
        return false;
    }
    true
}
