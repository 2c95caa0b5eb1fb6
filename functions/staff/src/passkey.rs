//! The passkeys of the staff, which belong to the console's domain.

use passkeys::passkey::{PasskeyName, Regressed};
use passkeys::webauthn::credential::{CredentialId, PublicCredential, Registered, Seen};
use passkeys::webauthn::key::PasskeyKey;
use passkeys::webauthn::statement::RelyingParty;
use serde::{Deserialize, Serialize};
use shared::crypto::digest::sha256_hex;
use shared::identity::{AccountKey, AccountRecord, Accounts, StaffEpoch};
use shared::kernel::ids::StaffId;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::system_events::{EventKind, Severity};

pub static STAFF_PASSKEY_ADDED: EventKind = EventKind::security("staff_passkey_added", Severity::Warning);
/// A passkey's counter did not increase, so the passkey was probably cloned.
pub static STAFF_PASSKEY_COUNTER_REGRESSED: EventKind =
    EventKind::security("staff_passkey_counter_regressed", Severity::Critical);

/// A passkey of a member of the staff, stored under the member and the digest of its credential id.
#[derive(Serialize, Deserialize)]
pub struct StaffPasskey {
    staff: StaffId,
    /// It is invalid after a revocation, also if that ran concurrently with the registration.
    pub epoch: StaffEpoch,
    pub name: PasskeyName,
    pub credential: CredentialId,
    pub key: PasskeyKey,
    /// How the browser reaches the authenticator; returned to the browser unchanged.
    pub transports: Vec<String>,
    counter: u32,
    backup_eligible: bool,
    backed_up: bool,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
}

impl StaffPasskey {
    pub fn new(
        (staff, epoch): (StaffId, StaffEpoch),
        name: PasskeyName,
        registered: Registered,
        created_at: Timestamp,
    ) -> Self {
        let Registered { credential, key, transports, counter, backup_eligible, backed_up } = registered;
        Self {
            staff,
            epoch,
            name,
            credential,
            key,
            transports,
            counter,
            backup_eligible,
            backed_up,
            created_at,
            last_used_at: None,
        }
    }

    /// What its assertions are verified against.
    pub fn public(&self) -> PublicCredential<'_> {
        PublicCredential { id: &self.credential, key: &self.key, backup_eligible: self.backup_eligible }
    }

    /// The sort key part of a credential's record.
    pub fn part_of(credential: &CredentialId) -> String {
        sha256_hex(credential.as_slice())
    }

    /// Records a use.
    pub fn use_now(&mut self, seen: Seen, now: Timestamp) -> Result<(), Regressed> {
        Regressed::check(self.counter, seen.counter)?;
        self.counter = seen.counter;
        self.backed_up = seen.backed_up;
        self.last_used_at = Some(now);
        Ok(())
    }
}

impl AccountRecord for StaffPasskey {
    const KIND: &'static str = "STAFF_PASSKEY";

    fn account_key(&self) -> AccountKey {
        AccountKey::Staff(self.staff)
    }

    fn part(&self) -> String {
        Self::part_of(&self.credential)
    }
}

/// The relying party of the staff: the console's domain and origin.
pub fn relying_party(accounts: &Accounts) -> Result<RelyingParty, Problem> {
    RelyingParty::of(accounts.staff_console_url())
        .ok_or_else(|| Problem::internal("the staff console's address has no domain, which passkeys need"))
}
