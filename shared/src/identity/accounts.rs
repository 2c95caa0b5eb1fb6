//! The account store: records of users before and outside any workspace, and the keys that prove things of them.

use std::fmt::Display;
use std::ops::Deref;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::account_changes::{AccountChanges, RefusedChange};
use super::personal_token::Uses;
use super::proofs::{self, Epoch};
use super::records::{AccountKey, AccountRecord, LookedUp, Wanted, sort_key, stored, watched};
use super::sender_keys::SenderKeys;
use super::sessions::{SessionTerms, UserEpoch};
use super::signing::{SigningKey, VerifyingKeys};
use super::token::{Bearer, PublicKey};
use crate::audit::Origin;
use crate::aws::grants::{LETTER, Table};
use crate::config::PasswordCost;
use crate::crypto::aead;
use crate::crypto::derived::Label;
use crate::crypto::digest::{base64, from_base64, hmac_sha256, hmac_sha512, sha256};
use crate::crypto::link::{self, LinkClaims};
use crate::crypto::sealed::{KeyOwner, Place, Sealed};
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{Id, UserId, UserKind, new_uuid};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::{SecretBytes, SecretText};
use crate::outbox::{self, Cause};
use crate::system_events::{self, Occurrence};
use crate::table::commit::{Plan, Uncommitted, commit};
use crate::table::entity::Stored;
use crate::table::guard::Guard;
use crate::table::item::body;
use crate::table::read::{PageQuery, Reader};
use crate::table::version::Watch;
use crate::tenancy::app::App;
use crate::tenancy::{Listing, Page};

/// Records of one kind that are listed at once; nothing of a user's comes near it.
const PAGE: u32 = 1000;

/// The account store, as far as the grants of the function reach.
pub struct Accounts {
    pub(crate) app: Arc<App>,
    pub(crate) signing: Arc<Signing>,
    pub(crate) origin: Origin,
    /// The caller, where a user acts.
    pub(crate) guard: Option<Arc<Guard>>,
    pub(crate) watch: Option<Arc<Watch>>,
}

/// What this process keeps between requests: keys, and which uses of tokens it has recorded.
#[derive(Default)]
pub(crate) struct Signing {
    pub(crate) own: SigningKey,
    pub(crate) all: VerifyingKeys,
    pub(crate) uses: Uses,
    pub(crate) senders: SenderKeys,
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

    /// The address that mail is sent from.
    pub fn sender(&self) -> &str {
        &self.app.aws.config.mail_from
    }

    /// What a password hash costs in this deployment.
    pub fn password_cost(&self) -> PasswordCost {
        self.app.aws.config.password_cost
    }

    fn reader(&self) -> Reader<'_> {
        Reader { aws: &self.app.aws, session: None }
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
        let sort = sort_key::<R>(&part.to_string());
        let partition = key.partition();
        let item = self.reader().get(Table::Accounts, &partition, &sort).await?;
        watched(self.watch.as_deref(), (&partition, &sort), item.as_ref().map(stored).transpose()?)
    }

    /// Adds values that the response depends on, in addition to the resource (`Endpoint::VERSIONED`), to its version. Call it
    /// before the resource is read.
    pub fn vary_version_by(&self, values: &impl Serialize) -> Result<(), Problem> {
        self.watch.as_ref().map_or(Ok(()), |watch| watch.vary_by(values))
    }

    /// Several records with one read.
    pub async fn look_up(&self, wanted: Wanted) -> Result<LookedUp, Problem> {
        let items = Box::pin(self.reader().batch(Table::Accounts, wanted.keys)).await?;
        Ok(LookedUp::new(items, self.watch.clone()))
    }

    /// Every record of a kind under one key, the oldest first where their parts are ids.
    pub async fn list<R: AccountRecord>(&self, key: &AccountKey) -> Result<Vec<Stored<R>>, Problem> {
        let (partition, prefix) = (key.partition(), format!("{}#", R::KIND));
        let query = PageQuery {
            table: Table::Accounts,
            partition: &partition,
            prefix: &prefix,
            after: None,
            limit: PAGE,
            newest_first: false,
        };
        let (items, _) = Box::pin(self.reader().page(query)).await?;
        items.iter().map(stored).collect()
    }

    /// A page of the records of a kind under one key, where their parts are ids. `bound_to` names the list, so that its
    /// cursors are valid for no other.
    pub async fn page<R: AccountRecord>(
        &self,
        key: &AccountKey,
        bound_to: &'static str,
        page: &Page,
    ) -> Result<Listing<Stored<R>>, Problem> {
        let (partition, prefix) = (key.partition(), format!("{}#", R::KIND));
        let bound_to = format!("{bound_to}|{partition}");
        let place = (Table::Accounts, partition.as_str(), prefix.as_str());
        let (items, next_cursor) = Box::pin(self.app.page(self.reader(), place, &bound_to, page)).await?;
        Ok(Listing { items: items.iter().map(stored).collect::<Result<_, _>>()?, next_cursor })
    }

    /// The user's epoch now. Every user has one from registration on.
    pub async fn epoch(&self, user: UserId) -> Result<UserEpoch, Problem> {
        self.find_epoch(user).await?.ok_or_else(|| Problem::internal("a user has no epoch"))
    }

    /// The same, for an id that may be nobody's.
    pub async fn find_epoch(&self, user: UserId) -> Result<Option<UserEpoch>, Problem> {
        let (partition, sort) = proofs::epoch(user);
        let Some(item) = self.reader().get(Table::Proofs, &partition, &sort).await? else { return Ok(None) };
        let Epoch { epoch, factor_epoch, .. } = body(&item)?;
        Ok(Some(UserEpoch { epoch, factor_epoch }))
    }

    /// Waits before retrying a change that conflicted with another.
    pub async fn back_off(&self, round: u32) {
        self.app.aws.back_off(round).await;
    }

    /// Commits changes with their mail and sessions: all of it, or nothing.
    pub async fn commit(&self, changes: AccountChanges) -> Result<(), Problem> {
        self.try_commit(changes).await?.map_err(|refused| match refused.refusal {
            Some(problem) => problem,
            None => Problem::modified_concurrently(),
        })
    }

    /// The same, telling a condition that did not hold from a failure.
    pub async fn try_commit(&self, changes: AccountChanges) -> Result<Result<(), RefusedChange>, Problem> {
        Box::pin(async move {
            let AccountChanges { mut plan, failure, messages, events, revokes } = changes;
            if let Some(problem) = failure {
                return Err(problem);
            }
            if let Some(guard) = &self.guard {
                guard.add_to(&mut plan)?;
            }
            let aws = &self.app.aws;
            for (user, posted) in messages {
                let mut own = Plan::default();
                let id = new_uuid(&aws.clock, &aws.entropy).simple().to_string();
                let Origin { request_id, traceparent, .. } = &self.origin;
                let cause = Cause { id: request_id, traceparent: traceparent.as_ref() };
                outbox::post(&mut own, id, self.now(), cause, posted)?;
                plan.append(own.in_partition(&outbox_of(user)));
            }
            let mut told = Vec::with_capacity(events.len());
            for occurrence in events {
                told.push(system_events::record(&mut plan, aws, &self.origin, occurrence)?);
            }
            let written = self.watch.as_ref().map(|watch| watch.writes(&plan, "")).transpose()?;
            match commit(aws, None, "", plan).await {
                Ok(()) => {
                    if let (Some(watch), Some(written)) = (&self.watch, written) {
                        watch.wrote(written);
                    }
                    told.iter().for_each(system_events::log_and_count);
                    if let Some(guard) = self.guard.as_ref().filter(|_| revokes) {
                        guard.moved();
                    }
                    Ok(Ok(()))
                }
                Err(Uncommitted::Refused { refusal: Some(refusal), .. })
                    if self.guard.as_ref().is_some_and(|guard| guard.is_refusal(&refusal)) =>
                {
                    Err(refusal)
                }
                Err(Uncommitted::Refused { table, sort, refusal, .. }) => {
                    let refusal = Watch::stale(self.watch.as_deref(), table, &sort).or(refusal);
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
        UserKind::LIFETIME.as_secs()
    }

    /// The claims of a genuine mailed link for this purpose.
    pub async fn verify_link(&self, token: &SecretText, purpose: &str) -> Result<Option<LinkClaims>, Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::MailedLink).await?;
        Ok(link::verify(&key, token.expose(), purpose, self.now()))
    }

    /// The pepper: a keyed digest of a password that only this deployment's KMS key can make. A version is a key of
    /// its own.
    pub async fn pepper(&self, version: u16, password: &SecretText) -> Result<SecretBytes, Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::Pepper(version)).await?;
        Ok(SecretBytes::new(hmac_sha256(key.expose(), password.expose().as_bytes()).to_vec()))
    }

    /// The version that new hashes are peppered with.
    pub fn pepper_version(&self) -> u16 {
        self.app.aws.config.pepper_version
    }

    /// The highest cost of a bcrypt hash that an import may bring; none where there are no such hashes.
    pub fn legacy_bcrypt_cost(&self) -> Option<u32> {
        self.app.aws.config.legacy_bcrypt_cost
    }

    /// How long an account recovery waits.
    pub fn recovery_wait(&self) -> SignedDuration {
        SignedDuration::from_hours(self.app.aws.config.recovery_wait_hours.into())
    }

    /// Records an event that changes nothing else.
    pub async fn emit(&self, occurrence: Occurrence) -> Result<(), Problem> {
        Box::pin(system_events::emit(&self.app.aws, &self.origin, occurrence)).await
    }

    /// A token for an answer (a challenge, a mark of a known device), under another key than mailed links.
    pub async fn sign_claims(&self, claims: &LinkClaims) -> Result<SecretText, Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::Claims).await?;
        link::sign(&key, claims)
    }

    /// The claims of a genuine token of ours for this purpose.
    pub async fn verify_claims(&self, token: &SecretText, purpose: &str) -> Result<Option<LinkClaims>, Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::Claims).await?;
        Ok(link::verify(&key, token.expose(), purpose, self.now()))
    }

    /// 64 bytes derived from a token and an attempt with this deployment's key.
    pub async fn derive_successor(&self, token: &SecretText, attempt: &SecretText) -> Result<[u8; 64], Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::Successors).await?;
        // Digests, so that no two pairs give the same message.
        let message = [sha256(token.expose().as_bytes()), sha256(attempt.expose().as_bytes())].concat();
        Ok(hmac_sha512(key.expose(), &message))
    }

    /// Seals a secret of a user's. It opens for the same purpose and user alone.
    pub async fn seal(&self, purpose: &'static str, user: UserId, secret: &SecretText) -> Result<String, Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::UserSecrets).await?;
        let sealed = aead::seal(&key, format!("{purpose}|{user}").as_bytes(), secret.expose().as_bytes())?;
        Ok(base64(&sealed))
    }

    pub async fn open(&self, purpose: &'static str, user: UserId, sealed: &str) -> Result<SecretText, Problem> {
        let unreadable = || Problem::internal("a user's sealed value does not open: it was changed or moved");
        let key = self.app.derived.get(&self.app.aws, Label::UserSecrets).await?;
        let sealed = from_base64(sealed).ok_or_else(unreadable)?;
        let plain = aead::open(&key, format!("{purpose}|{user}").as_bytes(), &sealed).ok_or_else(unreadable)?;
        let text = std::str::from_utf8(plain.expose()).map_err(|_| unreadable())?;
        Ok(SecretText::new(text.to_owned()))
    }

    /// Seals a letter to an address for a user's outbox: the mail job opens it there and nowhere else. The data key is
    /// kept for minutes, so that a warm function calls nothing.
    pub async fn seal_letter(&self, user: UserId, letter: &SecretText) -> Result<Sealed, Problem> {
        let (aws, partition) = (&self.app.aws, outbox_of(user));
        Box::pin(self.app.data_keys.seal(aws, None, &aws.config.system_key, &letter_place(&partition), letter)).await
    }

    /// The public keys by which access tokens and deletion certificates are verified.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, Problem> {
        Box::pin(self.signing.all.all(&self.app.aws)).await
    }
}

/// The partition of a user's messages.
fn outbox_of(user: UserId) -> String {
    format!("U#{user}")
}

/// What a sealed letter is bound to, besides its purpose: the outbox that stores it.
pub(crate) fn letter_place(outbox: &str) -> Place<'_> {
    Place { key_owner: KeyOwner::System, purpose: LETTER, owner: outbox }
}

/// Access to the account store by borrowing alone.
pub(crate) struct Store(pub(crate) Accounts);

impl Deref for Store {
    type Target = Accounts;

    fn deref(&self) -> &Accounts {
        &self.0
    }
}
