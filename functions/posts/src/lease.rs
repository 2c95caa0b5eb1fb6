//! Leases and waits: how long a claim lasts, and when something is tried again.

use shared::kernel::time::SignedDuration;

use crate::delivery::DeliveryId;

/// How far ahead of its instant a delivery is claimed. The queue delays it to the second; the sweep
/// runs every minute, so that a shorter horizon would leave gaps.
pub const HORIZON: SignedDuration = SignedDuration::from_secs(60);

/// What is scheduled for no later than this is claimed at once, by the request that schedules it: a sweep may be a minute
/// away, and late.
pub const CLAIMED_AT_ONCE: SignedDuration = SignedDuration::from_secs(2 * HORIZON.as_secs());

/// The timeout of `publish-post`: four pictures of 2 MB over a slow line, and the post itself.
pub const FUNCTION_TIMEOUT_S: u32 = 120;

/// The longest that sending may take: a renewal of the token and the one visible call.
pub const SEND_BUDGET: SignedDuration = SignedDuration::from_secs(60);

/// How long a claim lasts from the instant at which its message may arrive. The outbox's sweep sends
/// within two minutes what the relay did not; then the function still has its whole timeout.
pub const LEASE: SignedDuration = SignedDuration::from_secs(300);

const OUTBOX_DELAY_S: u32 = 120;
const _: () = assert!(
    LEASE.as_secs() >= (OUTBOX_DELAY_S + FUNCTION_TIMEOUT_S) as i64,
    "a lease must outlast the queue's delay and the function"
);

/// Claims of one delivery: with the waits between them about seven hours of a platform's outage.
pub const MAX_ATTEMPTS: u32 = 30;

/// How often a platform is asked what became of one call, before a person is.
pub const MAX_RECONCILIATIONS: u32 = 10;

/// The catch-up policy: what is late is sent as soon as it can be, up to this; later than this it is
/// not sent at all, because a good-morning of yesterday does harm.
pub const MAX_LATENESS: SignedDuration = SignedDuration::from_hours(24);

const FIRST_WAIT_S: i64 = 30;
const LONGEST_WAIT_S: i64 = 900;

/// The wait before the try that follows `tries`: 30 s, doubled each time up to 15 minutes, and up to
/// a quarter more. The spread follows from the id, so that deliveries that failed together do not
/// return together.
pub fn backoff(delivery: DeliveryId, tries: u32) -> SignedDuration {
    let wait_s = FIRST_WAIT_S.saturating_mul(1 << tries.saturating_sub(1).min(10)).min(LONGEST_WAIT_S);
    let spread = i64::from(delivery.as_bytes()[15]) + i64::from(tries) * 97;
    SignedDuration::from_millis(wait_s * 1000 + wait_s * (spread % 251))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let id: DeliveryId = "dlv_01890a5d000070008000000000000000".parse().unwrap();
        for (tries, least_s) in
            [(0, 30), (1, 30), (2, 60), (3, 120), (5, 480), (6, 900), (30, 900), (u32::MAX / 97, 900)]
        {
            let wait = backoff(id, tries);
            assert!(wait >= SignedDuration::from_secs(least_s), "{tries}: {wait}");
            assert!(wait <= SignedDuration::from_secs(least_s * 5 / 4 + 1), "{tries}: {wait}");
        }
    }

    #[test]
    fn deliveries_that_failed_together_return_apart() {
        let one: DeliveryId = "dlv_01890a5d000070008000000000000010".parse().unwrap();
        let other: DeliveryId = "dlv_01890a5d000070008000000000000011".parse().unwrap();
        assert_ne!(backoff(one, 3), backoff(other, 3));
        assert_eq!(backoff(one, 3), backoff(one, 3));
    }
}
