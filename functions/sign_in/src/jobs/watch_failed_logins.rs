//! The job `watch-failed-logins`: every five minutes, detects guessing that is spread over accounts or networks.

use serde_json::json;
use shared::crypto::digest::sha256_hex;
use shared::identity::AllAccounts;
use shared::prelude::job::*;
use shared::system_events::{EventKind, Occurrence, Severity};

use crate::guessing::{self, Suspicion};
use crate::password_sign_in::SIGN_IN_FAILED;
use crate::second_factor::SECOND_FACTOR_FAILED;

/// One network tries passwords on many accounts. The subject is the network's digest.
pub static PASSWORD_SPRAYING_SUSPECTED: EventKind =
    EventKind::security("password_spraying_suspected", Severity::Warning);
/// Many networks try passwords on one account. The subject is the same as that of the failures.
pub static DISTRIBUTED_GUESSING_SUSPECTED: EventKind =
    EventKind::security("distributed_guessing_suspected", Severity::Warning);
/// Many accounts are tried, from any number of networks.
pub static CREDENTIAL_STUFFING_SUSPECTED: EventKind =
    EventKind::security("credential_stuffing_suspected", Severity::Critical);

#[derive(Deserialize)]
pub struct WatchFailedLogins {}

/// Why this job reads the events of every account.
pub enum GuessingIsSpread {}

impl Reason for GuessingIsSpread {
    const WHY: &'static str = "detects guessing that no single account or address reveals";
}

pub static FUNCTION: Function = Function::job::<WatchFailedLogins>();

impl Job for WatchFailedLogins {
    // An attack creates many events, and a run holds them all in memory.
    const JOB: Declaration =
        Declaration::new("watch-failed-logins", Trigger::Schedule("rate(5 minutes)")).timeout_s(240).memory_mb(512);
    const GRANTS: &'static [Grant] = &[Grant::ReadEvents];
    type Access = AllAccounts<GuessingIsSpread>;

    async fn run(self, all: &Self::Access) -> Result<(), JobError> {
        let now = all.now();
        let failed = [SIGN_IN_FAILED.name(), SECOND_FACTOR_FAILED.name()];
        let events = all.events_since(guessing::since(now)).await?;
        let failures: Vec<_> = events.iter().filter(|event| failed.contains(&event.name.as_str())).collect();
        for suspicion in guessing::suspicions(&failures, now) {
            all.emit(occurrence(suspicion)).await?;
        }
        Ok(())
    }
}

/// The event for a suspicion: one per hour and network or account.
fn occurrence(suspicion: Suspicion) -> Occurrence {
    match suspicion {
        Suspicion::Spraying { network, subjects, failures } => {
            let network = network.to_string();
            let digest = sha256_hex(network.as_bytes());
            let detail = json!({ "network": network, "subjects": subjects, "failures": failures });
            Occurrence::of(&PASSWORD_SPRAYING_SUSPECTED, &digest).once(&digest).detail(detail)
        }
        Suspicion::DistributedGuessing { subject, networks, failures } => {
            let detail = json!({ "networks": networks, "failures": failures });
            Occurrence::of(&DISTRIBUTED_GUESSING_SUSPECTED, &subject).once(&subject).detail(detail)
        }
        Suspicion::Stuffing { failures, subjects, networks } => {
            let detail = json!({ "failures": failures, "subjects": subjects, "networks": networks });
            Occurrence::of(&CREDENTIAL_STUFFING_SUSPECTED, "accounts").once("accounts").detail(detail)
        }
    }
}
