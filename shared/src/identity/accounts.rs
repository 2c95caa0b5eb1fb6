//! Accounts: records of users before and outside any workspace, and the sessions that they open.

use std::fmt::Display;
use std::ops::Deref;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::proofs::{self, Epoch, SessionProof};
use super::signing::{SigningKey, VerifyingKeys};
use super::token::{self, PublicKey};
use crate::audit::Origin;
use crate::aws::grants::Table;
use crate::config::PasswordCost;
use crate::crypto::derived::Label;
use crate::crypto::digest::{hmac_sha256, sha256_hex};
use crate::crypto::link::{self, LinkClaims};
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{Id, SessionId, UserId, new_uuid};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::{SecretBytes, SecretText};
use crate::kernel::time::after;
use crate::outbox::{self, Message, Posted};
use crate::table::commit::{Act, Expected, Plan, Uncommitted, commit};
use crate::table::entity::Stored;
use crate::table::item::{Row, body, encode, integer};
use crate::table::read::Reader;
use crate::tenancy::app::App;

/// A session ends when it was not used for this long.
pub const IDLE_LIFETIME: SignedDuration = SignedDuration::from_hours(12);
/// A session ends after this long in any case.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A record of the Accounts table.
pub trait AccountRecord: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Upper case: `USER`. One record of a kind per key, unless `part` tells them apart.
    const KIND: &'static str;

    fn account_key(&self) -> AccountKey;

    fn part(&self) -> String {
        String::new()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// Where an account record lies. What is personal or secret is a digest in the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountKey {
    User(UserId),
    /// A normalised e-mail address.
    Email(String),
    /// A refresh token as the client holds it.
    Token(String),
}

impl AccountKey {
    /// The key of a token: the store keeps its digest alone.
    pub fn token(token: &SecretText) -> Self {
        Self::Token(sha256_hex(token.expose().as_bytes()))
    }

    pub fn email(normalised: &str) -> Self {
        Self::Email(sha256_hex(normalised.as_bytes()))
    }

    fn partition(&self) -> String {
        match self {
            Self::User(user) => format!("U#{user}"),
            Self::Email(digest) => format!("E#{digest}"),
            Self::Token(digest) => format!("R#{digest}"),
        }
    }
}

fn sort_key<R: AccountRecord>(part: &str) -> String {
    if part.is_empty() { R::KIND.to_owned() } else { format!("{}#{part}", R::KIND) }
}

/// The account store, for the functions that hold `Grant::Accounts`.
pub struct Accounts {
    pub(crate) app: Arc<App>,
    pub(crate) signing: Arc<Signing>,
    pub(crate) origin: Origin,
}

/// The keys of this process.
#[derive(Default)]
pub(crate) struct Signing {
    pub(crate) own: SigningKey,
    pub(crate) all: VerifyingKeys,
}

/// A session that is to be opened or carried on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionTerms {
    pub user: UserId,
    pub session: SessionId,
    /// The user's epoch as it was read: the commit fails if it was bumped meanwhile.
    pub epoch: UserEpoch,
    /// Set at sign-in; no rotation moves it.
    pub ends_at: Timestamp,
}

/// A user's epoch at a revision. It cannot be made up: it is read, or comes back from a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct UserEpoch {
    epoch: u64,
    revision: u64,
}

impl Accounts {
    pub fn now(&self) -> Timestamp {
        self.app.aws.clock.now()
    }

    pub fn new_id<T>(&self) -> Id<T> {
        Id::new(&self.app.aws.clock, &self.app.aws.entropy)
    }

    pub fn entropy(&self) -> &Entropy {
        &self.app.aws.entropy
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The web application's address, for the links in mails.
    pub fn app_url(&self) -> &str {
        &self.app.aws.config.app_url
    }

    /// What a password hash costs in this deployment.
    pub fn password_cost(&self) -> PasswordCost {
        self.app.aws.config.password_cost
    }

    fn reader(&self) -> Reader<'_> {
        Reader { aws: &self.app.aws, credentials: None }
    }

    /// A record of a kind, if there is one.
    pub async fn find<R: AccountRecord>(&self, key: &AccountKey) -> Result<Option<Stored<R>>, Problem> {
        self.find_part(key, &"").await
    }

    pub async fn find_part<R: AccountRecord>(
        &self,
        key: &AccountKey,
        part: &(dyn Display + Sync),
    ) -> Result<Option<Stored<R>>, Problem> {
        let item = self.reader().get(Table::Accounts, &key.partition(), &sort_key::<R>(&part.to_string())).await?;
        let Some(item) = item else { return Ok(None) };
        let revision = integer(&item, "n").ok_or_else(|| Problem::internal("a record has no revision"))?;
        Ok(Some(Stored::new(body(&item)?, revision)))
    }

    /// The user's epoch now. Every user has one from registration on.
    pub async fn epoch(&self, user: UserId) -> Result<UserEpoch, Problem> {
        let (partition, sort) = proofs::epoch(user);
        let item = self.reader().get(Table::Proofs, &partition, &sort).await?;
        let item = item.ok_or_else(|| Problem::internal("a user has no epoch"))?;
        let Epoch { epoch } = body(&item)?;
        Ok(UserEpoch { epoch, revision: integer(&item, "n").unwrap_or_default() })
    }

    /// Commits changes with their mail and sessions: all of it, or nothing.
    pub async fn commit(&self, changes: AccountChanges) -> Result<(), Problem> {
        self.try_commit(changes).await?.map_err(|refused| match refused.refusal {
            Some(problem) => problem,
            None => Problem::new(409, "changed_meanwhile", "This was changed by someone else meanwhile. Try again."),
        })
    }

    /// The same, telling a condition that did not hold from a failure.
    pub async fn try_commit(&self, changes: AccountChanges) -> Result<Result<(), RefusedChange>, Problem> {
        Box::pin(async move {
            let AccountChanges { mut plan, failure, messages } = changes;
            if let Some(problem) = failure {
                return Err(problem);
            }
            let aws = &self.app.aws;
            for (user, posted) in messages {
                let mut own = Plan::default();
                let id = new_uuid(&aws.clock, &aws.entropy).simple().to_string();
                outbox::post(&mut own, id, self.now(), &self.origin.request_id, posted)?;
                plan.append(own.in_partition(&format!("U#{user}")));
            }
            match commit(aws, None, "", plan).await {
                Ok(()) => Ok(Ok(())),
                Err(Uncommitted::Refused { table, sort, refusal, .. }) => {
                    Ok(Err(RefusedChange { session: table == Table::Proofs, sort, refusal }))
                }
                Err(Uncommitted::Failed(problem)) => Err(problem),
            }
        })
        .await
    }

    /// Signs an access token for a session that was committed.
    pub async fn access_token(&self, terms: &SessionTerms) -> Result<SecretText, Problem> {
        Box::pin(self.signing.own.mint(&self.app.aws, terms.user, terms.session)).await
    }

    /// How long an access token is valid, in seconds.
    pub fn access_token_lifetime_s(&self) -> i64 {
        token::LIFETIME.as_secs()
    }

    /// The claims of a genuine mailed link for this purpose.
    pub async fn verify_link(&self, token: &SecretText, purpose: &str) -> Result<Option<LinkClaims>, Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::MailedLink).await?;
        Ok(link::verify(&key, token.expose(), purpose, self.now()))
    }

    /// The pepper: a keyed digest of a password that only this deployment's KMS key can make.
    pub async fn pepper(&self, password: &SecretText) -> Result<SecretBytes, Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::Pepper).await?;
        Ok(SecretBytes::new(hmac_sha256(key.expose(), password.expose().as_bytes()).to_vec()))
    }

    /// The public keys by which access tokens are verified.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, Problem> {
        Box::pin(self.signing.all.all(&self.app.aws)).await
    }
}

/// A condition of account changes that did not hold.
pub struct RefusedChange {
    /// Whether it was the epoch or a session, not a record.
    pub session: bool,
    sort: String,
    refusal: Option<Problem>,
}

impl RefusedChange {
    /// Whether it was the record of this kind.
    pub fn is<R: AccountRecord>(&self) -> bool {
        !self.session && (self.sort == R::KIND || self.sort.starts_with(&format!("{}#", R::KIND)))
    }
}

/// Changes to accounts, in the making.
#[derive(Default)]
pub struct AccountChanges {
    plan: Plan,
    failure: Option<Problem>,
    messages: Vec<(UserId, Posted)>,
}

impl AccountChanges {
    pub fn insert<R: AccountRecord>(self, record: &R) -> Self {
        self.put(record, Expected::Absent)
    }

    pub fn replace<R: AccountRecord>(self, stored: &Stored<R>) -> Self {
        self.put(&**stored, Expected::Revision(stored.revision))
    }

    pub fn delete<R: AccountRecord>(mut self, stored: &Stored<R>) -> Self {
        let (partition, sort) = (stored.account_key().partition(), sort_key::<R>(&stored.part()));
        self.plan.add(Table::Accounts, Some(partition), sort, Act::Delete(Expected::Revision(stored.revision)));
        self
    }

    /// What the client is told if the last change's condition does not hold.
    pub fn or(mut self, refusal: impl Into<Problem>) -> Self {
        self.plan.refuse(refusal.into());
        self
    }

    /// Sends a message once the changes are committed.
    pub fn send<M: Message>(mut self, user: UserId, message: &M) -> Self {
        match Posted::new(message, None) {
            Ok(posted) => self.messages.push((user, posted)),
            Err(problem) => self.failure = Some(problem),
        }
        self
    }

    /// Gives a new user its first epoch.
    pub fn first_epoch(self, user: UserId) -> Self {
        self.proof(proofs::epoch(user), &Epoch { epoch: 1 }, None, Expected::Absent)
    }

    /// Revokes every session of a user, everywhere. Fails if it was done meanwhile.
    pub fn revoke_sessions(self, user: UserId, epoch: UserEpoch) -> Self {
        let next = Epoch { epoch: epoch.epoch + 1 };
        self.proof(proofs::epoch(user), &next, None, Expected::Revision(epoch.revision))
    }

    /// Opens a session: it is idle from `now` on. Fails if the epoch was bumped.
    pub fn open_session(self, terms: &SessionTerms, now: Timestamp) -> Self {
        self.session(terms, now, Expected::Absent)
    }

    /// Carries a session on. Fails if the epoch was bumped, or if the session was closed or had ended.
    pub fn carry_session(self, terms: &SessionTerms, now: Timestamp) -> Self {
        self.session(terms, now, Expected::Live)
    }

    fn session(mut self, terms: &SessionTerms, now: Timestamp, expected: Expected) -> Self {
        let proof = SessionProof {
            epoch: terms.epoch.epoch,
            idle_ends_at: after(now, IDLE_LIFETIME).min(terms.ends_at),
            ends_at: terms.ends_at,
        };
        let (partition, sort) = proofs::epoch(terms.user);
        let unchanged = Act::Check(Expected::Revision(terms.epoch.revision));
        self.plan.add(Table::Proofs, Some(partition), sort, unchanged);
        self.proof(proofs::session(terms.user, terms.session), &proof, Some(proof.idle_ends_at), expected)
    }

    pub fn close_session(mut self, user: UserId, session: SessionId) -> Self {
        let (partition, sort) = proofs::session(user, session);
        self.plan.add(Table::Proofs, Some(partition), sort, Act::Delete(Expected::Any));
        self
    }

    fn put<R: AccountRecord>(mut self, record: &R, expected: Expected) -> Self {
        match encode(record) {
            Ok(body) => {
                let sort = sort_key::<R>(&record.part());
                let row = Row { sort, version: 1, body, due: None, expires_at: record.expires_at() };
                self.plan.put(Table::Accounts, Some(record.account_key().partition()), row, expected);
            }
            Err(problem) => self.failure = Some(problem),
        }
        self
    }

    fn proof<T: Serialize>(mut self, key: proofs::Key, value: &T, ends: Option<Timestamp>, expected: Expected) -> Self {
        match proofs::row(&key.1, value, ends) {
            Ok(row) => self.plan.put(Table::Proofs, Some(key.0), row, expected),
            Err(problem) => self.failure = Some(problem),
        }
        self
    }
}

/// The proof of a job that writes mail: it can make link tokens and send.
pub struct Mailroom {
    pub(crate) app: Arc<App>,
}

impl Mailroom {
    /// The token of a mailed link.
    pub async fn sign_link(&self, claims: &LinkClaims) -> Result<SecretText, Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::MailedLink).await?;
        link::sign(&key, claims).map_err(Problem::internal)
    }

    pub fn app_url(&self) -> &str {
        &self.app.aws.config.app_url
    }

    pub fn now(&self) -> Timestamp {
        self.app.aws.clock.now()
    }

    pub async fn send(&self, mail: &crate::aws::mailer::Mail) -> Result<String, crate::aws::mailer::MailError> {
        Box::pin(self.app.aws.send_mail(mail)).await
    }
}

/// Access to the account store by borrowing alone.
pub(crate) struct Store(pub(crate) Accounts);

impl Deref for Store {
    type Target = Accounts;

    fn deref(&self) -> &Accounts {
        &self.0
    }
}
