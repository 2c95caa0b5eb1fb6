//! Invitations: the stored item, and the signed claim of the emailed token.

use std::borrow::Borrow;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::invitation_error::InvitationError;
use super::records::AccountKey;
use crate::crypto::digest::{equal, hex};
use crate::crypto::link::{from_hex, sign_packed, verify_packed};
use crate::kernel::ids::{Id, Identified, UserId, WorkspaceId};
use crate::kernel::secrets::{SecretBytes, SecretText};
use crate::kernel::time::after;
use crate::table::Entity;
use crate::table::entity::Due;
use crate::tenancy::AssignableRole;
use crate::tenancy::scope::Scope;

/// How long an invitation can be accepted.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long an invitation is kept after its expiry, so that a late request gets the reason.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

pub type InvitationId = Id<Invitation>;

/// An invitation to a workspace: for one email address, valid once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invitation {
    pub id: InvitationId,
    pub role: AssignableRole,
    pub state: InvitationState,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// The normalised address, for those who manage members.
    #[serde(default)]
    pub email: String,
    /// None for an invitation from before it was recorded.
    #[serde(default)]
    pub invited_by: Option<UserId>,
    /// How many letters were asked for.
    #[serde(default)]
    pub letters: u32,
    /// The digest of the normalised address.
    address: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum InvitationState {
    Pending,
    Accepted { by: UserId, at: Timestamp },
    Declined { at: Timestamp },
    Revoked { at: Timestamp },
    Expired { at: Timestamp },
}

impl Identified for Invitation {
    const PREFIX: &'static str = "inv";
    const NAME: &'static str = "Invitation";
}

impl Entity for Invitation {
    const KIND: &'static str = "INVITATION";
    type Key = InvitationId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.id
    }

    /// A job records that it expired.
    fn due(&self) -> Option<Due> {
        (self.state == InvitationState::Pending).then(|| Due::at(self.expires_at))
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(after(self.expires_at, KEPT))
    }
}

/// The pending invitation of an address: a second one is refused. It expires with the invitation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingInvitation {
    /// The digest of the normalised address.
    address: String,
    pub invitation: InvitationId,
    expires_at: Timestamp,
}

impl Entity for PendingInvitation {
    const KIND: &'static str = "INVITED";
    type Key = str;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.address.as_str()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// A letter that was handed to the mail job: each is sent once, although its message may arrive twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InvitationLetter {
    key: String,
    expires_at: Timestamp,
}

impl InvitationLetter {
    pub fn new(invitation: &Invitation, number: u32) -> Self {
        Self { key: format!("{}#{number}", invitation.id), expires_at: after(invitation.expires_at, KEPT) }
    }

    pub fn key(&self) -> &str {
        &self.key
    }
}

impl Entity for InvitationLetter {
    const KIND: &'static str = "INVITATION_LETTER";
    type Key = str;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.key.as_str()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Invitation {
    /// An invitation for a normalised email address.
    pub fn new(workspace: &Scope, address: &str, role: AssignableRole, invited_by: UserId) -> Self {
        let created_at = workspace.now();
        Self {
            id: workspace.new_id(),
            role,
            state: InvitationState::Pending,
            created_at,
            expires_at: after(created_at, LIFETIME),
            email: address.to_owned(),
            invited_by: Some(invited_by),
            letters: 1,
            address: AccountKey::email_digest(address),
        }
    }

    /// The entry that makes it the only pending invitation of its address.
    pub fn pending(&self) -> PendingInvitation {
        PendingInvitation { address: self.address.clone(), invitation: self.id, expires_at: self.expires_at }
    }

    /// The domain of the invited address, in ASCII.
    pub fn domain(&self) -> &str {
        self.email.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The key of that entry.
    pub fn pending_key(&self) -> &str {
        &self.address
    }

    /// The claim of the emailed token. A message contains it; the job that sends the email signs it.
    pub fn claim(&self, workspace: WorkspaceId) -> InvitationClaim {
        let Self { id, role, expires_at, .. } = *self;
        InvitationClaim { workspace, invitation: id, role, address: self.address.clone(), expires_at }
    }

    /// Revokes an invitation that can still be accepted.
    pub fn revoke(&mut self, now: Timestamp) -> Result<(), InvitationError> {
        self.require_open(now)?;
        self.state = InvitationState::Revoked { at: now };
        Ok(())
    }

    /// Renews the lifetime of an invitation that can still be accepted. Earlier links stay valid until they expire.
    pub fn renew(&mut self, now: Timestamp) -> Result<(), InvitationError> {
        self.require_open(now)?;
        self.expires_at = after(now, LIFETIME);
        self.letters += 1;
        Ok(())
    }

    /// Whether it became due: then it is marked as expired.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let is_due = self.state == InvitationState::Pending && self.expires_at <= now;
        if is_due {
            self.state = InvitationState::Expired { at: self.expires_at };
        }
        is_due
    }

    fn require_open(&self, now: Timestamp) -> Result<(), InvitationError> {
        match self.state {
            InvitationState::Pending if now < self.expires_at => Ok(()),
            InvitationState::Pending | InvitationState::Expired { .. } => Err(InvitationError::Expired),
            InvitationState::Revoked { .. } => Err(InvitationError::Revoked),
            InvitationState::Accepted { .. } | InvitationState::Declined { .. } => Err(InvitationError::Used),
        }
    }

    pub(crate) fn settled(&self, state: InvitationState) -> Self {
        Self { state, ..self.clone() }
    }

    /// Whether a claim matches the stored invitation.
    pub(crate) fn is_of(&self, claim: &InvitationClaim) -> bool {
        self.role == claim.role && equal(self.address.as_bytes(), claim.address.as_bytes())
    }
}

/// The claim of an invitation's token: the workspace, the role and the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationClaim {
    pub(crate) workspace: WorkspaceId,
    pub(crate) invitation: InvitationId,
    pub(crate) role: AssignableRole,
    /// The digest of the normalised address, in hexadecimal digits.
    pub(crate) address: String,
    pub(crate) expires_at: Timestamp,
}

impl InvitationClaim {
    /// Until when its token can be used.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

/// The version of the format below.
const FORM: u8 = 1;
/// The packed form stores the index of a role in this list: append only.
const ROLES: [AssignableRole; 3] = [AssignableRole::Reviewer, AssignableRole::Member, AssignableRole::Admin];

impl InvitationClaim {
    /// The token for an email. It fits two lines.
    pub(crate) fn sign(&self, key: &SecretBytes) -> SecretText {
        sign_packed(key, &self.packed())
    }

    /// The claim of a token with a valid signature. [`InvitationClaim::require`] checks its address and expiry.
    pub(crate) fn verify(key: &SecretBytes, token: &SecretText) -> Result<Self, InvitationError> {
        verify_packed(key, token.expose()).and_then(|bytes| Self::unpacked(&bytes)).ok_or(InvitationError::Invalid)
    }

    /// Refuses a different address, and an expired claim.
    pub(crate) fn require(&self, address: &str, now: Timestamp) -> Result<(), InvitationError> {
        if !equal(self.address.as_bytes(), AccountKey::email_digest(address).as_bytes()) {
            return Err(InvitationError::OtherAddress);
        }
        if self.expires_at <= now {
            return Err(InvitationError::Expired);
        }
        Ok(())
    }

    /// The version, the 16 bytes of the workspace and those of the invitation, the role, the expiry in milliseconds as 8
    /// bytes, then the digest of the address.
    fn packed(&self) -> Vec<u8> {
        let role = ROLES.iter().position(|role| *role == self.role).and_then(|place| u8::try_from(place).ok());
        let mut bytes = vec![FORM];
        bytes.extend(self.workspace.as_bytes());
        bytes.extend(self.invitation.as_bytes());
        bytes.push(role.unwrap_or(u8::MAX));
        bytes.extend(self.expires_at.as_millisecond().to_be_bytes());
        bytes.extend(from_hex(&self.address).unwrap_or_default());
        bytes
    }

    fn unpacked(bytes: &[u8]) -> Option<Self> {
        let ([FORM], bytes) = bytes.split_first_chunk::<1>()? else { return None };
        let (workspace, bytes) = bytes.split_first_chunk::<16>()?;
        let (invitation, bytes) = bytes.split_first_chunk::<16>()?;
        let (role, bytes) = bytes.split_first()?;
        let (expires_ms, digest) = bytes.split_first_chunk::<8>()?;
        let digest: &[u8; 32] = digest.try_into().ok()?;
        Some(Self {
            workspace: WorkspaceId::from_bytes(*workspace),
            invitation: InvitationId::from_bytes(*invitation),
            role: *ROLES.get(usize::from(*role))?,
            address: hex(digest),
            expires_at: Timestamp::from_millisecond(i64::from_be_bytes(*expires_ms)).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::entropy::Entropy;
    use crate::kernel::time::Clock;

    const ADDRESS: &str = "ada@example.com";

    fn claim(role: AssignableRole) -> InvitationClaim {
        let (clock, entropy) = (Clock::system(), Entropy::system());
        InvitationClaim {
            workspace: WorkspaceId::new(&clock, &entropy),
            invitation: InvitationId::new(&clock, &entropy),
            role,
            address: AccountKey::email_digest(ADDRESS),
            expires_at: Timestamp::from_millisecond(1_800_000_000_123).unwrap_or_default(),
        }
    }

    #[test]
    fn a_signed_claim_is_read_as_it_was_written_and_fits_two_lines_of_a_mail() {
        let key = SecretBytes::new(vec![1; 32]);
        for role in ROLES {
            let claim = claim(role);
            let token = claim.sign(&key);
            assert!(token.expose().len() <= 2 * 78, "{}", token.expose().len());
            assert_eq!(InvitationClaim::verify(&key, &token), Ok(claim));
        }
    }

    #[test]
    fn a_token_with_any_changed_character_or_another_key_is_refused() {
        let (key, token) =
            (SecretBytes::new(vec![1; 32]), claim(AssignableRole::Member).sign(&SecretBytes::new(vec![1; 32])));
        let refused = |key: &SecretBytes, text: String| {
            InvitationClaim::verify(key, &SecretText::new(text)) == Err(InvitationError::Invalid)
        };
        assert!(refused(&SecretBytes::new(vec![2; 32]), token.expose().to_owned()));
        for place in 0..token.expose().len() {
            let mut text = token.expose().to_owned();
            let other = if &text[place..=place] == "A" { "B" } else { "A" };
            text.replace_range(place..=place, other);
            assert!(refused(&key, text), "{place}");
        }
        for length in 0..token.expose().len() {
            assert!(refused(&key, token.expose()[..length].to_owned()), "{length}");
        }
    }

    #[test]
    fn a_packed_claim_that_is_cut_or_names_an_unknown_role_is_none() {
        let whole = claim(AssignableRole::Admin).packed();
        assert!((0..whole.len()).all(|length| InvitationClaim::unpacked(&whole[..length]).is_none()));
        let role = 1 + 16 + 16;
        for unknown in 3..=u8::MAX {
            let mut packed = whole.clone();
            packed[role] = unknown;
            assert_eq!(InvitationClaim::unpacked(&packed), None, "{unknown}");
        }
    }

    #[test]
    fn a_claim_is_for_its_address_until_it_expires() {
        let claim = claim(AssignableRole::Member);
        let before = Timestamp::from_millisecond(1_800_000_000_122).unwrap_or_default();
        assert_eq!(claim.require(ADDRESS, before), Ok(()));
        assert_eq!(claim.require("eve@example.com", before), Err(InvitationError::OtherAddress));
        assert_eq!(claim.require(ADDRESS, claim.expires_at), Err(InvitationError::Expired));
    }
}
