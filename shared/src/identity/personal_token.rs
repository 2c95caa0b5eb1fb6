//! Personal access tokens (`bhp_…`): credentials of programs that act for a user, limited by scopes and an expiry.
//!
//! A token is its user's id and 32 random bytes in base64url, with a prefix and a checksum that secret scanners know. The id
//! saves a read: the token's record is stored in the same partition as its user's sessions, and one BatchGetItem reads it with
//! the rest of the proof.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::access::SignedIn;
use super::account_changes::AccountChanges;
use super::accounts::Accounts;
use super::proofs::{self, Epoch, TokenProof};
use super::sessions::{TokenEpoch, UserEpoch};
use crate::aws::grants::Table;
use crate::aws::{Aws, failed};
use crate::crypto::checksum::{checked, secret_of};
use crate::crypto::digest::{from_base64url, sha256_hex};
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{Id, Identified, TokenId, UserId, WorkspaceId};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::kernel::time::after;
use crate::table::commit::{Act, Expected};
use crate::table::item::{body, number, string, text};
use crate::table::read::Reader;

/// The prefix of every token.
pub const PREFIX: &str = "bhp_";
const RANDOM_BYTES: usize = 32;
const ID_BYTES: usize = 16;
/// The letters of both in base64url.
const PAYLOAD_LETTERS: usize = 64;
/// The precision of a token's last use.
pub const LAST_USED_PRECISION: SignedDuration = SignedDuration::from_mins(10);
/// Longer than the lifetime of a token.
const USE_KEPT_FOR: SignedDuration = SignedDuration::from_hours(400 * 24);
/// The number of recorded uses that a process remembers.
const KEPT: usize = 256;

/// The scope that a route requires of a token of either kind, such as `posts:write`. A write scope includes read access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenScope {
    noun: &'static str,
    writes: bool,
}

impl TokenScope {
    pub const fn read(noun: &'static str) -> Self {
        Self { noun, writes: false }
    }

    pub const fn write(noun: &'static str) -> Self {
        Self { noun, writes: true }
    }

    /// Whether a token's scopes cover it.
    pub(crate) fn is_covered_by(self, scopes: &[String]) -> bool {
        let mut parts = scopes.iter().filter_map(|scope| scope.split_once(':'));
        parts.any(|(noun, verb)| noun == self.noun && (verb == "write" || !self.writes))
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.noun, if self.writes { "write" } else { "read" })
    }
}

/// What a token may do. It can do no more than its user.
pub struct TokenTerms {
    pub id: TokenId,
    /// Its scopes: `posts:read`, `posts:write`.
    pub scopes: Vec<String>,
    /// The only workspace that it can access; `None` for all of the user's workspaces.
    pub workspace: Option<WorkspaceId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A new token: shown once, and stored only as its digest.
pub struct NewToken {
    pub secret: SecretText,
    pub digest: String,
}

impl NewToken {
    pub fn of(user: UserId, entropy: &Entropy) -> Self {
        let mut bytes = user.as_bytes().to_vec();
        bytes.extend(entropy.bytes::<RANDOM_BYTES>());
        let secret = secret_of(PREFIX, &bytes);
        let digest = sha256_hex(secret.expose().as_bytes());
        Self { secret, digest }
    }
}

/// The user that a token claims, and the digest that it is stored under.
pub(crate) fn parse(token: &str) -> Option<(UserId, String)> {
    let text = token.strip_prefix(PREFIX)?;
    // Tokens of earlier releases have no checksum.
    let payload = if text.len() == PAYLOAD_LETTERS { text } else { checked(text)? };
    let bytes = from_base64url(payload)?;
    let id: [u8; ID_BYTES] = bytes.get(..ID_BYTES)?.try_into().ok()?;
    (bytes.len() == ID_BYTES + RANDOM_BYTES).then(|| (UserId::from_bytes(id), sha256_hex(token.as_bytes())))
}

impl AccountChanges {
    /// Admits a new token, with the strength of the caller who creates it.
    pub fn admit(self, caller: &SignedIn, token: &NewToken, terms: TokenTerms) -> Self {
        let TokenTerms { id, scopes, workspace, created_at, expires_at } = terms;
        let (strength, UserEpoch { factor_epoch, .. }) = (caller.strength(), caller.epoch());
        let TokenEpoch(token_epoch) = caller.token_epoch();
        let proof = TokenProof { id, scopes, workspace, strength, factor_epoch, token_epoch, created_at, expires_at };
        self.proof(proofs::token(caller.user(), &token.digest), &proof, Some(expires_at), Expected::Absent)
    }

    /// Revokes a token: it is refused from the next request on.
    pub fn revoke_token(self, user: UserId, digest: &str) -> Self {
        self.touch_proof(proofs::token(user, digest), Act::Delete(Expected::Any))
    }
}

fn used(token: impl fmt::Display) -> (String, String) {
    (format!("USED#{token}"), "-".to_owned())
}

impl Accounts {
    /// The epoch of a user's tokens; None for a user who does not exist, or whose account is deleted. Needs
    /// `Grant::ReadSessions`.
    pub async fn token_epoch(&self, user: UserId) -> Result<Option<TokenEpoch>, Problem> {
        let reader = Reader { aws: &self.app.aws, session: None };
        let (partition, sort) = proofs::epoch(user);
        let item = Box::pin(reader.get(Table::Proofs, &partition, &sort)).await?;
        let epochs: Option<Epoch> = item.as_ref().map(body).transpose()?;
        Ok(epochs.filter(|epochs| !epochs.closed).map(|epochs| TokenEpoch(epochs.token_epoch)))
    }

    /// When each of these tokens was last used, to [`LAST_USED_PRECISION`]. An unused token has no entry.
    pub async fn last_used<T: Identified>(&self, tokens: &[Id<T>]) -> Result<HashMap<Id<T>, Timestamp>, Problem> {
        let reader = Reader { aws: &self.app.aws, session: None };
        if tokens.is_empty() {
            return Ok(HashMap::new());
        }
        let keys = tokens.iter().map(used).collect();
        let items = Box::pin(reader.batch(Table::System, keys)).await?;
        let instants = items.iter().filter_map(|item| {
            let token = string(item, "pk")?.strip_prefix("USED#")?.parse().ok()?;
            Some((token, string(item, "at")?.parse().ok()?))
        });
        Ok(instants.collect())
    }
}

/// Uses of tokens, by their ids, that this process has recorded.
#[derive(Default)]
pub(crate) struct Uses(Mutex<HashMap<String, Timestamp>>);

impl Uses {
    /// Records that a token was used, at most once in [`LAST_USED_PRECISION`].
    pub(crate) async fn record(&self, aws: &Aws, token: String) -> Result<(), Problem> {
        let now = aws.clock.now();
        let (partition, sort) = used(&token);
        if !self.is_news(token, now) {
            return Ok(());
        }
        aws.dynamodb()
            .update_item()
            .table_name(Table::System.name(&aws.config.tables))
            .key("pk", text(partition))
            .key("sk", text(sort))
            .update_expression("SET #at = :at, #ttl = :ttl")
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":ttl", number(after(now, USE_KEPT_FOR).as_second()))
            .expression_attribute_values(":at", text(now.to_string()))
            .send()
            .await
            .map(drop)
            .map_err(|error| failed("dynamodb:UpdateItem", error))
    }

    fn is_news(&self, token: String, now: Timestamp) -> bool {
        let mut recorded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recorded.get(&token).is_some_and(|at| now < after(*at, LAST_USED_PRECISION)) {
            return false;
        }
        if recorded.len() >= KEPT {
            recorded.clear();
        }
        recorded.insert(token, now);
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::kernel::time::Clock;

    #[test]
    fn a_token_parses_to_its_user_and_another_spelling_is_refused() {
        let entropy = Entropy::seeded(5);
        let user = UserId::new(&Clock::fixed(Timestamp::UNIX_EPOCH), &entropy);
        let token = NewToken::of(user, &entropy);
        let text = token.secret.expose();
        assert_eq!(text.len(), 74);
        assert_eq!(parse(text), Some((user, token.digest.clone())));
        // As of earlier releases.
        let unchecked = &text[..68];
        assert_eq!(parse(unchecked), Some((user, sha256_hex(unchecked.as_bytes()))));
        for wrong in [
            String::new(),
            text[4..].to_owned(),
            format!("{text}A"),
            format!("{text}="),
            text[..67].to_owned(),
            text[..73].to_owned(),
            text.replace("bhp_A", "bhp_B"),
        ] {
            assert_eq!(parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_scope_covers_only_its_noun() {
        let scopes = ["posts:read".to_owned(), "media:write".to_owned()];
        let covered = |scope: TokenScope| scope.is_covered_by(&scopes);
        assert!(covered(TokenScope::read("posts")) && !covered(TokenScope::write("posts")));
        assert!(covered(TokenScope::read("media")) && covered(TokenScope::write("media")));
        assert!(!covered(TokenScope::read("channels")));
        assert_eq!(TokenScope::write("audit-entries").to_string(), "audit-entries:write");
    }
}
