//! The job `import-accounts`: imports accounts with bcrypt hashes, which are replaced at the next sign-in.

use mail::EmailAddress;
use serde_json::{Value, json};
use shared::identity::{AccountChanges, AccountKey, Accounts, AllAccounts};
use shared::kernel::problems::{ProblemCode, Refusal};
use shared::kernel::time::Timestamp;
use shared::prelude::job::*;
use shared::system_events::{EventKind, Occurrence, Severity};

use crate::address::Address;
use crate::legacy_hash::{LegacyHash, NotALegacyHash};
use crate::user::{PasswordRecord, User};
use crate::{PasswordHash, PasswordLength, PersonName};

/// Rows per invocation: a few milliseconds each fit into its timeout.
const MOST_ROWS: usize = 500;

pub static ACCOUNTS_IMPORTED: EventKind = EventKind::security("accounts_imported", Severity::Warning);

/// `{"accounts": [{"email", "name", "password_hash", "created_at"?}]}`: accounts whose addresses the other system has
/// verified. It holds secrets, so it has no `Debug`.
#[derive(Deserialize)]
#[serde(from = "Value")]
pub struct ImportAccounts {
    /// Each row, or the rule that it breaks. An invalid row does not prevent the import of the others.
    rows: Vec<Result<Import, ImportError>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Import {
    email: EmailAddress,
    name: PersonName,
    password_hash: String,
    created_at: Option<Timestamp>,
}

/// Why nothing is imported, or a row is refused. Rows are only identified by number: their contents are personal or
/// secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error("accounts must be a list of 1 to {MOST_ROWS} rows")]
    WrongNumber,
    #[error("this deployment does not allow imported hashes: set LegacyBcryptCost to their highest cost")]
    NotAllowed,
    #[error("must have a valid email, name and password_hash, and optionally a valid created_at")]
    Malformed,
    #[error("password_hash {0}")]
    NotAHash(#[from] NotALegacyHash),
    #[error("{0}")]
    Rows(String),
}

const IMPORT_INVALID: ProblemCode = ProblemCode::of_job(422, "import_invalid");
const IMPORT_NOT_ALLOWED: ProblemCode = ProblemCode::of_job(422, "import_not_allowed");

impl Refusal for ImportError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::NotAllowed => IMPORT_NOT_ALLOWED,
            _ => IMPORT_INVALID,
        }
    }
}

/// Why this job writes accounts.
pub enum FromAnotherSystem {}

impl Reason for FromAnotherSystem {
    const WHY: &'static str = "creates accounts that an operator imports from another system";
}

pub static FUNCTION: Function = Function::job::<ImportAccounts>();

impl Job for ImportAccounts {
    const JOB: Declaration = Declaration::new("import-accounts", Trigger::Operator).timeout_s(300);
    const GRANTS: &'static [Grant] =
        &[Grant::WriteUserRecords, Grant::ReadAddresses, Grant::WriteAddresses, Grant::WriteSessions];
    type Access = AllAccounts<FromAnotherSystem>;

    async fn run(self, all: &Self::Access) -> Result<(), JobError> {
        let highest = all.legacy_bcrypt_cost().ok_or(ImportError::NotAllowed)?;
        if !(1..=MOST_ROWS).contains(&self.rows.len()) {
            return Err(ImportError::WrongNumber.into());
        }
        let (mut imported, mut had_owner, mut refused) = (0, 0, Vec::new());
        for (row, number) in self.rows.into_iter().zip(1..) {
            let checked = row.and_then(|row| Ok((LegacyHash::import(row.password_hash.clone(), highest)?, row)));
            match checked {
                Ok((hash, row)) => match import(all, row, hash).await? {
                    Outcome::Now => imported += 1,
                    Outcome::HadOwner => had_owner += 1,
                },
                Err(rule) => refused.push(format!("row {number}: {rule}")),
            }
        }
        let counts = json!({ "imported": imported, "had_owner": had_owner, "refused": refused.len() });
        all.emit(Occurrence::of(&ACCOUNTS_IMPORTED, "accounts").detail(counts)).await?;
        if refused.is_empty() { Ok(()) } else { Err(ImportError::Rows(refused.join("; ")).into()) }
    }
}

/// The result of a row.
enum Outcome {
    Now,
    HadOwner,
}

/// Creates an account, unless its address has one: then it was imported before, or its owner registered. A pending
/// registration of the address ends.
async fn import(accounts: &Accounts, import: Import, hash: LegacyHash) -> Result<Outcome, Problem> {
    let (user, now) = (accounts.new_id(), accounts.now());
    let Import { email, name, created_at, .. } = import;
    let known = accounts.find::<Address>(&AccountKey::email(email.as_str())).await?;
    let changes = match known {
        Some(mut address) => match address.claim(user) {
            Ok(()) => AccountChanges::default().replace(&address),
            Err(_) => return Ok(Outcome::HadOwner),
        },
        None => {
            let mut address = Address::new(email.clone());
            address.claim(user)?;
            AccountChanges::default().insert(&address)
        }
    };
    // The length is unknown until the user signs in; until then, the password must not become an only factor.
    let (hash, length) = (PasswordHash::imported(hash), PasswordLength::Short);
    let changes = changes
        .insert(&User::new(user, email, name, created_at.unwrap_or(now).min(now)))
        .insert(&PasswordRecord { user, hash, set_at: now, length })
        .first_epoch(user);
    accounts.commit(changes).await.map(|()| Outcome::Now)
}

impl From<Value> for ImportAccounts {
    /// Never fails: serde's errors quote the input, and they are logged.
    fn from(mut payload: Value) -> Self {
        let rows = match payload.get_mut("accounts").map(Value::take) {
            Some(Value::Array(rows)) => rows,
            _ => Vec::new(),
        };
        let read = |row| serde_json::from_value(row).map_err(|_| ImportError::Malformed);
        Self { rows: rows.into_iter().map(read).collect() }
    }
}
