//! Times our own code alone, for `make bench`: one Argon2id hash, one verification of an access token, one preview for ten
//! channels.
//!
//! `measure hash <memory in KiB> <passes> <lanes> <times>`, `measure verification <times>` or `measure preview <times>` prints the
//! processor time of each, in nanoseconds, as JSON. Processor time is that of the thread, so that other processes do not count.

use std::error::Error;
use std::hint::black_box;
use std::io::Write;

use cpu_time::ThreadTime;
use posts::measuring::LongPreview;
use serde_json::{Value, json};
use shared::config::PasswordCost;
use shared::kernel::problems::Problem;
use shared::measuring::SignedToken;

const USAGE: &str =
    "measure hash <memory in KiB> <passes> <lanes> <times>, measure verification <times>, or measure preview <times>";
/// Not counted: the first hash allocates the memory, and the first verifications fill the caches.
const WARM_UP_HASHES: usize = 1;
const WARM_UP_VERIFICATIONS: usize = 100;
const WARM_UP_PREVIEWS: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let figures = match words.as_slice() {
        ["hash", memory_kib, passes, lanes, times] => {
            let cost = PasswordCost { memory_kib: memory_kib.parse()?, passes: passes.parse()?, lanes: lanes.parse()? };
            json!({ "hash_ns": times_of(WARM_UP_HASHES, times.parse()?, || accounts::hash_alone(cost))? })
        }
        ["verification", times] => verifications(times.parse()?)?,
        ["preview", times] => {
            let preview = LongPreview::new().map_err(describe)?;
            let show = || {
                black_box(preview.show());
                Ok::<_, String>(())
            };
            json!({ "preview_ns": times_of(WARM_UP_PREVIEWS, times.parse()?, show)? })
        }
        _ => return Err(USAGE.into()),
    };
    writeln!(std::io::stdout(), "{figures}")?;
    Ok(())
}

fn verifications(times: usize) -> Result<Value, Box<dyn Error>> {
    let token = SignedToken::new().map_err(describe)?;
    let verify = times_of(WARM_UP_VERIFICATIONS, times, || token.verify().map_err(describe))?;
    let whole = times_of(WARM_UP_VERIFICATIONS, times, || token.verify_whole().map_err(describe))?;
    Ok(json!({ "verify_ns": verify, "whole_ns": whole }))
}

fn describe(problem: Problem) -> String {
    format!("{problem:?}")
}

/// The processor time of each of `times` calls, after the warm-up.
fn times_of<E>(warm_up: usize, times: usize, mut work: impl FnMut() -> Result<(), E>) -> Result<Vec<u64>, E> {
    for _ in 0..warm_up {
        work()?;
    }
    let mut taken = Vec::with_capacity(times);
    for _ in 0..times {
        let began = ThreadTime::now();
        work()?;
        taken.push(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok(taken)
}
