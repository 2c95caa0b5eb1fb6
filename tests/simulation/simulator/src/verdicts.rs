//! The verdict on each guard, as committed in `tests/simulation/simulator/mutants.txt`: a line with the guard, and an
//! indented line with the world that fails without it, or the reason why none does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::campaign::Campaign;
use crate::mutants::Mutant;
use crate::world::World;
use crate::{lock, on_every_core};

/// Worlds in which the guards are collected.
const GUARD_WORLDS: u64 = 24;
/// Worlds in which each mutant must die.
const MUTANT_WORLDS: u64 = 10;
const DIES: &str = "dies in world ";
/// The start of the verdict on a guard whose removal no world notices; a person adds the reason.
pub const SURVIVES: &str = "survives: ";

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
    let world = |seed| World { records_guards: true, ..Campaign::world(seed) };
    (0..worlds).flat_map(|seed| world(seed).run().guards).collect()
}

/// Removes each guard whose name starts like this, and looks for a world that fails without it, on every core. The other
/// verdicts stay, and so does the reason for a survivor.
pub fn hunt(start: &str, say: impl Fn(&str) + Sync) -> Verdicts {
    let before = committed();
    let mut guards = guards_met(GUARD_WORLDS);
    let others = before.iter().filter(|(guard, _)| !guard.starts_with(start));
    let others: Verdicts = others.map(|(guard, verdict)| (guard.clone(), verdict.clone())).collect();
    guards.retain(|guard| guard.starts_with(start));
    say(&format!("{} guards", guards.len()));
    let (waiting, verdicts) = (Mutex::new(guards.into_iter()), Mutex::new(others));
    let work = || {
        // The lock must end before the hunt.
        let next = || lock(&waiting).next();
        while let Some(guard) = next() {
            let known = before.get(&guard).map(String::as_str).unwrap_or_default();
            let verdict = verdict(&guard, known);
            say(&format!("{guard}\n    {verdict}"));
            lock(&verdicts).insert(guard, verdict);
        }
    };
    on_every_core(work);
    verdicts.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Where it died before, it probably dies again.
fn verdict(guard: &str, known: &str) -> String {
    let first = known.strip_prefix(DIES).and_then(|rest| rest.split(':').next()?.parse().ok());
    let mut worlds = first.into_iter().chain(0..MUTANT_WORLDS);
    let reason = if known.starts_with(SURVIVES) { known } else { SURVIVES };
    worlds.find_map(|seed: u64| dies(guard, seed)).unwrap_or_else(|| reason.to_owned())
}

fn dies(guard: &str, seed: u64) -> Option<String> {
    let mutant = Some(Mutant { guard: guard.to_owned() });
    let history = World { mutant, ..Campaign::world(seed) }.run();
    let fault = history.faults.into_iter().next()?;
    Some(format!("{DIES}{seed}: {}", fault.lines().next().unwrap_or_default()))
}

/// Writes the verdicts to be committed.
pub fn write(verdicts: &Verdicts) -> std::io::Result<()> {
    let lines: String = verdicts.iter().map(|(guard, verdict)| format!("{guard}\n    {verdict}\n")).collect();
    std::fs::write(path(), lines)
}
