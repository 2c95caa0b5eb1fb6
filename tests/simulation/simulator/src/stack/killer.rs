//! The killer: ends processes of functions with SIGKILL, or stops them for some seconds, at instants of a seed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use shared::kernel::time::Timestamp;
use tokio::time::sleep;

use crate::lock;
use crate::plan::Dice;
use crate::sources::jobs;
use crate::stack::Stack;

/// The time between two hits.
const BETWEEN_MS: (u64, u64) = (50, 900);
/// One hit in this many stops a process instead of killing it.
const FREEZES: u64 = 6;
/// For this long: shorter and longer than the time of a route's function.
const FROZEN_MS: (u64, u64) = (300, 20_000);
/// A process that uses the processor is at work. The killer looks for one this often and this long, and hits it a while
/// later, at another point of its invocation.
const LOOK: Duration = Duration::from_millis(6);
const MOST_LOOKS: u32 = 100;
const LATER_MS: (u64, u64) = (0, 300);

/// A hit of a process.
#[derive(Clone, Debug)]
pub struct Hit {
    pub at: Timestamp,
    pub function: String,
    pub is_freeze: bool,
    pub was_at_work: bool,
}

/// What a killer looks for.
#[derive(Clone, Copy)]
enum Prey {
    /// Any process, which mostly waits for its next invocation.
    Any,
    /// A process at work of such a function.
    AtWork(fn(&str) -> bool),
}

impl Prey {
    fn has(self, function: &str) -> bool {
        match self {
            Self::Any => true,
            Self::AtWork(is_one) => is_one(function),
        }
    }
}

fn is_publication(function: &str) -> bool {
    function == "publish-bluesky"
}

fn is_job(function: &str) -> bool {
    jobs().any(|(_, job)| job.name == function)
}

/// A process of a function.
#[derive(Clone)]
struct Process {
    id: u32,
    function: String,
}

/// Hits processes until `is_over`, and lets every stopped one go on.
pub async fn run(stack: Arc<Stack>, is_over: Arc<AtomicBool>) {
    let of_requests = hunt(&stack, &is_over, "the killer", vec![Prey::Any, Prey::AtWork(|_| true)]);
    // There are fewer jobs than requests, and far fewer moments between a publication and the record of its outcome.
    let of_jobs = hunt(&stack, &is_over, "the killer of jobs", vec![Prey::AtWork(is_job)]);
    let of_publications = hunt(&stack, &is_over, "the killer of publications", vec![Prey::AtWork(is_publication)]);
    tokio::join!(of_requests, of_jobs, of_publications);
}

async fn hunt(stack: &Stack, is_over: &AtomicBool, name: &str, preys: Vec<Prey>) {
    let mut dice = Dice::of(stack.seed, name);
    let mut frozen = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(dice.between(BETWEEN_MS.0, BETWEEN_MS.1))).await;
        let prey = preys[dice.index(preys.len())];
        let later = Duration::from_millis(dice.between(LATER_MS.0, LATER_MS.1));
        let is_freeze = dice.once_in(FREEZES);
        let lasts = Duration::from_millis(dice.between(FROZEN_MS.0, FROZEN_MS.1));
        let Some(Process { id, function }) = find(&stack.programs, &mut dice, prey).await else { continue };
        sleep(later).await;
        let was_at_work = matches!(prey, Prey::AtWork(_));
        let busy = if was_at_work { " at work" } else { "" };
        let how = if is_freeze { format!("STOP for {lasts:?}") } else { "KILL".to_owned() };
        stack.note(&format!("{how}: {function} ({id}){busy}"));
        lock(&stack.hits).push(Hit { at: Timestamp::now(), function, is_freeze, was_at_work });
        if !is_freeze {
            signal("KILL", id);
            continue;
        }
        signal("STOP", id);
        frozen.push(tokio::spawn(async move {
            sleep(lasts).await;
            signal("CONT", id);
        }));
    }
    for thaw in frozen {
        let _thawed = thaw.await;
    }
}

async fn find(programs: &Path, dice: &mut Dice, prey: Prey) -> Option<Process> {
    let mut candidates = processes(programs);
    candidates.retain(|process| prey.has(&process.function));
    if matches!(prey, Prey::Any) {
        return one(&candidates, dice);
    }
    let before: Vec<u64> = candidates.iter().map(|process| cpu_ns(process.id)).collect();
    for _ in 0..MOST_LOOKS {
        sleep(LOOK).await;
        let each = candidates.iter().zip(&before);
        let busy: Vec<_> = each.filter(|(process, ns)| cpu_ns(process.id) > **ns).map(|(one, _)| one.clone()).collect();
        if let Some(found) = one(&busy, dice) {
            return Some(found);
        }
    }
    None
}

/// A process of a random function, so that one with many processes is not hit more often.
fn one(candidates: &[Process], dice: &mut Dice) -> Option<Process> {
    let functions: BTreeSet<&str> = candidates.iter().map(|process| process.function.as_str()).collect();
    let function = functions.iter().nth(dice.index(functions.len()))?;
    let of_it: Vec<_> = candidates.iter().filter(|process| process.function == *function).collect();
    of_it.get(dice.index(of_it.len())).copied().cloned()
}

/// The processes whose program is in this checkout's folder of packages: nothing else is ever hit.
fn processes(programs: &Path) -> Vec<Process> {
    let listed = Command::new("ps").args(["-axww", "-o", "pid=,command="]).output().expect("`ps`");
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let process = |line: &str| {
        let mut words = line.split_whitespace();
        let (id, program, function) = (words.next()?.parse().ok()?, PathBuf::from(words.next()?), words.next()?);
        program.starts_with(programs).then(|| Process { id, function: function.to_owned() })
    };
    text.lines().filter_map(process).collect()
}

/// The processor time of a process so far, by the scheduler of Linux; elsewhere unknown, and no process is at work.
fn cpu_ns(id: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let used = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    used.sum()
}

fn signal(name: &str, id: u32) {
    // A process that has ended since needs no signal.
    let _sent = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).output();
}
