//! A run: stories of many clients at the same time while functions are killed, then rest, then the judge.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::Stack;
use super::killer::{self, Hit};
use crate::client::Client;
use crate::deployment::Deployment;
use crate::judge::{is_at_rest, judge, unfinished};
use crate::lock;
use crate::stories::{self, Story};

/// As many stories run at the same time.
const AT_ONCE: u64 = 14;
const PROGRESS: Duration = Duration::from_secs(10);
/// How long stories may go on without kills, and everything may take to come to rest: a message of `publish-bluesky` that was
/// received by a killed process comes back after 12 minutes.
const MOST_REST: Duration = Duration::from_secs(25 * 60);
const REST_CHECK: Duration = Duration::from_secs(5);
/// A queue hides a received message for this many times its job's time, as deployed; in a short run for a little longer than
/// the lease of a run.
const DEPLOYED: u64 = 6;
const LEASE_S: u64 = 12;
/// Runs at least this long wait as long as deployed, and some of their clients have long pauses.
const LONG: Duration = Duration::from_secs(300);

/// What a run was, and what must not have happened in it.
pub struct Report {
    pub stories: BTreeMap<&'static str, u64>,
    pub requests: u64,
    pub answers: BTreeMap<u16, u64>,
    pub kills: u64,
    pub freezes: u64,
    /// Hits of a process at work.
    pub at_work: u64,
    /// Hits by function.
    pub hits: BTreeMap<String, u64>,
    pub faults: Vec<String>,
    pub log: String,
}

type Told = (&'static str, String, Box<dyn Story>);

/// Runs stories for this long, then waits and judges.
pub async fn run(seed: u64, load: Duration, say: &dyn Fn(&str)) -> Report {
    let is_long = load >= LONG;
    let stack = Arc::new(Stack::find(seed, if is_long { 8 } else { 0 }).await);
    wait_for_rest(&stack, "before the run", say).await;
    for (queue, job_s) in &stack.queues {
        queue.hide_for(if is_long { job_s * DEPLOYED } else { job_s + LEASE_S }).await;
    }
    let told = tell(&stack, load, say).await;
    say("no more kills; waiting for rest");
    wait_for_rest(&stack, "after the kills", say).await;
    let deployment: Arc<dyn Deployment> = stack.clone();
    let tables = deployment.snapshot().await.tables;
    for (_, name, story) in &told {
        for fault in story.judge(&deployment, &tables).await {
            deployment.fault(format!("{name}: {fault}"));
        }
    }
    wait_for_rest(&stack, "after the judge's questions", say).await;
    for fault in judge(&stack.snapshot().await) {
        stack.fault(fault);
    }
    for (queue, job_s) in &stack.queues {
        queue.hide_for(job_s * DEPLOYED).await;
    }
    report(&stack, &told)
}

fn report(stack: &Stack, told: &[Told]) -> Report {
    let mut stories: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (kind, _, _) in told {
        *stories.entry(kind).or_default() += 1;
    }
    let hits = lock(&stack.hits).clone();
    let mut by_function: BTreeMap<String, u64> = BTreeMap::new();
    for hit in &hits {
        *by_function.entry(hit.function.clone()).or_default() += 1;
    }
    let freezes = hits.iter().filter(|hit: &&Hit| hit.is_freeze).count() as u64;
    Report {
        stories,
        requests: stack.requests.load(Ordering::Relaxed),
        answers: lock(&stack.answers).clone(),
        kills: hits.len() as u64 - freezes,
        freezes,
        at_work: hits.iter().filter(|hit| hit.was_at_work).count() as u64,
        hits: by_function,
        faults: lock(&stack.faults).clone(),
        log: stack.log_path.display().to_string(),
    }
}

/// Runs stories among kills, and lets those that have begun end without.
async fn tell(stack: &Arc<Stack>, load: Duration, say: &dyn Fn(&str)) -> Vec<Told> {
    let began = Instant::now();
    let (is_over, next, told) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
    let killing = tokio::spawn(killer::run(stack.clone(), is_over.clone()));
    for _ in 0..AT_ONCE {
        let (stack, is_over, next, told) = (stack.clone(), is_over.clone(), next.clone(), told.clone());
        tokio::spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let ended = story(&stack, number).await;
                lock(&told).push(ended);
            }
        });
    }
    let mut shown = Instant::now();
    loop {
        sleep(Duration::from_millis(250)).await;
        is_over.store(began.elapsed() >= load, Ordering::Relaxed);
        let (begun, ended) = (next.load(Ordering::Relaxed), lock(&told).len() as u64);
        if is_over.load(Ordering::Relaxed) && ended == begun {
            break;
        }
        if shown.elapsed() >= PROGRESS {
            shown = Instant::now();
            let (requests, hits) = (stack.requests.load(Ordering::Relaxed), lock(&stack.hits).len());
            let (taken_s, faults) = (began.elapsed().as_secs(), lock(&stack.faults).len());
            say(&format!(
                "{taken_s} s: {ended} of {begun} stories ended, {requests} requests, {hits} hits, {faults} faults"
            ));
        }
        if began.elapsed() > load + MOST_REST {
            stack.fault(format!("{} stories do not end", begun - ended));
            break;
        }
    }
    let _killed = killing.await;
    std::mem::take(&mut *lock(&told)).into_iter().flatten().collect()
}

async fn story(stack: &Arc<Stack>, number: u64) -> Option<Told> {
    let kind = stories::any_real(&mut stack.dice(&format!("story {number}")));
    let name = format!("{} {number}", kind.name);
    let deployment: Arc<dyn Deployment> = stack.clone();
    let client = Client::new(deployment, name.clone());
    let running = tokio::spawn(async move {
        let mut story = (kind.begin)();
        story.run(&client).await;
        story
    });
    match running.await {
        Ok(story) => Some((kind.name, name, story)),
        Err(error) => {
            stack.fault(format!("{name} panicked: {error}"));
            None
        }
    }
}

/// Waits until nothing is on its way, twice in a row: an invocation in progress is not seen.
async fn wait_for_rest(stack: &Stack, when: &str, say: &dyn Fn(&str)) {
    let (began, mut shown, mut quiet) = (Instant::now(), Instant::now(), 0);
    while quiet < 2 {
        let snapshot = stack.snapshot().await;
        quiet = if is_at_rest(&snapshot) { quiet + 1 } else { 0 };
        if shown.elapsed() >= PROGRESS {
            shown = Instant::now();
            let left: Vec<String> = unfinished(&snapshot).iter().map(|what| what.chars().take(90).collect()).collect();
            say(&format!("{when}, {} s: {} left: {}", began.elapsed().as_secs(), left.len(), left.join("; ")));
        }
        if began.elapsed() > MOST_REST {
            // The judge reports what is left.
            return;
        }
        sleep(REST_CHECK).await;
    }
}
