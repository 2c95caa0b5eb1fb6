//! The deletion certificate: what it states.

use serde_json::{Value, json};
use shared::identity::Destruction;
use shared::kernel::time::{ApiTimestamp, SignedDuration, Timestamp, after};

/// How long the point-in-time backups of the tables reach back (`RecoveryPeriodInDays` in `infra/data.yaml`).
pub const BACKUPS_REACH: SignedDuration = SignedDuration::from_hours(35 * 24);

const OWN_KEY: &str = "Everything that `destroyed` counts was deleted. KMS destroys the keys of the workspace at their \
                       `destroyed_at`: from then on, no copy and no backup opens the secrets that they sealed. The other deleted items \
                       are in the backups of the tables until `backups_end_at`.";
const OWN_AND_SHARED_KEY: &str = "Everything that `destroyed` counts was deleted. KMS destroys the keys of the workspace at their `destroyed_at`: from \
     then on, no copy and no backup opens the secrets that they sealed. Other secrets may have been sealed under a key of \
     all workspaces, which is not destroyed. The other deleted items are in the backups of the tables until \
     `backups_end_at`.";
const NO_KEY: &str = "Everything that `destroyed` counts was deleted. The workspace had no key of its own. The deleted items are in the backups of the tables until `backups_end_at`.";
const SHARED_KEY: &str = "Everything that `destroyed` counts was deleted. The secrets of the workspace were sealed under \
                          a key of all workspaces, which is not destroyed. The deleted items are in the backups of the \
                          tables until `backups_end_at`.";

/// The claims that are signed. `id` is the certificate's own.
pub fn claims(destruction: &Destruction, (issuer, id): (&str, &str), has_own_key: bool, erased_at: Timestamp) -> Value {
    let Destruction { workspace, trashed_at, began_at, tally, keys, .. } = destruction;
    let at = |at: Timestamp| json!(ApiTimestamp::from(at));
    let keys: Vec<Value> =
        keys.iter().map(|key| json!({ "arn": key.arn, "destroyed_at": key.destroyed_at.map(at) })).collect();
    let statement = match (keys.is_empty(), has_own_key) {
        (false, true) => OWN_KEY,
        (false, false) => OWN_AND_SHARED_KEY,
        (true, true) => NO_KEY,
        (true, false) => SHARED_KEY,
    };
    json!({
        "iss": issuer,
        "sub": workspace,
        "jti": id,
        "iat": erased_at.as_second(),
        "deleted_at": at(*trashed_at),
        "erasure_began_at": at(*began_at),
        "erased_at": at(erased_at),
        "backups_end_at": at(after(erased_at, BACKUPS_REACH)),
        "destroyed": tally,
        "keys": keys,
        "statement": statement,
    })
}
