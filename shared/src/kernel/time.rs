//! Time, injected: only `Clock::system` reads the system's clock.

use std::borrow::Cow;

pub use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A clock.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    #[cfg(any(test, feature = "testing"))]
    Fixed(std::sync::Arc<std::sync::Mutex<Timestamp>>),
    #[cfg(feature = "testing")]
    Simulated(std::sync::Arc<SimulatedClock>),
}

/// A clock of a simulated machine: it follows the time of a paused runtime, with an error of its own.
#[cfg(feature = "testing")]
struct SimulatedClock {
    origin: tokio::time::Instant,
    start: Timestamp,
    error_ms: std::sync::atomic::AtomicI64,
}

impl Clock {
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that a test advances; its clones advance with it.
    #[cfg(any(test, feature = "testing"))]
    pub fn fixed(at: Timestamp) -> Self {
        Self(Source::Fixed(std::sync::Arc::new(std::sync::Mutex::new(at))))
    }

    /// A clock that shows `start` now, and follows the time of the runtime.
    #[cfg(feature = "testing")]
    pub fn simulated(start: Timestamp) -> Self {
        let (origin, error_ms) = (tokio::time::Instant::now(), 0.into());
        Self(Source::Simulated(std::sync::Arc::new(SimulatedClock { origin, start, error_ms })))
    }

    /// A simulated clock of another machine, which is wrong by as much.
    #[cfg(feature = "testing")]
    pub fn wrong_by(&self, error: SignedDuration) -> Self {
        let Source::Simulated(clock) = &self.0 else { return self.clone() };
        let error_ms = i64::try_from(error.as_millis()).unwrap_or_default().into();
        Self(Source::Simulated(std::sync::Arc::new(SimulatedClock {
            origin: clock.origin,
            start: clock.start,
            error_ms,
        })))
    }

    /// Changes the error of a simulated clock, as when it is set.
    #[cfg(feature = "testing")]
    pub fn jump_to_error(&self, error: SignedDuration) {
        if let Source::Simulated(clock) = &self.0 {
            let error_ms = i64::try_from(error.as_millis()).unwrap_or_default();
            clock.error_ms.store(error_ms, std::sync::atomic::Ordering::Relaxed);
        }
    }

    #[cfg(any(test, feature = "testing"))]
    pub fn advance(&self, by: SignedDuration) {
        if let Source::Fixed(at) = &self.0 {
            let mut at = at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *at = after(*at, by);
        }
    }

    /// Waits; a fixed clock is advanced by as much instead.
    pub async fn pause(&self, duration: std::time::Duration) {
        match &self.0 {
            Source::System => tokio::time::sleep(duration).await,
            #[cfg(feature = "testing")]
            Source::Simulated(_) => tokio::time::sleep(duration).await,
            #[cfg(any(test, feature = "testing"))]
            Source::Fixed(_) => {
                self.advance(SignedDuration::try_from(duration).unwrap_or_default());
                // Lets other tasks run.
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        }
    }

    /// Now, in whole milliseconds, so that stored and compared instants are equal.
    pub fn now(&self) -> Timestamp {
        let now = match &self.0 {
            Source::System => Timestamp::now(),
            #[cfg(any(test, feature = "testing"))]
            Source::Fixed(at) => *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
            #[cfg(feature = "testing")]
            Source::Simulated(clock) => clock.now(),
        };
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

#[cfg(feature = "testing")]
impl SimulatedClock {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.origin.elapsed()).unwrap_or_default();
        let error_ms = self.error_ms.load(std::sync::atomic::Ordering::Relaxed);
        after(after(self.start, passed), SignedDuration::from_millis(error_ms))
    }
}

/// The clocks of two machines differ by this much at most: far more than those of AWS do.
pub const CLOCKS_DIFFER_BY: SignedDuration = SignedDuration::from_secs(2);

/// `from` plus `by`; saturates at the ends of the calendar instead of failing.
pub fn after(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// A text of fixed width that sorts chronologically, for sort keys.
pub fn sortable(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// An instant in a request or a response: RFC 3339, in a response in UTC and always with three fraction digits, so that such texts sort
/// chronologically. No response has a bare `Timestamp`, which omits trailing zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiTimestamp(Timestamp);

impl From<Timestamp> for ApiTimestamp {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl ApiTimestamp {
    pub fn instant(self) -> Timestamp {
        self.0
    }
}

impl<'de> Deserialize<'de> for ApiTimestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let unreadable = |_| de::Error::custom("must be an instant like 2026-03-01T08:30:00Z");
        text.parse().map(Self).map_err(unreadable)
    }
}

impl Serialize for ApiTimestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&sortable(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_of_a_response_always_has_three_fraction_digits() {
        for (at_ms, text) in [
            (1_700_000_000_000, "2023-11-14T22:13:20.000Z"),
            (1_700_000_000_860, "2023-11-14T22:13:20.860Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
            assert_eq!(serde_json::json!(ApiTimestamp::from(at)), text);
        }
    }

    #[test]
    fn sortable_texts_sort_chronologically() {
        let early = Timestamp::from_millisecond(1_700_000_000_009).unwrap_or_default();
        let late = Timestamp::from_millisecond(1_700_000_000_010).unwrap_or_default();
        assert_eq!(sortable(early), "2023-11-14T22:13:20.009Z");
        assert!(sortable(early) < sortable(late));
    }
}
