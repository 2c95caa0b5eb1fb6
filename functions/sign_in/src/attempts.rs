//! Consecutive failed sign-ins per email address, and the delay before the next attempt.
//!
//! Failures are counted for every address, registered or not, so a delay does not reveal whether an account exists. A
//! known device has its own count: failures elsewhere cannot lock out a user who signs in from a device they used
//! before (claim 17).

use serde::{Deserialize, Serialize};
use shared::identity::{AccountChanges, AccountKey, AccountRecord};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::table::Stored;

use crate::device::KnownDevice;
use crate::history::{FailureEntry, SignInId};

/// The first consecutive failure that causes a delay: people mistype.
const FREE: u32 = 5;
/// The longest that a failure delays the next attempt.
const LONGEST_DELAY_S: i64 = 15 * 60;
/// After this many consecutive failures, sign-ins from unknown devices are refused until the password is reset or the
/// user signs in from a known device (NIST SP 800-63B-4, section 3.2.2: no more than 100).
const CAP: u32 = 100;
/// After this many failures a device is no longer treated as known: its token may have been stolen.
const CAP_OF_A_DEVICE: u32 = 10;
/// A count expires this long after its last failure.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The consecutive failures for one address: on one known device, or on all other devices together.
#[derive(Serialize, Deserialize)]
pub struct Attempts {
    address: AccountKey,
    device: String,
    failures: u32,
    last_at: Timestamp,
    /// The login history entry that records them.
    #[serde(default)]
    entry: Option<FailureEntry>,
}

/// A failure later than this after an entry's first failure gets a new entry.
const ENTRY_SPAN: SignedDuration = SignedDuration::from_hours(1);

/// The key under which failed step-ups are counted: guessing in a stolen session must not delay the owner's sign-ins.
pub const STEP_UP: &str = "step-up";

/// The key under which a device's failures are counted.
pub fn part(device: Option<&KnownDevice>) -> String {
    device.map_or_else(String::new, |device| device.name.clone())
}

impl Attempts {
    pub fn none(address: AccountKey, device: Option<&KnownDevice>, now: Timestamp) -> Self {
        Self { address, device: part(device), failures: 0, last_at: now, entry: None }
    }

    /// Counts a failed attempt, and returns the history entry that records it. `id` is the id for a new entry.
    ///
    /// An attempt during a delay is not counted: counting it would let an attacker prolong the delay. It is still
    /// written, so that it costs the same as any other attempt, but unconditionally: parallel attempts never conflict,
    /// so each is recorded.
    pub fn record_failure(
        stored: &mut Option<Stored<Self>>,
        none: impl FnOnce() -> Self,
        id: SignInId,
        now: Timestamp,
    ) -> (AccountChanges, FailureEntry) {
        let changes = AccountChanges::default();
        match stored {
            Some(known) if known.is_delayed(now) => {
                // Use the entry of the last counted failure, however old it is.
                let entry = known.entry.unwrap_or_else(|| known.enter(id, now));
                (changes.rewrite(known), FailureEntry { times: entry.times.saturating_add(1), ..entry })
            }
            Some(known) => {
                known.fail(now);
                let entry = known.enter(id, now);
                (changes.replace(known), entry)
            }
            None => {
                let mut first = none();
                first.fail(now);
                let entry = first.enter(id, now);
                (changes.insert(&first), entry)
            }
        }
    }

    /// The separate count for step-ups.
    pub fn of_step_ups(address: AccountKey, now: Timestamp) -> Self {
        Self { device: STEP_UP.to_owned(), ..Self::none(address, None, now) }
    }

    /// The history entry that records one more failure. `id` is the id for a new entry.
    pub fn enter(&mut self, id: SignInId, now: Timestamp) -> FailureEntry {
        let shared = self.entry.filter(|entry| now < after(entry.first_at, ENTRY_SPAN));
        let entry = match shared {
            Some(entry) => FailureEntry { times: entry.times.saturating_add(1), ..entry },
            None => FailureEntry { id, first_at: now, times: 1 },
        };
        self.entry = Some(entry);
        entry
    }

    /// Whether the next attempt is refused, because of a delay or the cap. Without a delay it never is, although the clock
    /// that recorded the last failure may be ahead of this one.
    pub fn is_delayed(&self, now: Timestamp) -> bool {
        let until = delay(self.failures).map(|delay| after(self.last_at, delay));
        self.failures >= CAP || until.is_some_and(|until| now < until)
    }

    /// Whether the device has failed so often that its token is no longer accepted.
    pub fn is_device_spent(&self) -> bool {
        !self.device.is_empty() && self.failures >= CAP_OF_A_DEVICE
    }

    pub fn failures(&self) -> u32 {
        self.failures
    }

    pub fn fail(&mut self, now: Timestamp) {
        self.failures += 1;
        self.last_at = now;
    }
}

/// None before the fifth consecutive failure, then 1 s, doubling with each further one, up to 15 minutes.
fn delay(failures: u32) -> Option<SignedDuration> {
    let beyond = failures.checked_sub(FREE)?;
    Some(SignedDuration::from_secs((1_i64 << beyond.min(20)).min(LONGEST_DELAY_S)))
}

impl AccountRecord for Attempts {
    const KIND: &'static str = "ATTEMPTS";

    fn account_key(&self) -> AccountKey {
        self.address.clone()
    }

    fn part(&self) -> String {
        self.device.clone()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(after(self.last_at, REMEMBERED_FOR))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn failed(times: u32, device: Option<&KnownDevice>) -> Attempts {
        let mut attempts = Attempts::none(AccountKey::email("ada@example.com"), device, START);
        (0..times).for_each(|_| attempts.fail(START));
        attempts
    }

    #[test]
    fn the_delay_doubles_with_each_failure_up_to_15_minutes() {
        for (times, seconds) in [(4, 0), (5, 1), (6, 2), (9, 16), (14, 512), (15, 900), (99, 900)] {
            let attempts = failed(times, None);
            assert!(!attempts.is_delayed(after(START, SignedDuration::from_secs(seconds))), "{times}");
            // Without a delay, not even before the failure: two clocks differ.
            let early = after(START, SignedDuration::from_millis(seconds * 1000 - 1));
            assert_eq!(attempts.is_delayed(early), seconds > 0, "{times}");
        }
    }

    #[test]
    fn failures_within_an_hour_share_one_history_entry() {
        let mut attempts = failed(0, None);
        let id = |number: u32| format!("sgn_{number:032x}").parse().unwrap_or_else(|_| unreachable!());
        let minute = |minutes| after(START, SignedDuration::from_mins(minutes));
        let first = attempts.enter(id(1), START);
        assert_eq!((first.id, first.times), (id(1), 1));
        let later = attempts.enter(id(2), minute(59));
        assert_eq!(later, FailureEntry { id: id(1), first_at: START, times: 2 });
        let next = attempts.enter(id(3), minute(60));
        assert_eq!(next, FailureEntry { id: id(3), first_at: minute(60), times: 1 });
    }

    #[test]
    fn an_address_with_100_failures_stays_locked() {
        assert!(failed(100, None).is_delayed(after(START, SignedDuration::from_hours(24))));
    }

    #[test]
    fn a_device_with_10_failures_is_no_longer_known() {
        let device = KnownDevice { name: "d".to_owned() };
        assert!(!failed(9, Some(&device)).is_device_spent());
        assert!(failed(10, Some(&device)).is_device_spent());
        assert!(!failed(99, None).is_device_spent());
    }
}
