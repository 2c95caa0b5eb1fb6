//! `kill-functions`: stories on the local stack while processes of its functions are killed, then the judge.
//!
//! `kill-functions [SECONDS]` runs from a random seed, or that of `SEED`. It needs the environment of `cloud.py env`.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use simulator::stack::run::{Report, run};

/// A run in which the killer hit nothing has shown nothing.
const LEAST_KILLS: u64 = 10;

fn main() -> ExitCode {
    let seconds = std::env::args().nth(1).map_or(Some(600), |text| text.parse().ok());
    let Some(seconds) = seconds else { return fail("usage: kill-functions [SECONDS]") };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(now.as_secs());
    say(&format!("{seconds} s of stories among kills, seed {seed}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return fail("no runtime") };
    let report = runtime.block_on(run(seed, Duration::from_secs(seconds), &say));
    show(&report);
    if !report.faults.is_empty() {
        say(&format!(
            "seed {seed}: expected no fault, got {}; {} has every request and kill:",
            report.faults.len(),
            report.log
        ));
        for fault in &report.faults {
            say(&format!("  MUST NOT HAPPEN: {fault}"));
        }
        return ExitCode::FAILURE;
    }
    if report.kills < LEAST_KILLS {
        return fail(&format!("expected at least {LEAST_KILLS} kills, got {}: does the stack run?", report.kills));
    }
    ExitCode::SUCCESS
}

fn show(report: &Report) {
    say(&format!("stories  {:?}", report.stories));
    say(&format!("requests {}, by status {:?}", report.requests, report.answers));
    let Report { kills, freezes, at_work, hits, .. } = report;
    say(&format!("kills    {kills}, freezes {freezes}, {at_work} of them at work, by function {hits:?}"));
}

fn say(line: &str) {
    let _unread = writeln!(std::io::stderr(), "  {line}");
}

fn fail(line: &str) -> ExitCode {
    say(line);
    ExitCode::FAILURE
}
