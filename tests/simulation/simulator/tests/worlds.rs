//! Properties of the simulator itself.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use simulator::campaign::Campaign;
use simulator::plan::Plan;
use simulator::verdicts::{committed, guards_met};
use simulator::world::World;

#[test]
fn the_same_seed_has_the_same_history() {
    let world = World { stories: 12, is_traced: true, ..Campaign::world(7) };
    let (one, other) = (world.run(), world.run());
    assert!(one.trace.len() > 500, "only {} lines", one.trace.len());
    let difference = one.trace.iter().zip(&other.trace).find(|(line, again)| line != again);
    assert_eq!(difference, None);
    assert_eq!(one.trace.len(), other.trace.len());
    assert_eq!(one.faults, other.faults);
}

#[test]
fn another_seed_has_another_history() {
    let world = |seed| World { stories: 3, is_traced: true, ..Campaign::world(seed) }.run();
    assert_ne!(world(1).trace, world(2).trace);
}

#[test]
fn a_fault_can_be_left_out_and_the_others_stay() {
    let sites: Vec<String> = (0..2000).map(|number| format!("site {number}")).collect();
    let faults = |plan: &Plan| -> BTreeSet<String> {
        let faulty = |site: &&String| plan.at(site, "DynamoDB.PutItem").0.is_some();
        sites.iter().filter(faulty).cloned().collect()
    };
    let all = faults(&Plan::new(1, 40, None));
    assert!((40..160).contains(&all.len()), "{} faults", all.len());
    let kept: BTreeSet<String> = all.iter().skip(1).cloned().collect();
    assert_eq!(faults(&Plan::new(1, 40, Some(kept.clone()))), kept);
}

/// A small campaign from a random seed; `make test` runs a larger one.
#[test]
fn stories_in_worlds_of_faults_end_as_promised() {
    let seed = u64::from(std::process::id()) * 1_000_000_007 % (1 << 40);
    let campaign = Campaign::run(seed, 300, |_, _| {});
    assert!(campaign.injected > 500, "only {} faults", campaign.injected);
    assert!(campaign.failed.is_empty(), "make simulate SEED=…: {:#?}", campaign.failed);
}

/// `make mutants` finds out whether a world fails without it.
#[test]
fn every_guard_that_stories_meet_has_a_verdict() {
    let verdicts = committed();
    let unknown: Vec<_> = guards_met(3).into_iter().filter(|guard| !verdicts.contains_key(guard)).collect();
    assert!(unknown.is_empty(), "run `make mutants` and commit mutants.txt: {unknown:#?}");
}
