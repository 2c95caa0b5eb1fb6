//! Signed calls from other services: the sender, its signature scheme, and the proof that a call is genuine.

use std::marker::PhantomData;
use std::ops::Deref;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use super::access::Access;
use super::accounts::{Accounts, Store};
use super::admission::{Admission, Admit, Asking, Level};
use crate::audit::Actor;
use crate::aws::grants::Statement;
use crate::aws::route_rights::{INBOUND_BASE_WITH_KEYS, OPEN_BASE};
use crate::kernel::plane::Plane;
use crate::kernel::problem_codes::SIGNATURE_INVALID;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;

/// A service that signs its calls, as a type: `Inbound<Shop>` is the proof of a call from the shop.
pub trait Sender: Send + Sync + 'static {
    /// The name in audit logs, rate limits and the key store: lower-case words with hyphens, unique in the product.
    const NAME: &'static str;
    /// The source of the keys that verify its signatures.
    const KEYS: KeySource = KeySource::Stored;
    /// The limit of calls from one address in any minute, which replaces the address limit of other routes.
    const CALLS_PER_MINUTE: u32 = 1_200;

    /// Verifies the signature over the raw bytes of the body, before anything is parsed. Compare in constant time:
    /// [`is_hmac_sha256`](crate::crypto::digest::is_hmac_sha256), [`equal`](crate::crypto::digest::equal).
    fn verify(call: &SignedCall<'_>) -> Result<Verified, Unverified>;
}

/// The source of a sender's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// An operator stores them with the job `replace-sender-keys`, sealed under the system key.
    Stored,
    /// They are public, and part of `verify`.
    InCode,
}

/// A call whose signature is not verified yet.
pub struct SignedCall<'a> {
    pub body: &'a [u8],
    pub headers: &'a HeaderMap,
    pub now: Timestamp,
    /// The stored keys, the newest first; none for [`KeySource::InCode`].
    pub keys: &'a [SecretText],
}

impl<'a> SignedCall<'a> {
    /// A required header, in ASCII.
    pub fn header(&self, name: &str) -> Result<&'a str, Unverified> {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or(Unverified("a header is missing"))
    }

    /// Refuses a timestamp that differs from now by more than the tolerance, which limits replays. Compares whole seconds.
    pub fn sent_within(&self, sent_at: Timestamp, tolerance: SignedDuration) -> Result<(), Unverified> {
        if self.now.as_second().abs_diff(sent_at.as_second()) <= tolerance.unsigned_abs().as_secs() {
            Ok(())
        } else {
            Err(Unverified("outside the replay window"))
        }
    }
}

/// The signed facts of a genuine call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The sender's id of the message, which stays the same when it is repeated.
    pub message_id: String,
    pub sent_at: Option<Timestamp>,
}

/// The rule that a signature breaks. It is logged, not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unverified(pub &'static str);

/// A sender as a value.
#[derive(Clone, Copy)]
pub struct SenderEntry {
    pub(crate) name: &'static str,
    pub(crate) calls_per_minute: u32,
    keys: KeySource,
    verify: fn(&SignedCall<'_>) -> Result<Verified, Unverified>,
}

/// The proof of a call signed by `P`. It may be repeated: the handler must have one effect per
/// [`message_id`](Inbound::message_id).
pub struct Inbound<P: Sender> {
    accounts: Store,
    verified: Verified,
    sender: PhantomData<fn() -> P>,
}

impl<P: Sender> Inbound<P> {
    /// The sender's id of the message.
    pub fn message_id(&self) -> &str {
        &self.verified.message_id
    }

    /// When it was sent, if the sender signs a timestamp.
    pub fn sent_at(&self) -> Option<Timestamp> {
        self.verified.sent_at
    }
}

impl<P: Sender> Access for Inbound<P> {}
impl<P: Sender> Admit for Inbound<P> {
    const LEVEL: Level = Level::Inbound(P::NAME);
    const PLANES: &'static [Plane] = &[Plane::HOOKS];
    const BASE: &'static [Statement] = match P::KEYS {
        KeySource::Stored => INBOUND_BASE_WITH_KEYS,
        KeySource::InCode => OPEN_BASE,
    };
    const SENDER: Option<SenderEntry> =
        Some(SenderEntry { name: P::NAME, calls_per_minute: P::CALLS_PER_MINUTE, keys: P::KEYS, verify: P::verify });

    fn admit(admission: Admission) -> Result<Self, Problem> {
        match admission.verified {
            Some(verified) if admission.level == Self::LEVEL => {
                Ok(Self { accounts: Store(admission.accounts), verified, sender: PhantomData })
            }
            _ => Err(Problem::internal("no signature of this sender was verified")),
        }
    }
}

impl<P: Sender> Deref for Inbound<P> {
    type Target = Accounts;

    fn deref(&self) -> &Accounts {
        &self.accounts
    }
}

/// Admits a call whose signature its sender's rule verifies.
pub(super) async fn admit(asking: Asking<'_>) -> Result<Admission, Problem> {
    let aws = &asking.app.aws;
    let sender = asking.sender.ok_or_else(|| Problem::internal("a signed call without its sender"))?;
    let keys = match sender.keys {
        KeySource::Stored => asking.signing.senders.of(aws, sender.name).await?,
        KeySource::InCode => Vec::new(),
    };
    let call = SignedCall { body: asking.body, headers: asking.headers, now: aws.clock.now(), keys: &keys };
    let verified = (sender.verify)(&call).map_err(|refused| {
        tracing::info!(sender = sender.name, rule = refused.0, "signature refused");
        Problem::new(SIGNATURE_INVALID, "The signature is missing, not genuine, or too old.")
    })?;
    let mut admission = asking.without_caller()?;
    admission.accounts.origin.actor = Actor::Webhook { sender: sender.name.to_owned() };
    admission.verified = Some(verified);
    Ok(admission)
}
