//! Reminders before a token expires, each sent once (ASVS 6.4.5).

use serde::{Deserialize, Serialize};
use shared::kernel::time::{SignedDuration, Timestamp, after};

/// How long before the expiry each reminder is due, in their order.
const BEFORE: [SignedDuration; 2] = [SignedDuration::from_hours(14 * 24), SignedDuration::from_hours(24)];

/// How many reminders of a token were sent, or no longer need to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded(usize);

/// How many reminders are due by now.
fn reached(expires_at: Timestamp, now: Timestamp) -> usize {
    BEFORE.into_iter().filter(|before| after(expires_at, -*before) <= now).count()
}

impl Reminded {
    /// Of a token that is created or renewed now: who just chose a short lifetime needs no reminder of it.
    pub fn of_new(expires_at: Timestamp, now: Timestamp) -> Self {
        Self(reached(expires_at, now))
    }

    /// What is to be recorded with a reminder now; None if none is due. After an outage, several that are due are one.
    pub fn next(self, expires_at: Timestamp, now: Timestamp) -> Option<Self> {
        let reached = reached(expires_at, now);
        (now < expires_at && self.0 < reached).then_some(Self(reached))
    }

    /// When the next reminder is due; None after the last.
    pub fn next_at(self, expires_at: Timestamp) -> Option<Timestamp> {
        BEFORE.get(self.0).map(|before| after(expires_at, -*before))
    }
}

/// How long before the expiry the first reminder is due.
pub const FIRST_REMINDER: SignedDuration = BEFORE[0];

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Timestamp {
        after(Timestamp::UNIX_EPOCH, SignedDuration::from_hours(days * 24))
    }

    #[test]
    fn each_reminder_is_due_once() {
        let new = Reminded::of_new(at(90), at(0));
        assert_eq!((new.next_at(at(90)), new.next(at(90), at(75))), (Some(at(76)), None));
        let first = new.next(at(90), at(76));
        assert_eq!(first, Some(Reminded(1)));
        let first = Reminded(1);
        assert_eq!((first.next_at(at(90)), first.next(at(90), at(88))), (Some(at(89)), None));
        assert_eq!(first.next(at(90), at(89)), Some(Reminded(2)));
        assert_eq!((Reminded(2).next_at(at(90)), Reminded(2).next(at(90), at(89))), (None, None));
    }

    #[test]
    fn reminders_that_were_missed_are_one_and_none_is_sent_after_the_expiry() {
        assert_eq!(Reminded(0).next(at(90), at(89)), Some(Reminded(2)));
        assert_eq!(Reminded(0).next(at(90), at(90)), None);
    }

    #[test]
    fn a_short_lifetime_is_not_reminded_of_at_once() {
        assert_eq!(Reminded::of_new(at(14), at(0)), Reminded(1));
        assert_eq!(Reminded::of_new(at(1), at(0)), Reminded(2));
        assert_eq!(Reminded::of_new(at(15), at(0)), Reminded(0));
    }
}
