//! What the judge reads of the local stack, past the product.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::kernel::time::{SignedDuration, Timestamp, after};

use super::emulator::{self, Accepted};
use super::{Earlier, Stack};
use crate::deployment::Snapshot;
use crate::judge::Tables;
use crate::lock;

/// A mail is accepted at most this long before its run ends.
const RUN_ENDS_WITHIN: SignedDuration = SignedDuration::from_secs(2);
/// A hit is noted at most this long before its signal arrives.
const NOTED_WITHIN: SignedDuration = SignedDuration::from_millis(300);
/// A stopped process sends at most this long after it was stopped.
const FROZEN_FOR: SignedDuration = SignedDuration::from_secs(21);

/// The key of an item.
fn key(item: &Value) -> String {
    format!("{} {}", item["pk"]["S"], item["sk"]["S"])
}

impl Stack {
    /// What earlier runs have left: nothing of ours is stored yet.
    pub(super) async fn left_over(&self) -> Earlier {
        let snapshot = self.everything().await;
        let is_due = |item: &&Value| item["due_pk"]["S"].is_string();
        let items = snapshot.unsent.iter().chain(snapshot.tables.tenants.iter().filter(is_due));
        let mut earlier = Earlier { keys: items.map(key).collect(), ..Earlier::default() };
        for queue in &self.dead_letter_queues {
            earlier.dead_letters.insert(queue.name.clone(), queue.count().await);
        }
        earlier
    }

    pub(super) fn is_left_over(&self, item: &Value) -> bool {
        self.earlier.keys.contains(&key(item))
    }

    pub(super) async fn everything(&self) -> Snapshot {
        let tenants = emulator::items(&self.table("tenants")).await;
        let tables = Tables { tenants, audit: emulator::items(&self.table("audit")).await };
        let (mailed, excused) = self.mailed().await;
        Snapshot {
            tables,
            unsent: emulator::items(&self.table("outbox")).await,
            on_the_way: self.on_the_way().await,
            dead_letters: self.dead_letters().await,
            mailed,
            excused,
        }
    }

    async fn on_the_way(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (queue, _) in &self.queues {
            let count = queue.count().await;
            if count > 0 {
                found.push(format!("{count} messages on the queue {}", queue.name));
            }
        }
        found
    }

    async fn dead_letters(&self) -> Vec<String> {
        let mut found = Vec::new();
        for queue in &self.dead_letter_queues {
            let (count, earlier) = (queue.count().await, self.earlier.dead_letters.get(&queue.name));
            if count > earlier.copied().unwrap_or_default() {
                found.push(format!("{count} in {}, some are {:?}", queue.name, queue.some().await));
            }
        }
        found
    }

    /// How often each message of this run was mailed, and the mails that a hit of `send-email` excuses.
    ///
    /// The log of a run names its message and the mail's id, just before the end is recorded. A mail without such a log was
    /// sent by a run that did not end, and may be sent again. Each of them must have a hit at its time, and so must each
    /// mail of a message but the last.
    async fn mailed(&self) -> (BTreeMap<String, usize>, BTreeSet<String>) {
        let log = emulator::log(&format!("{}-send-email", self.prefix), self.started).await;
        let messages = messages_of_mails(&log);
        let mut sent: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
        for Accepted { id, at, mail } in self.mails().await.into_iter().filter(|mail| mail.at >= self.started) {
            let unknown = || format!("{} to {} at {at}, of a run without an end,", mail.subject, mail.to);
            let known = messages.get(&id).map(|message| format!("the message {message}"));
            // Of one without a known message there may be another one.
            let repeated = known.is_none().then_some(at);
            sent.entry(known.unwrap_or_else(unknown)).or_default().extend([at].into_iter().chain(repeated));
        }
        let hits = lock(&self.hits).clone();
        let is_hit = |at: &Timestamp| {
            let mut mailing = hits.iter().filter(|hit| hit.function == "send-email");
            mailing.any(|hit| {
                let longest = if hit.is_freeze { FROZEN_FOR } else { SignedDuration::ZERO };
                (after(hit.at, -RUN_ENDS_WITHIN)..=after(hit.at, longest + NOTED_WITHIN)).contains(at)
            })
        };
        let is_excused = |times: &[Timestamp]| times.iter().rev().skip(1).all(is_hit);
        let excused = sent.iter().filter(|(_, times)| is_excused(times)).map(|(mail, _)| mail.clone()).collect();
        (sent.into_iter().map(|(mail, times)| (mail, times.len())).collect(), excused)
    }
}

/// The message of each mail, by the log of the runs that ended.
fn messages_of_mails(log: &[String]) -> BTreeMap<String, String> {
    let between =
        |line: &str, before: &str| -> Option<String> { Some(line.split_once(before)?.1.split_once('"')?.0.to_owned()) };
    let request = |line: &str| between(line, "requestId=\"");
    let lines = || log.iter().flat_map(|message| message.lines());
    let ended = lines().filter_map(|line| Some((request(line)?, between(line, ": run job=\"send-email\" key=\"")?)));
    let ended: BTreeMap<String, String> = ended.collect();
    let sent = lines().filter_map(|line| Some((between(line, "ses.message_id=\"")?, request(line)?)));
    sent.filter_map(|(mail, request)| Some((mail, ended.get(&request)?.clone()))).collect()
}
