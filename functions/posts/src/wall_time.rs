//! A wall time: what a clock in a time zone shows, without the zone.

use std::borrow::Cow;

use jiff::civil::DateTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// `2026-03-01T09:30:00` or `2026-03-01T09:30`: whole seconds, without offset or zone, so that it cannot contradict the
/// separate zone field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallTime(DateTime);

/// Why a text is not a wall time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a date and time like 2026-03-01T09:30:00, without offset or zone")]
pub struct NotAWallTime;

impl WallTime {
    pub fn parse(text: &str) -> Result<Self, NotAWallTime> {
        let text = if text.len() == "2026-03-01T09:30".len() { format!("{text}:00") } else { text.to_owned() };
        let parsed: DateTime = text.parse().map_err(|_| NotAWallTime)?;
        // The parser also accepts offsets, zones and leap seconds, and drops them: a text that does not round-trip lost
        // something.
        let whole = parsed.subsec_nanosecond() == 0 && parsed.to_string() == text;
        if whole { Ok(Self(parsed)) } else { Err(NotAWallTime) }
    }

    pub fn date_time(self) -> DateTime {
        self.0
    }
}

impl From<DateTime> for WallTime {
    fn from(date_time: DateTime) -> Self {
        Self(date_time)
    }
}

impl std::fmt::Display for WallTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for WallTime {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The local time in the time zone."))
            .pattern(Some(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$"))
            .examples(["2030-03-04T09:30:00"])
            .into()
    }
}

impl utoipa::ToSchema for WallTime {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("WallTime")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn seconds_are_optional() {
        assert_eq!(WallTime::parse("2026-03-01T09:30").unwrap().to_string(), "2026-03-01T09:30:00");
        assert_eq!(WallTime::parse("2026-03-01T09:30:59").unwrap().to_string(), "2026-03-01T09:30:59");
    }

    #[test]
    fn a_text_that_does_not_round_trip_is_refused() {
        for text in [
            "",
            "2026-03-01",
            "2026-03-01T09",
            "2026-03-01T09:30:00Z",
            "2026-03-01T09:30:00+01:00",
            "2026-03-01T09:30:00[Europe/Paris]",
            "2026-03-01T09:30:00+01:00[Europe/Paris]",
            "2026-03-01T09:30:00.5",
            "2026-03-01T09:30:60",
            "2026-03-01 09:30:00",
            "2026-03-01t09:30:00",
            "2026-02-30T09:30:00",
            "2026-03-01T24:00:00",
            "20260301T093000",
            "+002026-03-01T09:30:00",
            " 2026-03-01T09:30:00",
        ] {
            assert_eq!(WallTime::parse(text), Err(NotAWallTime), "{text}");
        }
    }
}
