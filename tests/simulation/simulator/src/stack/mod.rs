//! The local stack as a deployment: functions as processes behind API Gateway, on an emulated AWS and a real Bluesky server.
//!
//! Clients are HTTP clients, and people sign up by mail. What the product cannot read, the judge reads from the emulator's
//! services and the Bluesky server.

mod deployed;
mod emulator;
mod killer;
mod platform;
pub mod run;
mod snapshots;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use shared::kernel::ids::WorkspaceId;
use shared::kernel::time::{Timestamp, sortable};
use tokio::time::Instant;

use crate::lock;
use emulator::{Accepted, Queue};
use killer::Hit;
use platform::BlueskyServer;

/// A client waits this long for the gateway, which gives up first.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(35);
/// The mailbox is read at most this often: it answers with everything in it.
const MAILBOX_AGE: Duration = Duration::from_secs(1);

pub struct Stack {
    pub seed: u64,
    pub started: Timestamp,
    /// The folder of the functions' programs.
    pub programs: PathBuf,
    base_url: String,
    /// The prefix of the names of tables and queues.
    prefix: String,
    /// One client in this many has long pauses.
    unhurried: u64,
    platform: BlueskyServer,
    queues: Vec<(Queue, u64)>,
    dead_letter_queues: Vec<Queue>,
    /// The clients by their address: each has connections of its own.
    clients: Mutex<HashMap<String, reqwest::Client>>,
    sessions: Mutex<HashMap<WorkspaceId, Session>>,
    mailbox: tokio::sync::Mutex<(Option<Instant>, Vec<Accepted>)>,
    hits: Mutex<Vec<Hit>>,
    faults: Mutex<Vec<String>>,
    answers: Mutex<BTreeMap<u16, u64>>,
    requests: AtomicU64,
    log: Mutex<File>,
    pub log_path: PathBuf,
    earlier: Earlier,
}

/// The session of a workspace's owner.
#[derive(Clone)]
struct Session {
    refresh_token: String,
    access_token: String,
    since: Instant,
}

/// What an earlier run has left, which is not ours to judge.
#[derive(Default)]
struct Earlier {
    /// The keys of outbox rows and due deliveries.
    keys: std::collections::BTreeSet<String>,
    dead_letters: BTreeMap<String, u64>,
}

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: `make kill` does it, with `cloud.py env`"))
}

impl Stack {
    /// The stack of this checkout, at rest.
    pub async fn find(seed: u64, unhurried: u64) -> Self {
        let outputs = PathBuf::from(setting("BULKHEAD_OUTPUTS"));
        let local = outputs.parent().expect("a folder").to_owned();
        let cloud_log = PathBuf::from(setting("BULKHEAD_CLOUD_LOG"));
        let logs = cloud_log.parent().expect("a folder").to_owned();
        let log_path = logs.join("kill.log");
        let prefix = prefix(&outputs);
        let mut stack = Self {
            seed,
            started: Timestamp::now(),
            programs: local.join("package"),
            base_url: setting("BULKHEAD_BASE_URL"),
            unhurried,
            platform: BlueskyServer::new(setting("BULKHEAD_PDS_URL"), &logs),
            queues: emulator::queues(&prefix).await,
            dead_letter_queues: emulator::dead_letter_queues(&prefix).await,
            prefix,
            clients: Mutex::default(),
            sessions: Mutex::default(),
            mailbox: tokio::sync::Mutex::default(),
            hits: Mutex::default(),
            faults: Mutex::default(),
            answers: Mutex::default(),
            requests: AtomicU64::new(0),
            log: Mutex::new(File::create(&log_path).expect("a log")),
            log_path,
            earlier: Earlier::default(),
        };
        stack.earlier = stack.left_over().await;
        stack
    }

    /// Writes a line to the log.
    pub fn note(&self, line: &str) {
        let _written = writeln!(lock(&self.log), "{} {line}", sortable(Timestamp::now()));
    }

    fn counted(&self, status: u16) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        *lock(&self.answers).entry(status).or_default() += 1;
    }

    /// The client at an address. Every address from 127.0.0.1 to 127.255.255.254 is ours, and the gateway passes it on.
    fn client_at(&self, address: &str) -> reqwest::Client {
        let own = address.split_once('.').map_or("0.0.1", |(_, rest)| rest);
        let ip = format!("127.{own}").parse().unwrap_or(std::net::IpAddr::from([127, 0, 0, 1]));
        let build = || reqwest::Client::builder().local_address(ip).timeout(CLIENT_TIMEOUT).no_proxy().build().unwrap();
        lock(&self.clients).entry(address.to_owned()).or_insert_with(build).clone()
    }

    /// Every mail that was accepted.
    async fn mails(&self) -> Vec<Accepted> {
        let mut mailbox = self.mailbox.lock().await;
        let is_old = mailbox.0.is_none_or(|read_at| read_at.elapsed() > MAILBOX_AGE);
        if is_old {
            mailbox.1 = emulator::mails().await;
            mailbox.0 = Some(Instant::now());
        }
        mailbox.1.clone()
    }

    fn table(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }
}

/// The prefix of the names of the deployment's resources, by the name of its bucket.
fn prefix(outputs: &Path) -> String {
    let text = std::fs::read_to_string(outputs).expect("the stack's outputs: `make local` deploys it");
    let outputs: serde_json::Value = serde_json::from_str(&text).expect("a document");
    let bucket = outputs["outputs"]["MediaBucket"].as_str().unwrap_or_default();
    bucket.split_once("-media-").expect("the name of the bucket").0.to_owned()
}
