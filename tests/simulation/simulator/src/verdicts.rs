//! The verdict on each guard, as committed in `tests/simulation/simulator/mutants.txt`: a line with the guard, and an
//! indented line with the world that fails without it, or the reason why none does.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::campaign::Campaign;
use crate::each_on_every_core;
use crate::mutants::{Guards, Mutant, TOKEN};
use crate::world::World;

/// Worlds in which the guards are collected, with how often each refuses something.
const SURVEYED: u64 = 120;
/// A mutant is tried in this many worlds: those in which its guard refuses the most.
const TRIED: usize = 8;
const DIES: &str = "dies in world ";
/// The start of the verdict on a guard whose removal no world notices; a person adds the reason.
pub const SURVIVES: &str = "survives: ";
/// The start of the verdict on a guard that had nothing to refuse; a person adds the reason.
pub const REFUSES_NOTHING: &str = "refuses nothing: ";

/// The verdict on each guard.
pub type Verdicts = BTreeMap<String, String>;

pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("mutants.txt")
}

/// The committed verdicts.
pub fn committed() -> Verdicts {
    let text = std::fs::read_to_string(path()).unwrap_or_default();
    let mut verdicts = Verdicts::new();
    let mut guard = None;
    for line in text.lines() {
        match (line.strip_prefix("    "), guard.take()) {
            (Some(verdict), Some(guard)) => drop(verdicts.insert(guard, verdict.to_owned())),
            _ => guard = Some(line.to_owned()),
        }
    }
    verdicts
}

/// The guards that worlds meet.
pub fn guards_met(worlds: u64) -> BTreeSet<String> {
    survey(worlds).into_iter().flat_map(|(_, guards)| guards.into_keys()).collect()
}

/// The guards of each world, on every core.
fn survey(worlds: u64) -> Vec<(u64, Guards)> {
    let guards = |seed| (seed, World { records_guards: true, ..Campaign::world(seed) }.run().guards);
    each_on_every_core(0..worlds, guards)
}

/// Removes each guard whose name starts with one of these, and looks for a world that fails without it, on every core.
/// The other verdicts stay, and so does the reason for a survivor.
pub fn hunt(starts: &[&str], say: impl Fn(&str) + Sync) -> Verdicts {
    let is_hunted = |guard: &str| starts.iter().any(|start| guard.starts_with(start));
    let before = committed();
    let surveyed = survey(SURVEYED);
    let mut guards: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    for (seed, met) in surveyed {
        for (guard, refused) in met.into_iter().filter(|(guard, _)| is_hunted(guard)) {
            guards.entry(guard).or_default().push((refused, seed));
        }
    }
    let others = before.iter().filter(|(guard, _)| !is_hunted(guard));
    let others: Verdicts = others.map(|(guard, verdict)| (guard.clone(), verdict.clone())).collect();
    for (guard, worlds) in &guards {
        let refused: u64 = worlds.iter().map(|(refused, _)| refused).sum();
        say(&format!("{refused:6} refusals in {:3} worlds: {guard}", worlds.len()));
    }
    let hunted = each_on_every_core(guards, |(guard, worlds)| {
        let known = before.get(&guard).map(String::as_str).unwrap_or_default();
        let verdict = verdict(&guard, known, worlds);
        say(&format!("{guard}\n    {verdict}"));
        (guard, verdict)
    });
    others.into_iter().chain(hunted).collect()
}

/// `worlds` are those that meet the guard, each with how often it refused something there. Where it died before, it
/// probably dies again.
fn verdict(guard: &str, known: &str, mut worlds: Vec<(u64, u64)>) -> String {
    worlds.sort_unstable_by_key(|(refused, seed)| (Reverse(*refused), *seed));
    let before = known.strip_prefix(DIES).and_then(|rest| rest.split([':', ' ']).next()?.parse().ok());
    // Without a guard that refuses nothing, a world has the same history. What a token prevents is not counted.
    let refuses = |refused: &u64| *refused > 0 || guard == TOKEN;
    let refusing: Vec<_> = worlds.iter().filter(|(refused, _)| refuses(refused)).collect();
    for with_others in [false, true] {
        let mutant = Mutant { guard: guard.to_owned(), with_others };
        let tried: Vec<_> = if with_others { worlds.iter().collect() } else { refusing.clone() };
        let seeds = before.into_iter().chain(tried.into_iter().map(|(_, seed)| *seed));
        if let Some(verdict) = seeds.take(TRIED).find_map(|seed| death(&mutant, seed)) {
            return verdict;
        }
    }
    let verdict = if refusing.is_empty() { REFUSES_NOTHING } else { SURVIVES };
    if known.starts_with(verdict) { known.to_owned() } else { verdict.to_owned() }
}

fn death(mutant: &Mutant, seed: u64) -> Option<String> {
    let history = World { mutant: Some(mutant.clone()), ..Campaign::world(seed) }.run();
    let fault = history.faults.into_iter().next()?;
    let others = if mutant.with_others { " with the other guards of its request" } else { "" };
    Some(format!("{DIES}{seed}{others}: {}", fault.lines().next().unwrap_or_default()))
}

/// Writes the verdicts to be committed.
pub fn write(verdicts: &Verdicts) -> std::io::Result<()> {
    let lines: String = verdicts.iter().map(|(guard, verdict)| format!("{guard}\n    {verdict}\n")).collect();
    std::fs::write(path(), lines)
}
