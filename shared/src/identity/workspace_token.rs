//! Workspace tokens (`bhw_…`): credentials of programs that belong to a workspace and act for no user.
//!
//! The text of a token is the ids of its workspace and of itself with 28 random bytes in base64url, and a checksum. The ids
//! save a read: the proof is stored in a partition of the workspace, and one BatchGetItem reads it with the directory entry.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::admission::{Admission, Asking, Level, scope_missing, session_needed};
use super::admitted::{Luggage, enter_by_token};
use super::caller::not_signed_in;
use super::proofs::{self, Found, Key};
use crate::audit::Actor;
use crate::aws::grants::Table;
use crate::crypto::checksum::{bytes_of, secret_of};
use crate::crypto::digest::{equal, sha256_hex};
use crate::kernel::author::Author;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{WorkspaceId, WorkspaceTokenId};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::kernel::time::after;
use crate::table::guard::Guard;
use crate::table::read::Reader;
use crate::tenancy::{AssignableRole, Limit};

/// The tokens of a workspace. An expired one counts until the hourly job removes it.
pub const WORKSPACE_TOKENS: Limit = Limit::named("workspace_tokens");
/// The prefix of every token.
pub const PREFIX: &str = "bhw_";
/// The longest time for which an earlier secret works after a rotation.
pub const LONGEST_OVERLAP: SignedDuration = SignedDuration::from_hours(168);
const ID_BYTES: usize = 16;
const RANDOM_BYTES: usize = 28;

/// A secret of a token: valid until an instant, or as long as the token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Earlier {
    pub(crate) digest: String,
    pub(crate) ends_at: Timestamp,
}

/// What admits a token: its secrets by their digests, what it may do, and until when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WorkspaceTokenProof {
    /// The digest of the current secret.
    pub(crate) digest: String,
    /// Secrets before the last rotations that still work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) earlier: Vec<Earlier>,
    /// Changes when earlier secrets end at once, so that nothing is committed with them from then on.
    pub(crate) epoch: u64,
    pub(crate) role: AssignableRole,
    /// Its scopes: `posts:read`.
    pub(crate) scopes: Vec<String>,
    pub(crate) expires_at: Timestamp,
}

impl WorkspaceTokenProof {
    /// Whether this is the digest of a secret that works now.
    pub(crate) fn admits(&self, digest: &str, now: Timestamp) -> bool {
        let same = |known: &str| equal(known.as_bytes(), digest.as_bytes());
        let is_earlier = self.earlier.iter().any(|earlier| now < earlier.ends_at && same(&earlier.digest));
        now < self.expires_at && (same(&self.digest) || is_earlier)
    }

    /// The same with another secret. The current one works for the overlap, and earlier ones no longer than before; without
    /// an overlap, all of them end now.
    pub(crate) fn rotated(
        self,
        digest: String,
        overlap: SignedDuration,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let Self { digest: current, mut earlier, epoch, role, scopes, .. } = self;
        if overlap.is_zero() {
            return Self { digest, earlier: Vec::new(), epoch: epoch + 1, role, scopes, expires_at };
        }
        earlier.retain(|earlier| now < earlier.ends_at);
        // A new lifetime of the token never lengthens that of an earlier secret.
        let ends_at = after(now, overlap).min(self.expires_at);
        earlier.push(Earlier { digest: current, ends_at });
        Self { digest, earlier, epoch, role, scopes, expires_at }
    }
}

/// A new secret of a token: shown once, and stored only as its digest.
pub struct NewWorkspaceToken {
    pub secret: SecretText,
    pub(crate) digest: String,
}

impl NewWorkspaceToken {
    pub fn of(workspace: WorkspaceId, token: WorkspaceTokenId, entropy: &Entropy) -> Self {
        let mut bytes = workspace.as_bytes().to_vec();
        bytes.extend(token.as_bytes());
        bytes.extend(entropy.bytes::<RANDOM_BYTES>());
        let secret = secret_of(PREFIX, &bytes);
        let digest = sha256_hex(secret.expose().as_bytes());
        Self { secret, digest }
    }
}

/// The workspace and token that a text claims to be a secret of, and its digest.
pub(crate) fn parse(text: &str) -> Option<(WorkspaceId, WorkspaceTokenId, String)> {
    let bytes = bytes_of(PREFIX, text)?;
    let (workspace, rest) = bytes.split_first_chunk::<ID_BYTES>()?;
    let (token, random) = rest.split_first_chunk::<ID_BYTES>()?;
    let (workspace, token) = (WorkspaceId::from_bytes(*workspace), WorkspaceTokenId::from_bytes(*token));
    (random.len() == RANDOM_BYTES).then(|| (workspace, token, sha256_hex(text.as_bytes())))
}

/// The condition of every transaction of a token: that it still exists, and the secrets that it had still work.
fn still_valid(key: Key, epoch: u64) -> Guard {
    Guard::new(Table::Proofs, key, "e.epoch = :epoch", epoch, not_signed_in)
}

/// Admits a token with one read.
pub(super) async fn admit(mut asking: Asking<'_>, text: &str) -> Result<Admission, Problem> {
    let aws = &asking.app.aws;
    let (workspace, id, digest) = parse(text).ok_or_else(not_signed_in)?;
    let key = proofs::workspace_token(workspace, id);
    let reader = Reader { aws, session: None };
    let found = Found::new(reader.batch(Table::Proofs, vec![key.clone(), proofs::directory(workspace)]).await?);
    let proof: Option<WorkspaceTokenProof> = found.read(&key)?;
    let proof = proof.filter(|proof| proof.admits(&digest, aws.clock.now())).ok_or_else(not_signed_in)?;
    asking.origin.actor = Actor::WorkspaceToken { id };
    // Outside of a workspace, a caller is a person.
    let (Level::Workspace(needed), Some(scope)) = (asking.level, asking.token_scope) else {
        return Err(session_needed());
    };
    // For the token, another workspace behaves like a missing one.
    if asking.workspace != Some(workspace) {
        return Err(Problem::not_found());
    }
    if !scope.is_covered_by(&proof.scopes) {
        return Err(scope_missing(scope));
    }
    asking.signing.uses.record(aws, id.to_string()).await?;
    let guard = Arc::new(still_valid(key, proof.epoch));
    let author = Author::Token(id);
    let (remember, watch, refused) = asking.take_conditions(author);
    let luggage = Luggage { guard: guard.clone(), remember: remember.clone(), watch };
    let entrant = (workspace, author, proof.role.into());
    let member = enter_by_token(&asking, entrant, needed, &found, luggage)?;
    refused.map_or(Ok(()), Err)?;
    asking.entered(member, guard, remember)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::crypto::checksum::checksum;
    use crate::crypto::digest::base64url;
    use crate::kernel::time::Clock;

    fn ids(entropy: &Entropy) -> (WorkspaceId, WorkspaceTokenId) {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        (WorkspaceId::new(&clock, entropy), WorkspaceTokenId::new(&clock, entropy))
    }

    #[test]
    fn a_token_parses_to_its_ids_and_another_spelling_is_refused() {
        let entropy = Entropy::seeded(5);
        let (workspace, id) = ids(&entropy);
        let token = NewWorkspaceToken::of(workspace, id, &entropy);
        let text = token.secret.expose();
        assert_eq!(text.len(), 90);
        assert_eq!(parse(text), Some((workspace, id, token.digest.clone())));
        // With a right checksum, too.
        let spelled = |payload: &str| format!("{PREFIX}{payload}{}", checksum(payload));
        let (payload, ids_only) = (&text[4..84], base64url(workspace.as_bytes()));
        assert_eq!(spelled(payload), text);
        for wrong in [
            String::new(),
            text[4..].to_owned(),
            format!("{text}A"),
            text[..84].to_owned(),
            text.replace("bhw_", "bhp_"),
            spelled(&payload[..79]),
            spelled(&format!("{payload}A")),
            spelled(&format!("{payload}=")),
            spelled(&ids_only),
            spelled(""),
        ] {
            assert_eq!(parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_mistyped_letter_is_refused() {
        let entropy = Entropy::seeded(6);
        let (workspace, id) = ids(&entropy);
        let text = NewWorkspaceToken::of(workspace, id, &entropy).secret.expose().to_owned();
        for at in PREFIX.len()..text.len() {
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            assert_eq!(parse(&format!("{}{other}{}", &text[..at], &text[at + 1..])), None, "letter {at}");
        }
    }

    #[test]
    fn an_earlier_secret_works_until_its_own_end() {
        let at = |hours: i64| after(Timestamp::UNIX_EPOCH, SignedDuration::from_hours(hours));
        let hours = SignedDuration::from_hours;
        let first = WorkspaceTokenProof {
            digest: "a".to_owned(),
            earlier: Vec::new(),
            epoch: 1,
            role: AssignableRole::Member,
            scopes: Vec::new(),
            expires_at: at(100),
        };
        let second = first.rotated("b".to_owned(), hours(10), at(500), at(0));
        let third = second.rotated("c".to_owned(), hours(48), at(500), at(2));
        let works = |digest, hour| third.admits(digest, at(hour));
        assert!(works("a", 9) && !works("a", 10), "a later rotation changes what was promised");
        assert!(works("b", 49) && !works("b", 50));
        assert!(works("c", 499) && !works("c", 500) && !works("d", 3));
        // It never outlives the token whose secret it was.
        let late = third.clone().rotated("d".to_owned(), hours(168), at(900), at(450));
        assert!(late.admits("c", at(499)) && !late.admits("c", at(500)) && late.admits("d", at(899)));
        assert_eq!(late.earlier.len(), 1, "what has ended is dropped");
        let cut = third.rotated("e".to_owned(), SignedDuration::ZERO, at(500), at(3));
        assert!(["a", "b", "c"].iter().all(|digest| !cut.admits(digest, at(3))) && cut.admits("e", at(3)));
        assert_eq!(cut.epoch, 2);
    }
}
