//! A campaign: many worlds, one after the other, with what happened in them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::plan::{Coverage, faults_at};
use crate::world::World;

/// Stories in one world: they share its sweeps and its functions.
pub const STORIES_PER_WORLD: usize = 25;
/// How many sites of a thousand have a fault.
pub const PER_MILLE: u64 = 40;
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

    /// Runs worlds from this seed on until there were as many stories, or a few worlds have failed.
    pub fn run(seed: u64, stories: u64, mut say: impl FnMut(&Self, Duration)) -> Self {
        let mut campaign = Self::default();
        let (began, mut said) = (Instant::now(), Instant::now());
        while campaign.stories < stories && campaign.failed.len() < 5 {
            campaign.add(seed + campaign.worlds);
            if said.elapsed() > PROGRESS {
                said = Instant::now();
                say(&campaign, began.elapsed());
            }
        }
        say(&campaign, began.elapsed());
        campaign
    }

    fn add(&mut self, seed: u64) {
        let history = Self::world(seed).run();
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
