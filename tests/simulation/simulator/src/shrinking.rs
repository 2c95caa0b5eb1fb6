//! Shrinking: the fewest faults with which a world still fails.

use std::collections::BTreeSet;

use crate::world::{History, World};

/// Runs of the search: each takes a second or two.
const MOST_RUNS: usize = 80;

/// A world that fails with as few faults as were found, and its history.
pub fn shrink(world: &World, first: &History, progress: &mut dyn FnMut(usize)) -> (World, History) {
    let sites = |history: &History| -> Vec<String> {
        let sites: BTreeSet<_> = history.injected.iter().map(|injected| injected.site.clone()).collect();
        sites.into_iter().collect()
    };
    let mut runs = 0;
    let mut fails = |only: &[String], stories: Option<BTreeSet<usize>>| -> Option<(World, History)> {
        runs += 1;
        progress(runs);
        let only = Some(only.iter().cloned().collect());
        let smaller = World { only, chosen: stories, ..world.clone() };
        let history = smaller.run();
        (runs < MOST_RUNS && !history.faults.is_empty()).then_some((smaller, history))
    };
    let mut kept = sites(first);
    let mut best = (world.clone(), None);
    // Most stories have nothing to do with the failure.
    let failing: BTreeSet<usize> = first.faults.iter().filter_map(|fault| story_of(fault)).collect();
    let mut stories = world.chosen.clone();
    if !failing.is_empty()
        && let Some((smaller, history)) = fails(&kept, Some(failing.clone()))
    {
        (kept, stories) = (sites(&history), Some(failing));
        best = (smaller, Some(history));
    }
    // Delta debugging: leaves out ever smaller parts.
    let mut parts = 2;
    while !kept.is_empty() && parts <= 2 * kept.len() {
        let size = kept.len().div_ceil(parts);
        let without = (0..kept.len()).step_by(size.max(1)).find_map(|from| {
            let rest: Vec<_> = kept.iter().take(from).chain(kept.iter().skip(from + size)).cloned().collect();
            fails(&rest, stories.clone())
        });
        match without {
            Some((smaller, history)) => {
                kept = sites(&history);
                best = (smaller, Some(history));
                parts = parts.saturating_sub(1).max(2);
            }
            None if size <= 1 => break,
            None => parts *= 2,
        }
    }
    let world = World { is_traced: true, ..best.0 };
    let history = world.run();
    (world, history)
}

/// The number of the story that a fault is about: `publishing 3: …`.
fn story_of(fault: &str) -> Option<usize> {
    let (name, _) = fault.split_once(':')?;
    name.split(' ').nth(1)?.parse().ok()
}
