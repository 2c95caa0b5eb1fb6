//! `simulate`: tells stories in worlds of faults, and reports what must not have happened.
//!
//! `simulate [STORIES]` runs a campaign, from a random seed; `simulate replay SEED` shrinks a world that fails to its
//! fewest faults, and prints what happened in it, line by line. `simulate repeat [WORLDS]` runs worlds twice, and
//! reports those that were not the same.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use simulator::campaign::{Campaign, STORIES_PER_WORLD};
use simulator::mutants::Mutant;
use simulator::shrinking::shrink;
use simulator::verdicts;
use simulator::world::World;

const USAGE: &str =
    "usage: simulate [STORIES] | simulate replay SEED | simulate repeat [WORLDS] | simulate mutants [START]...";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["mutants"] => hunt(&[""]),
        ["mutants", starts @ ..] => hunt(starts),
        ["replay", seed] => seed.parse().map_or_else(|_| fail(USAGE), replay),
        ["repeat"] => repeat(120),
        ["repeat", worlds] => worlds.parse().map_or_else(|_| fail(USAGE), repeat),
        [] => campaign(20_000),
        [stories] => stories.parse().map_or_else(|_| fail(USAGE), campaign),
        _ => fail(USAGE),
    }
}

/// Standard output has the metrics of the functions.
fn say(line: &str) {
    let _unread = writeln!(std::io::stderr(), "{line}");
}

fn fail(line: &str) -> ExitCode {
    say(line);
    ExitCode::FAILURE
}

/// The seed of the environment, or a random one.
fn first_seed() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(now.as_secs() * 1_000_000)
}

fn repeat(worlds: u64) -> ExitCode {
    let seed = first_seed();
    say(&format!("{worlds} worlds from seed {seed} on, twice"));
    let different = Campaign::not_repeated(seed, worlds);
    for (seed, difference) in &different {
        say(&format!("The world of seed {seed} was another one the second time, from {difference}"));
    }
    if different.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn campaign(stories: u64) -> ExitCode {
    let seed = first_seed();
    say(&format!("{stories} stories from seed {seed} on, {STORIES_PER_WORLD} in each world"));
    let done = Campaign::run(seed, stories, |campaign, taken| say(&progress(campaign, stories, taken)));
    say(&format!("{:?}", done.stories_by_kind));
    say(&done.table());
    for (seed, faults) in &done.failed {
        say(&format!("The world of seed {seed} failed; make simulate SEED={seed} replays it with its fewest faults:"));
        for fault in faults {
            say(&format!("  {fault}"));
        }
    }
    if !done.failed.is_empty() {
        return ExitCode::FAILURE;
    }
    let missing = done.missing();
    if stories >= 20_000 && !missing.is_empty() {
        return fail(&format!("These faults can happen and never did; add stories that cross: {missing:#?}"));
    }
    ExitCode::SUCCESS
}

fn progress(campaign: &Campaign, of: u64, taken: Duration) -> String {
    let Campaign { stories, calls, injected, failed, .. } = campaign;
    let (taken_s, seeds) = (taken.as_secs(), failed.iter().map(|(seed, _)| format!(" {seed}")).collect::<String>());
    let failed = failed.len();
    format!("{stories} of {of} stories in {taken_s} s, {calls} calls, {injected} faults, {failed} worlds failed{seeds}")
}

/// Removes every guard that the stories meet, one at a time, and writes the verdicts.
fn hunt(starts: &[&str]) -> ExitCode {
    let verdicts = verdicts::hunt(starts, say);
    if let Err(error) = verdicts::write(&verdicts) {
        return fail(&format!("{}: {error}", verdicts::path().display()));
    }
    let survivors: Vec<_> =
        verdicts.iter().filter(|(_, verdict)| verdict.ends_with(": ")).map(|(guard, _)| guard).collect();
    if survivors.is_empty() {
        return ExitCode::SUCCESS;
    }
    fail(&format!(
        "No world notices when these guards are removed. Delete a needless one, add a story for another, or give the \
         reason in {}: {survivors:#?}",
        verdicts::path().display()
    ))
}

fn replay(seed: u64) -> ExitCode {
    let mutant = std::env::var("MUTANT").ok().map(|name| Mutant::named(&name));
    let world = World { is_traced: true, mutant, ..Campaign::world(seed) };
    let mut history = world.run();
    if !history.faults.is_empty() {
        say(&format!("{} faults were injected; looking for those that matter", history.injected.len()));
        (_, history) = shrink(&world, &history, &mut |run| say(&format!("run {run}")));
    }
    for line in &history.trace {
        say(line);
    }
    say(&format!("{} faults were injected:", history.injected.len()));
    for injected in &history.injected {
        say(&format!("  {injected}"));
    }
    for fault in &history.faults {
        say(&format!("MUST NOT HAPPEN: {fault}"));
    }
    if history.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
