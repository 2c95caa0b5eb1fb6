//! Periods: the calendar months (UTC) by which use is counted.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// One calendar month in UTC. Its anchor, the first day, is part of the keys of its counters, so a counter is never
/// reset: the next period has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(Date);

impl Period {
    /// The period of an instant.
    pub fn of(at: Timestamp) -> Self {
        Self(at.to_zoned(TimeZone::UTC).date().first_of_month())
    }

    /// The period before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.checked_sub(1.month()).unwrap_or(Date::MIN))
    }

    /// When the next period begins.
    pub fn ends_at(self) -> Timestamp {
        let next = self.0.checked_add(1.month()).and_then(|first| first.to_zoned(TimeZone::UTC));
        next.map_or(Timestamp::MAX, |first| first.timestamp())
    }
}

/// The anchor: `2026-03-01`.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_period_is_a_calendar_month_in_utc() {
        let of = |text: &str| Period::of(text.parse().unwrap());
        let (first, last) = (of("2026-12-01T00:00:00Z"), of("2026-12-31T23:59:59.999Z"));
        assert_eq!((first, first.to_string().as_str()), (last, "2026-12-01"));
        assert_eq!(first.ends_at(), "2027-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(first.previous(), of("2026-11-30T23:00:00Z"));
        assert_ne!(first, of("2027-01-01T00:00:00Z"));
    }
}
