//! Leases and waits: how long a claim lasts, and when a step is retried.

use crate::kernel::time::SignedDuration;

/// The delay of a message if its relay fails: the outbox sweep sends it within two minutes.
pub const OUTBOX_DELAY_S: u32 = 120;

/// The longest run (claim 64), and a margin for clock differences.
const RUN_S: u32 = 300 + 30;

/// The time for a step from the instant at which its message may arrive. After that the sweep sends it again.
pub const LEASE: SignedDuration = SignedDuration::from_secs((OUTBOX_DELAY_S + RUN_S) as i64);

const FIRST_WAIT_S: i64 = 30;
const LONGEST_WAIT_S: i64 = 900;

/// The wait before the try that follows `tries`: 30 s, doubled each time up to 15 minutes, and up to
/// a quarter more. The jitter is derived from the id, so that runs that failed together are not retried together.
pub fn backoff(id: &[u8; 16], tries: u32) -> SignedDuration {
    let wait_s = FIRST_WAIT_S.saturating_mul(1 << tries.saturating_sub(1).min(10)).min(LONGEST_WAIT_S);
    let spread = i64::from(id[15]) + i64::from(tries) * 97;
    SignedDuration::from_millis(wait_s * 1000 + wait_s * (spread % 251))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(last: u8) -> [u8; 16] {
        let mut id = [0; 16];
        id[15] = last;
        id
    }

    #[test]
    fn waits_double_up_to_fifteen_minutes() {
        for (tries, least_s) in
            [(0, 30), (1, 30), (2, 60), (3, 120), (5, 480), (6, 900), (30, 900), (u32::MAX / 97, 900)]
        {
            let wait = backoff(&id(0), tries);
            assert!(wait >= SignedDuration::from_secs(least_s), "{tries}: {wait}");
            assert!(wait <= SignedDuration::from_secs(least_s * 5 / 4 + 1), "{tries}: {wait}");
        }
    }

    #[test]
    fn runs_that_failed_together_are_retried_apart() {
        assert_ne!(backoff(&id(16), 3), backoff(&id(17), 3));
        assert_eq!(backoff(&id(16), 3), backoff(&id(16), 3));
    }
}
