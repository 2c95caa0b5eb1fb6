//! A campaign: many worlds, with what happened in them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::plan::{Coverage, faults_at};
use crate::world::{History, World};
use crate::{each_on_every_core, lock, on_every_core};

/// Stories in one world: they share its sweeps and its functions.
pub const STORIES_PER_WORLD: usize = 25;
/// How many sites of a thousand have a fault.
pub const PER_MILLE: u64 = 40;
/// A campaign ends when this many worlds have failed.
const MOST_FAILED: usize = 5;
/// A line of progress at least this often.
const PROGRESS: Duration = Duration::from_secs(10);

#[derive(Default)]
pub struct Campaign {
    pub worlds: u64,
    pub stories: u64,
    pub stories_by_kind: BTreeMap<&'static str, u64>,
    pub calls: u64,
    pub injected: u64,
    pub coverage: Coverage,
    /// The worlds that failed: the seed, and what must not have happened.
    pub failed: Vec<(u64, Vec<String>)>,
}

impl Campaign {
    /// The world of a seed.
    pub fn world(seed: u64) -> World {
        World { seed, stories: STORIES_PER_WORLD, per_mille: PER_MILLE, ..World::default() }
    }

    /// Runs worlds from this seed on, on every core, until there were as many stories, or a few worlds have failed.
    pub fn run(seed: u64, stories: u64, say: impl Fn(&Self, Duration) + Sync) -> Self {
        let (began, next) = (Instant::now(), AtomicU64::new(seed));
        let state = Mutex::new((Self::default(), Instant::now()));
        let work = || {
            while !lock(&state).0.is_over(stories) {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                let history = Self::world(seed).run();
                let mut state = lock(&state);
                state.0.add(seed, history);
                if state.1.elapsed() > PROGRESS {
                    state.1 = Instant::now();
                    say(&state.0, began.elapsed());
                }
            }
        };
        on_every_core(work);
        let (campaign, _) = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        say(&campaign, began.elapsed());
        campaign
    }

    /// Runs as many worlds from this seed on, twice and in another order: the seed of each whose histories differ, and
    /// where they begin to.
    pub fn not_repeated(seed: u64, worlds: u64) -> BTreeMap<u64, String> {
        let seeds: Vec<u64> = (seed..seed + worlds).collect();
        let (first, again) = (traces(&seeds), traces(&seeds.iter().rev().copied().collect::<Vec<_>>()));
        let difference = |seed: &u64| {
            let (first, again) = (&first[seed], &again[seed]);
            let differs = first.iter().zip(again).position(|(line, other)| line != other);
            let at = differs.or((first.len() != again.len()).then_some(first.len().min(again.len())))?;
            let line = |trace: &Vec<String>| trace.get(at).map_or("(the end)".to_owned(), Clone::clone);
            Some((*seed, format!("line {at}: {} / {}", line(first), line(again))))
        };
        seeds.iter().filter_map(difference).collect()
    }

    fn is_over(&self, stories: u64) -> bool {
        self.stories >= stories || self.failed.len() >= MOST_FAILED
    }

    fn add(&mut self, seed: u64, history: History) {
        self.worlds += 1;
        self.calls += history.calls;
        self.injected += history.injected.len() as u64;
        for (kind, count) in &history.stories_by_kind {
            *self.stories_by_kind.entry(kind).or_default() += count;
            self.stories += count;
        }
        for boundary in &history.boundaries {
            for fault in faults_at(boundary) {
                self.coverage.entry((boundary.clone(), fault)).or_default();
            }
        }
        for (cell, count) in history.coverage() {
            *self.coverage.entry(cell).or_default() += count;
        }
        if !history.faults.is_empty() {
            self.failed.push((seed, history.faults));
        }
    }

    /// The faults that happened at no call of a boundary where they can happen.
    pub fn missing(&self) -> Vec<String> {
        let missing = self.coverage.iter().filter(|(_, count)| **count == 0);
        missing.map(|((boundary, fault), _)| format!("{fault:?} at {boundary}")).collect()
    }

    /// How often each fault happened at each boundary.
    pub fn table(&self) -> String {
        let mut rows: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((boundary, fault), count) in &self.coverage {
            rows.entry(boundary).or_default().push(format!("{fault:?} {count}"));
        }
        rows.iter().map(|(boundary, cells)| format!("{boundary:32} {}\n", cells.join(", "))).collect()
    }
}

/// The traces of the worlds of these seeds, run in this order on every core.
fn traces(seeds: &[u64]) -> BTreeMap<u64, Vec<String>> {
    let trace = |seed: &u64| (*seed, World { is_traced: true, ..Campaign::world(*seed) }.run().trace);
    each_on_every_core(seeds, trace).into_iter().collect()
}
