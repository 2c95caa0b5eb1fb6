//! A world: stories that run at the same time, among faults, then judged at rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use shared::config::Sending;
use tokio::time::sleep;

use crate::client::Client;
use crate::deployment::Deployment;
use crate::judge;
use crate::lock;
use crate::mutants::{Guards, Mutant};
use crate::plan::{Coverage, Injected};
use crate::region::Region;
use crate::sources;
use crate::stories::{self, PUBLISHING};

/// What a world is made of. The same world has the same history.
#[derive(Clone, Default)]
pub struct World {
    pub seed: u64,
    pub stories: usize,
    /// How many sites of a thousand have a fault.
    pub per_mille: u64,
    /// The sites that may have a fault; all if none.
    pub only: Option<BTreeSet<String>>,
    /// The numbers of the stories to run; all if none.
    pub chosen: Option<BTreeSet<usize>>,
    pub is_traced: bool,
    pub mutant: Option<Mutant>,
    pub records_guards: bool,
}

/// What happened in a world.
pub struct History {
    /// What must not have happened.
    pub faults: Vec<String>,
    pub injected: Vec<Injected>,
    pub boundaries: BTreeSet<String>,
    pub stories_by_kind: BTreeMap<&'static str, u64>,
    pub calls: u64,
    pub trace: Vec<String>,
    pub guards: Guards,
}

impl History {
    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::new();
        for injected in &self.injected {
            *coverage.entry((injected.boundary.clone(), injected.fault)).or_default() += 1;
        }
        coverage
    }
}

/// The world is given this long to come to rest.
const REST_CHECKS: usize = 96;
const REST_CHECK: Duration = Duration::from_secs(147);

/// One world in this many is restored from a backup.
const RESTORED: u64 = 12;

impl World {
    /// Whether the world is restored from a backup. Messages from before stay in the outbox for an operator, so in such a
    /// world people are not sure of their mail: it has only posts.
    fn has_restore(&self) -> bool {
        self.seed % RESTORED == 1
    }

    /// Runs the stories.
    ///
    /// # Panics
    ///
    /// If the runtime cannot be started.
    pub fn run(&self) -> History {
        shared::kernel::worker::ON_THE_REQUEST_THREAD.store(true, Ordering::Relaxed);
        // The SDK draws the jitter of its retries from this.
        fastrand::seed(self.seed);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(self.simulate())
    }

    async fn simulate(&self) -> History {
        let region = Region::new(self);
        sources::start(&region);
        let mut running = Vec::new();
        let is_chosen = |number: &usize| self.chosen.as_ref().is_none_or(|chosen| chosen.contains(number));
        for number in (0..self.stories).filter(is_chosen) {
            let name = format!("story {number}");
            let mut dice = region.plan.dice(&name);
            let kind = if self.has_restore() { &PUBLISHING } else { stories::any(&mut dice) };
            let client = Client::new(region.clone(), format!("{} {number}", kind.name));
            let delay = Duration::from_millis(dice.below(120_000));
            let running_story = region.go(client.name.clone(), async move {
                sleep(delay).await;
                let mut story = (kind.begin)();
                story.run(&client).await;
                (kind.name, client.name, story)
            });
            running.push(running_story);
        }
        region.go("deployments".to_owned(), deployments(region.clone(), self.has_restore()));
        let mut stories_by_kind = BTreeMap::new();
        let mut stories = Vec::new();
        for running_story in running {
            if let Ok(Some((kind, name, story))) = running_story.await {
                *stories_by_kind.entry(kind).or_default() += 1;
                stories.push((name, story));
            }
        }
        region.plan.calm();
        region.say(|| "no more faults".to_owned());
        come_to_rest(&region).await;
        let deployment: Arc<dyn Deployment> = region.clone();
        let tables = deployment.snapshot().await.tables;
        for (name, story) in &stories {
            for fault in story.judge(&deployment, &tables).await {
                region.record_fault(format!("{name}: {fault}"));
            }
        }
        // The judges of the stories sent requests.
        come_to_rest(&region).await;
        for fault in judge::judge(&region.snapshot().await) {
            region.record_fault(fault);
        }
        History {
            faults: region.faults(),
            injected: region.plan.injected(),
            boundaries: region.plan.boundaries(),
            stories_by_kind,
            calls: region.calls.load(Ordering::Relaxed),
            trace: region.trace.lines(),
            guards: region.guards.as_ref().map(|guards| lock(guards).clone()).unwrap_or_default(),
        }
    }
}

async fn come_to_rest(region: &Region) {
    for _ in 0..REST_CHECKS {
        sleep(REST_CHECK).await;
        if judge::is_at_rest(&region.snapshot().await) {
            return;
        }
    }
}

/// Deploys new releases while the stories run, and in some worlds stops sending and resumes it, as after a restore.
async fn deployments(region: Arc<Region>, has_restore: bool) {
    let mut dice = region.plan.dice("deployments");
    if !has_restore {
        for _ in 0..2 {
            sleep(Duration::from_secs(dice.between(30, 400))).await;
            region.deploy(|_| {});
        }
        return;
    }
    sleep(Duration::from_secs(dice.between(100, 500))).await;
    let restored_to = region.now();
    region.deploy(|config| config.sending = Sending::Off);
    sleep(Duration::from_secs(dice.between(60, 600))).await;
    let resumed_at = region.now();
    *lock(&region.fenced_until) = resumed_at;
    region.deploy(|config| config.sending = Sending::Resumed { restored_to, resumed_at });
}
