//! Schedules over the clock changes of real zones.

#![allow(clippy::unwrap_used)]

use shared::kernel::problems::Problem;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn schedule(wall_time: &str, zone: &str) -> Result<Schedule, ScheduleError> {
    Schedule::new(WallTime::parse(wall_time).unwrap(), zone, at("2026-01-01T00:00:00Z"))
}

fn instant(wall_time: &str, zone: &str) -> String {
    schedule(wall_time, zone).unwrap().instant().to_string()
}

#[test]
fn a_wall_time_is_converted_in_its_zone() {
    assert_eq!(instant("2026-03-01T09:30:00", "Europe/Paris"), "2026-03-01T08:30:00Z");
    assert_eq!(instant("2026-07-01T09:30:00", "Europe/Paris"), "2026-07-01T07:30:00Z");
    assert_eq!(instant("2026-03-01T09:30:00", "Asia/Kathmandu"), "2026-03-01T03:45:00Z");
    assert_eq!(instant("2026-03-01T09:30:00", "Pacific/Kiritimati"), "2026-02-28T19:30:00Z");
    assert_eq!(instant("2026-03-01T09:30:00", "UTC"), "2026-03-01T09:30:00Z");
}

#[test]
fn wall_times_hold_on_the_day_of_a_clock_change() {
    assert_eq!(instant("2026-03-29T01:59:59", "Europe/Paris"), "2026-03-29T00:59:59Z");
    assert_eq!(instant("2026-03-29T03:00:00", "Europe/Paris"), "2026-03-29T01:00:00Z");
    assert_eq!(instant("2026-10-25T01:59:59", "Europe/Paris"), "2026-10-24T23:59:59Z");
    assert_eq!(instant("2026-10-25T03:00:00", "Europe/Paris"), "2026-10-25T02:00:00Z");
}

#[test]
fn a_skipped_time_is_refused_with_the_time_to_use_instead() {
    let error = schedule("2026-03-29T02:30:00", "Europe/Paris").unwrap_err();
    assert_eq!(
        error.to_string(),
        "2026-03-29T02:30:00 does not exist in Europe/Paris: clocks skip it. Use \
         2026-03-29T03:30:00 instead"
    );
    assert_eq!(error.field(), Some("at"));
    // The first and the last second of the gap; half an hour on Lord Howe Island.
    assert!(schedule("2026-03-29T02:00:00", "Europe/Paris").is_err());
    assert!(schedule("2026-03-29T02:59:59", "Europe/Paris").is_err());
    assert!(schedule("2026-10-04T02:15:00", "Australia/Lord_Howe").is_err());
    assert!(schedule("2026-10-04T02:30:00", "Australia/Lord_Howe").is_ok());
}

#[test]
fn a_time_that_occurs_twice_means_the_first_and_the_preview_shows_it() {
    let twice = schedule("2026-10-25T02:30:00", "Europe/Paris").unwrap();
    assert_eq!(twice.instant(), at("2026-10-25T00:30:00Z"));
    assert!(twice.view().shown_twice);
    assert_eq!(twice.view().utc_offset.as_deref(), Some("+02:00"));
    assert!(!schedule("2026-10-25T03:30:00", "Europe/Paris").unwrap().view().shown_twice);
}

#[test]
fn a_past_time_is_refused_and_the_current_second_accepted() {
    let now = at("2026-03-01T08:30:01Z");
    let wall_time = WallTime::parse("2026-03-01T09:30:00").unwrap();
    let problem = Problem::from(Schedule::new(wall_time, "Europe/Paris", now).unwrap_err());
    assert_eq!((problem.status(), problem.code()), (422, "schedule_in_the_past"));
    assert_eq!(problem.errors()[0].field, "at");
    assert_eq!(
        problem.errors()[0].rule,
        "must not be in the past: 2026-03-01T09:30:00 in Europe/Paris was 2026-03-01T08:30:00Z"
    );
    for now in ["2026-03-01T08:29:59Z", "2026-03-01T08:30:00Z", "2026-03-01T08:30:00.999Z"] {
        assert!(Schedule::new(wall_time, "Europe/Paris", at(now)).is_ok(), "{now}");
    }
}

#[test]
fn a_time_beyond_eighteen_months_is_refused() {
    assert!(schedule("2027-07-01T00:00:00", "UTC").is_ok());
    assert_eq!(schedule("2027-07-01T00:00:01", "UTC"), Err(ScheduleError::TooFarAhead));
    assert_eq!(schedule("9999-12-31T23:59:59", "Pacific/Pago_Pago"), Err(ScheduleError::TooFarAhead));
}

#[test]
fn a_zone_name_in_any_case_is_stored_in_its_iana_spelling() {
    assert_eq!(schedule("2026-03-01T09:30:00", "europe/PARIS").unwrap().view().time_zone, "Europe/Paris");
    for unknown in
        ["", "Europe/Lutetia", "+01:00", "CET-1CEST,M3.5.0,M10.5.0/3", "Etc/Unknown", "../etc/passwd", "local"]
    {
        assert_eq!(schedule("2026-03-01T09:30:00", unknown), Err(ScheduleError::UnknownZone), "{unknown}");
    }
}

#[test]
fn new_zone_rules_move_the_instant_but_not_the_wall_time() {
    let kept = schedule("2026-07-01T09:30:00", "Europe/Paris").unwrap();
    assert_eq!(kept.rederived(), None, "the same release changed the schedule");
    // As an older release without summer time would have derived it.
    let older = Schedule { tzdata: "1999a".to_owned(), instant: at("2026-07-01T08:30:00Z"), ..kept.clone() };
    assert_eq!(older.rederived(), Some(kept.clone()));
    let same = Schedule { tzdata: "1999a".to_owned(), ..kept };
    assert_eq!(same.rederived(), None, "a release with the same rules changed the schedule");
    // A rule by which clocks skip the time moves it forward.
    let skipped = Schedule {
        wall_time: WallTime::parse("2026-03-29T02:30:00").unwrap(),
        time_zone: "Europe/Paris".to_owned(),
        tzdata: "1999a".to_owned(),
        instant: at("2026-03-29T00:30:00Z"),
    };
    assert_eq!(skipped.rederived().unwrap().instant(), at("2026-03-29T01:30:00Z"));
}

#[test]
fn the_view_previews_the_instant() {
    let view = schedule("2026-03-01T09:30:00", "America/St_Johns").unwrap().view();
    assert_eq!(
        serde_json::to_value(view).unwrap(),
        serde_json::json!({
            "at": "2026-03-01T09:30:00",
            "time_zone": "America/St_Johns",
            "tzdata_version": tzdata(),
            "instant": "2026-03-01T13:00:00.000Z",
            "utc_offset": "-03:30",
            "shown_twice": false,
        })
    );
}

#[test]
fn the_build_includes_a_zone_database() {
    assert_ne!(tzdata(), "unknown");
}
