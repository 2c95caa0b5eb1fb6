//! The keys of senders, which verify signed calls, sealed under the system key.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::proofs::row;
use crate::audit::Origin;
use crate::aws::Aws;
use crate::aws::grants::Table;
use crate::crypto::digest::{base64, equal, from_base64};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::{SecretBytes, SecretText};
use crate::kernel::time::after;
use crate::system_events::{self, EventKind, Occurrence, Severity};
use crate::table::commit::{Expected, Plan, commit};
use crate::table::item::body;
use crate::table::read::Reader;
use crate::tenancy::app::App;

/// The keys that verify a sender's calls were replaced.
pub static SENDER_KEYS_REPLACED: EventKind = EventKind::security("sender_keys_replaced", Severity::Info);

/// How long a process caches keys, and so the delay until a replacement takes effect.
const FRESH_FOR: SignedDuration = SignedDuration::from_secs(60);
const ROW: &str = "KEYS";

/// The keys of one sender, each sealed for that sender, newest first.
#[derive(Serialize, Deserialize)]
struct SealedKeys {
    sealed: Vec<String>,
}

fn partition(sender: &str) -> String {
    format!("SENDER#{sender}")
}

fn purpose(sender: &str) -> String {
    format!("sender-key:{sender}")
}

/// The stored keys of a sender; empty if there are none.
async fn read(aws: &Aws, sender: &str) -> Result<Vec<SecretText>, Problem> {
    let item = Reader { aws, session: None }.get(Table::System, &partition(sender), ROW).await?;
    let stored: Option<SealedKeys> = item.as_ref().map(body).transpose()?;
    let sealed = stored.map(|stored| stored.sealed).unwrap_or_default();
    let mut keys = Vec::with_capacity(sealed.len());
    for sealed in &sealed {
        let sealed = from_base64(sealed).ok_or_else(|| Problem::internal("a sealed key of a sender"))?;
        let plain = aws.decrypt_for_system(&purpose(sender), &sealed).await?;
        let text = std::str::from_utf8(plain.expose()).map_err(Problem::internal)?;
        keys.push(SecretText::new(text.to_owned()));
    }
    Ok(keys)
}

/// The cached keys of this process.
#[derive(Default)]
pub(crate) struct SenderKeys {
    kept: Mutex<BTreeMap<&'static str, (Timestamp, Vec<SecretText>)>>,
}

impl SenderKeys {
    /// A sender without a key is an internal error: the sender repeats its call, and an alarm reaches an operator.
    pub(crate) async fn of(&self, aws: &Aws, sender: &'static str) -> Result<Vec<SecretText>, Problem> {
        let now = aws.clock.now();
        let mut kept = self.kept.lock().await;
        if let Some((_, keys)) = kept.get(sender).filter(|(read_at, _)| now < after(*read_at, FRESH_FOR)) {
            return Ok(keys.clone());
        }
        let keys = read(aws, sender).await?;
        if keys.is_empty() {
            return Err(Problem::internal(format!("no key of the sender {sender} is stored")));
        }
        kept.insert(sender, (now, keys.clone()));
        Ok(keys)
    }
}

/// The proof that a job may replace the keys of senders.
pub struct SenderKeyring {
    app: Arc<App>,
    origin: Origin,
}

impl SenderKeyring {
    pub(crate) fn prove(app: Arc<App>, function: &'static str, run_id: String) -> Self {
        tracing::info!(job = function, "access to the keys of senders");
        Self { app, origin: Origin::of_job(function, run_id) }
    }

    /// Replaces the keys of a sender, newest first; storing the same keys again changes nothing. A change takes effect
    /// within a minute.
    pub async fn replace(&self, sender: &str, keys: &[SecretText]) -> Result<(), Problem> {
        let aws = &self.app.aws;
        let before = read(aws, sender).await?;
        let same = |(one, other): (&SecretText, &SecretText)| equal(one.expose().as_bytes(), other.expose().as_bytes());
        if before.len() == keys.len() && before.iter().zip(keys).all(same) {
            return Ok(());
        }
        let mut sealed = Vec::with_capacity(keys.len());
        for key in keys {
            let plain = SecretBytes::new(key.expose().as_bytes().to_vec());
            sealed.push(base64(&aws.encrypt_for_system(&purpose(sender), &plain).await?));
        }
        let mut plan = Plan::default();
        plan.put(Table::System, Some(partition(sender)), row(ROW, &SealedKeys { sealed }, None)?, Expected::Any);
        let occurrence = Occurrence::of(&SENDER_KEYS_REPLACED, sender);
        let event = system_events::record(&mut plan, aws, &self.origin, occurrence)?;
        commit(aws, None, "", plan).await.map_err(Problem::from)?;
        system_events::log_and_count(&event);
        Ok(())
    }
}
