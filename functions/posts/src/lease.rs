//! Leases and limits: how long a claim lasts, and how many attempts a delivery gets.

use shared::kernel::time::SignedDuration;
use shared::work::OUTBOX_DELAY_S;

/// How far ahead of its due instant a delivery is claimed. The queue delays it to the second; the sweep runs every
/// minute, so a shorter horizon would leave gaps.
pub const HORIZON: SignedDuration = SignedDuration::from_secs(60);

/// A post scheduled within this time is claimed by the scheduling request itself: the next sweep may be a minute away,
/// and late.
pub const CLAIMED_AT_ONCE: SignedDuration = SignedDuration::from_secs(2 * HORIZON.as_secs());

/// The timeout of a publishing function: four pictures of 2 MB over a slow line, and the post itself.
pub const FUNCTION_TIMEOUT_S: u32 = 120;

/// The longest that a send may take: a token renewal and the one visible call.
pub const SEND_BUDGET: SignedDuration = SignedDuration::from_secs(60);

/// How long a claim lasts from the instant at which its message may arrive. The outbox sweep sends a message that the
/// relay missed within two minutes; the function then still has its whole timeout.
pub const LEASE: SignedDuration = SignedDuration::from_secs(300);

const _: () = assert!(
    LEASE.as_secs() >= (OUTBOX_DELAY_S + FUNCTION_TIMEOUT_S) as i64,
    "a lease must outlast the queue's delay and the function"
);

/// Attempts of one delivery. With the waits between them, they cover about seven hours of a platform outage.
pub const MAX_ATTEMPTS: u32 = 30;

/// How long a platform may take to prepare a post in steps. Instagram advises to ask for five minutes, and long videos take longer.
pub const STAGED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// Reconciliations of one intent before a person must check.
pub const MAX_RECONCILIATIONS: u32 = 10;

/// The catch-up policy: a late post is sent as soon as possible, but not later than this, because yesterday's
/// good-morning post does harm.
pub const MAX_LATENESS: SignedDuration = SignedDuration::from_hours(24);
