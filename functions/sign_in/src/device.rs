//! Known devices: each sign-in returns a device token, which the client sends with its next sign-in.
//!
//! A user under attack can still sign in: a known device has its own count of failures (OWASP, "Slow Down Online
//! Guessing Attacks with Device Cookies"). The token alone grants no access. It is signed, so verifying it reads
//! nothing from storage and takes the same time for every address.

use std::borrow::Cow;

use mail::EmailAddress;
use serde::{Deserialize, Deserializer, de};
use shared::crypto::digest::{base64url, equal};
use shared::crypto::link::LinkClaims;
use shared::identity::{AccountKey, Accounts};
use shared::kernel::entropy::Entropy;
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, after};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

const PURPOSE: &str = "known-device";
/// Since the last sign-in on the device.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(180 * 24);
const LONGEST_CHARACTERS: usize = 600;
const NAME_BYTES: usize = 12;

/// The device token as a client sends it.
pub struct DeviceToken(SecretText);

/// A device whose token is valid for this email address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    /// A unique name; failures are counted under it.
    pub name: String,
}

impl KnownDevice {
    /// A new device.
    pub fn new(entropy: &Entropy) -> Self {
        Self { name: base64url(&entropy.bytes::<NAME_BYTES>()) }
    }
}

/// Why a text cannot be a device token. A forged or expired token is not an error: the device is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the device_token of an earlier sign-in: at most {LONGEST_CHARACTERS} characters")]
pub struct NotADeviceToken;

/// Verifies a device token. `None` for a token that is missing, forged, expired or for another address.
pub async fn recognise(
    accounts: &Accounts,
    token: Option<&DeviceToken>,
    email: &EmailAddress,
) -> Result<Option<KnownDevice>, Problem> {
    let Some(DeviceToken(token)) = token else { return Ok(None) };
    let Some(LinkClaims { binding, .. }) = accounts.verify_claims(token, PURPOSE).await? else { return Ok(None) };
    let known = binding
        .split_once('|')
        .filter(|(address, _)| equal(address.as_bytes(), AccountKey::email_digest(email.as_str()).as_bytes()));
    Ok(known.map(|(_, name)| KnownDevice { name: name.to_owned() }))
}

/// Issues the token of a device that has just signed in: a known device keeps its name, with a new expiry.
pub async fn mark(
    accounts: &Accounts,
    user: UserId,
    email: &EmailAddress,
    device: Option<KnownDevice>,
) -> Result<SecretText, Problem> {
    let KnownDevice { name } = device.unwrap_or_else(|| KnownDevice::new(accounts.entropy()));
    let claims = LinkClaims {
        purpose: PURPOSE.to_owned(),
        user,
        binding: format!("{}|{name}", AccountKey::email_digest(email.as_str())),
        expires_at: after(accounts.now(), KNOWN_FOR),
    };
    accounts.sign_claims(&claims).await
}

impl<'de> Deserialize<'de> for DeviceToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > LONGEST_CHARACTERS {
            return Err(de::Error::custom(NotADeviceToken));
        }
        Ok(Self(SecretText::new(text)))
    }
}

impl utoipa::PartialSchema for DeviceToken {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "The device_token of an earlier sign-in on this device. It exempts the device from delays caused by failed sign-ins elsewhere.",
            ))
            .max_length(Some(LONGEST_CHARACTERS))
            .into()
    }
}

impl utoipa::ToSchema for DeviceToken {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("DeviceToken")
    }
}
