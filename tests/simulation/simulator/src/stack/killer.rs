//! The killer: ends processes of functions with SIGKILL, or stops them for some seconds, at instants of a seed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use shared::kernel::time::Timestamp;
use tokio::time::sleep;

use crate::plan::Dice;
use crate::stack::Stack;

/// The time between two hits.
const BETWEEN_MS: (u64, u64) = (150, 1200);
/// One hit in this many stops a process instead of killing it.
const FREEZES: u64 = 6;
/// For this long: shorter and longer than the time of a route's function.
const FROZEN_MS: (u64, u64) = (300, 20_000);
/// A process that used the processor in the last milliseconds is at work. Without such a look, most hits would find a
/// process that waits for its next invocation.
const LOOK: Duration = Duration::from_millis(15);

/// A hit of a process.
#[derive(Clone, Debug)]
pub struct Hit {
    pub at: Timestamp,
    pub function: String,
    pub is_freeze: bool,
}

/// A process of a function.
#[derive(Clone)]
struct Process {
    id: u32,
    function: String,
}

/// Hits processes until `is_over`, and lets every stopped one go on.
pub async fn run(stack: Arc<Stack>, is_over: Arc<AtomicBool>) {
    let mut dice = Dice::of(stack.seed, "the killer");
    let mut frozen = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(dice.between(BETWEEN_MS.0, BETWEEN_MS.1))).await;
        let wants_busy = !dice.once_in(4);
        let Some((process, is_busy)) = choose(&stack.programs, &mut dice, wants_busy).await else { continue };
        let is_freeze = dice.once_in(FREEZES);
        let Process { id, function } = process;
        let hit = Hit { at: stack.current_time(), function: function.clone(), is_freeze };
        let busy = if is_busy { " at work" } else { "" };
        if !is_freeze {
            stack.hit(hit, &format!("KILL {function} ({id}){busy}"));
            signal("KILL", id);
            continue;
        }
        let lasts = Duration::from_millis(dice.between(FROZEN_MS.0, FROZEN_MS.1));
        stack.hit(hit, &format!("STOP {function} ({id}){busy} for {lasts:?}"));
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

/// A random function first, so that one with many processes is not hit more often.
async fn choose(programs: &Path, dice: &mut Dice, wants_busy: bool) -> Option<(Process, bool)> {
    let before: Vec<_> = processes(programs).into_iter().map(|process| (cpu_ns(process.id), process)).collect();
    sleep(LOOK).await;
    let is_busy = |(ns, process): &&(u64, Process)| cpu_ns(process.id) > *ns;
    let busy: Vec<_> = before.iter().filter(is_busy).collect();
    let candidates: Vec<_> = if wants_busy && !busy.is_empty() { busy } else { before.iter().collect() };
    let mut functions: Vec<&str> = candidates.iter().map(|(_, process)| process.function.as_str()).collect();
    functions.sort_unstable();
    functions.dedup();
    let function = *functions.get(dice.index(functions.len()))?;
    let of_it: Vec<_> = candidates.iter().filter(|(_, process)| process.function == function).collect();
    let chosen = of_it.get(dice.index(of_it.len()))?;
    Some((chosen.1.clone(), is_busy(&&(chosen.0, chosen.1.clone()))))
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
