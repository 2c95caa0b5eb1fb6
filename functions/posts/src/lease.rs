//! Leases and limits: how long a claim lasts, and how often something is tried.

use shared::kernel::time::SignedDuration;
use shared::work::OUTBOX_DELAY_S;

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
