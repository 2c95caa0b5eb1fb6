//! What goes wrong, and where. The seed alone decides: the draw of a site depends on neither time nor other sites, so a
//! fault can be left out and the rest stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use shared::aws::busy::{self, Busy};
use shared::kernel::entropy::Entropy;

use crate::lock;

/// What goes wrong at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// There is no connection, at this call and perhaps for the rest of the invocation.
    Unreachable,
    /// The call has its effect, and its response is lost.
    Lost,
    /// The call takes so long that its caller may give up, and then has its effect.
    Slow,
    /// A second copy of the call arrives later.
    Twice,
    /// The service is busy.
    Busy(Busy),
    /// The index answers as it did at the previous call.
    Stale,
    /// The server fails before it does anything.
    ServerError,
    /// The server no longer accepts the token.
    ExpiredToken,
    /// The server fails after the effect, before it keeps the key by which it would recognise a repeat.
    ForgetsKey,
    /// The process dies before the call is sent, or after its response arrived.
    DiesBefore,
    DiesAfter,
    /// The process stops for up to fifteen minutes, longer than any lease, and then goes on.
    Freezes,
    /// A new process is started although a warm one is idle.
    StartsCold,
    /// The clock of the machine is set, up to two seconds off.
    ClockJumps,
    /// A request arrives twice at the same time, and both responses are lost.
    Doubled,
    /// An event arrives never, late, twice at the same time, again afterwards, or after the one that follows it.
    Dropped,
    Late,
    Duplicated,
    Repeated,
    Reordered,
}

/// The faults of every call, of AWS or another server.
const OF_EVERY_CALL: &[Fault] =
    &[Fault::Unreachable, Fault::Lost, Fault::Slow, Fault::DiesBefore, Fault::DiesAfter, Fault::Freezes];

/// The boundary of a query of an index, which may be stale: other reads are strongly consistent.
pub const INDEX: &str = "DynamoDB.Query of an index";

/// The boundary of Mastodon's visible effect.
pub const STATUSES: &str = "HTTP.POST /api/v1/statuses";

/// In one world of this many, no process freezes, and servers forget keys.
///
/// A process that freezes before a send goes on with it afterwards, and does not look for the post again: there, only the key
/// prevents a second one. Both at once are outside the guarantee of Mastodon (decision 48), so no world has both.
const FORGETFUL: u64 = 3;

/// The faults that can happen at a boundary.
pub fn faults_at(boundary: &str) -> Vec<Fault> {
    use Fault::*;
    match boundary {
        "the client" => return vec![Unreachable, Lost, Doubled],
        "an environment" => return vec![StartsCold, ClockJumps],
        "the outbox's stream" => return vec![Dropped, Late, Duplicated, Repeated, Reordered],
        "a queue" => return vec![Late, Duplicated, Repeated],
        "a schedule" => return vec![Dropped, Late, Duplicated],
        _ => {}
    }
    let (first, last): (&[Fault], &[Fault]) = match boundary {
        "DynamoDB.TransactWriteItems"
        | "DynamoDB.PutItem"
        | "DynamoDB.UpdateItem"
        | "DynamoDB.DeleteItem"
        | "SQS.SendMessage" => (&[Twice], &[]),
        INDEX => (&[], &[Stale]),
        "HTTP.repo.putRecord" | "HTTP.repo.uploadBlob" => (&[], &[ServerError, ExpiredToken]),
        // A token of Mastodon does not expire.
        STATUSES => (&[Twice], &[ServerError, ForgetsKey]),
        call if call.starts_with("HTTP.") => (&[], &[ServerError]),
        _ => (&[], &[]),
    };
    let busy = busy::Busy::ALL.into_iter().filter(|busy| busy.is_of(boundary)).map(Busy);
    OF_EVERY_CALL.iter().chain(first).copied().chain(busy).chain(last.iter().copied()).collect()
}

/// A fault that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injected {
    pub site: String,
    pub boundary: String,
    pub fault: Fault,
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} ({})", self.fault, self.boundary, self.site)
    }
}

/// How often each fault happened at each boundary.
pub type Coverage = BTreeMap<(String, Fault), u64>;

/// How much likelier a fault is at a boundary that stories cross rarely, so that a campaign has each of its faults.
fn weight(boundary: &str) -> u64 {
    match boundary {
        "KMS.Encrypt" | "HTTP.repo.getRecord" | "HTTP.GET /api/v1/accounts/:id/statuses" => 12,
        "HTTP.GET /api/v1/statuses/:id/source" => 20,
        "HTTP.POST /oauth/revoke" => 3,
        STATUSES => 6,
        _ => 1,
    }
}

pub struct Plan {
    seed: u64,
    /// How many sites of a thousand have a fault.
    per_mille: AtomicU64,
    /// The sites that may have a fault; all if none.
    only: Option<BTreeSet<String>>,
    /// What these sites begin with has no fault.
    spared: Mutex<Vec<String>>,
    injected: Mutex<Vec<Injected>>,
    seen: Mutex<BTreeSet<String>>,
}

impl Plan {
    pub fn new(seed: u64, per_mille: u64, only: Option<BTreeSet<String>>) -> Self {
        let (spared, injected, seen) = Default::default();
        Self { seed, per_mille: per_mille.into(), only, spared, injected, seen }
    }

    /// Leaves a site, and the calls from it, without faults.
    pub fn spare(&self, site: &str) {
        lock(&self.spared).push(format!("{site} "));
    }

    /// Ends all faults.
    pub fn calm(&self) {
        self.per_mille.store(0, Ordering::Relaxed);
    }

    /// The randomness of a site.
    pub fn dice(&self, site: &str) -> Dice {
        Dice::of(self.seed, site)
    }

    /// The fault at a site, if it has one, and the rest of its randomness.
    pub fn at(&self, site: &str, boundary: &str) -> (Option<Fault>, Dice) {
        let mut dice = self.dice(site);
        lock(&self.seen).insert(boundary.to_owned());
        let is_faulty = dice.below(1000) < self.per_mille.load(Ordering::Relaxed) * weight(boundary);
        if is_faulty && lock(&self.spared).iter().any(|spared| site.starts_with(spared)) {
            return (None, dice);
        }
        if !is_faulty || self.only.as_ref().is_some_and(|only| !only.contains(site)) {
            return (None, dice);
        }
        let mut faults = faults_at(boundary);
        let left_out = if self.seed.is_multiple_of(FORGETFUL) { Fault::Freezes } else { Fault::ForgetsKey };
        faults.retain(|fault| *fault != left_out);
        let fault = faults[dice.index(faults.len())];
        let injected = Injected { site: site.to_owned(), boundary: boundary.to_owned(), fault };
        lock(&self.injected).push(injected);
        (Some(fault), dice)
    }

    /// The faults so far.
    pub fn injected(&self) -> Vec<Injected> {
        lock(&self.injected).clone()
    }

    /// The boundaries that were crossed so far.
    pub fn boundaries(&self) -> BTreeSet<String> {
        lock(&self.seen).clone()
    }
}

/// A reproducible sequence of random numbers.
pub struct Dice(Entropy);

impl Dice {
    /// The sequence of a seed and a name (FNV-1a).
    pub fn of(seed: u64, name: &str) -> Self {
        let hashed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ seed.rotate_left(17), |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(Entropy::seeded(hashed ^ seed))
    }

    pub fn roll(&mut self) -> u64 {
        u64::from_le_bytes(self.0.bytes())
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }

    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }

    /// A number from `least` to `most`.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// True once in `of` times on average.
    pub fn once_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}
