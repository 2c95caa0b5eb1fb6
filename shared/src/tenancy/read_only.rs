//! What is read-only because the plan has no room for it.
//!
//! A change to a lower plan deletes nothing. Of what is over a limit, the newest is read-only until there is room again. The
//! directory entry has the instant of the newest thing with room for each such limit, so that admission knows it without a
//! read of its own. The job `apply-plan-limits` sets these instants.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entitlements::Limit;
use crate::outbox::Message;

/// By the name of a limit: what was created later is read-only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReadOnlyAfter(BTreeMap<String, Timestamp>);

impl ReadOnlyAfter {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The instant of a limit: what was created later is read-only; `None` if nothing is.
    pub fn of(&self, limit: Limit) -> Option<Timestamp> {
        self.0.get(limit.name()).copied()
    }

    /// Whether a thing of this age is read-only.
    pub fn covers(&self, limit: Limit, created_at: Timestamp) -> bool {
        self.of(limit).is_some_and(|after| after < created_at)
    }

    /// Sets which of the things of a limit are read-only: the newest ones that there is no room for, by when all of them were
    /// created. Things of the same instant are treated alike.
    pub fn set(&mut self, limit: Limit, created: &mut [Timestamp], room: u64) {
        created.sort_unstable();
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if created.len() <= room {
            self.0.remove(limit.name());
            return;
        }
        let newest = room.checked_sub(1).and_then(|last| created.get(last)).copied();
        self.0.insert(limit.name().to_owned(), newest.unwrap_or(Timestamp::UNIX_EPOCH));
    }
}

/// The plan of a workspace has changed, or something that counts against one of its limits is gone: its job decides again
/// what is read-only.
#[derive(Serialize, Deserialize)]
pub struct ApplyPlanLimits {}

impl Message for ApplyPlanLimits {
    const NAME: &'static str = "apply-plan-limits";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const THINGS: Limit = Limit::named("channels");

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn read_only(room: u64) -> Vec<i64> {
        let mut read_only_after = ReadOnlyAfter::default();
        read_only_after.set(THINGS, &mut [at(30), at(10), at(20)], room);
        assert_eq!(read_only_after.is_empty(), read_only_after.of(THINGS).is_none());
        [10, 20, 30].into_iter().filter(|second| read_only_after.covers(THINGS, at(*second))).collect()
    }

    #[test]
    fn the_newest_without_room_are_read_only() {
        assert_eq!(read_only(4), [0_i64; 0]);
        assert_eq!(read_only(3), [0_i64; 0]);
        assert_eq!(read_only(2), [30]);
        assert_eq!(read_only(1), [20, 30]);
        assert_eq!(read_only(0), [10, 20, 30]);
    }

    #[test]
    fn room_for_all_of_them_ends_it() {
        let mut read_only_after = ReadOnlyAfter::default();
        read_only_after.set(THINGS, &mut [at(10), at(20)], 1);
        assert!(read_only_after.covers(THINGS, at(20)) && !read_only_after.covers(Limit::named("members"), at(20)));
        read_only_after.set(THINGS, &mut [at(10), at(20)], 2);
        assert_eq!(read_only_after, ReadOnlyAfter::default());
    }
}
