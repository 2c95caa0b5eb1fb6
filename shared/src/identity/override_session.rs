//! Override sessions (`bho_…`): a member of the operator's staff in one workspace, for 60 minutes at most.
//!
//! The text of a token is the ids of its workspace, of its member of the staff and of itself with 30 random bytes in
//! base64url, and a checksum. The ids save reads: one BatchGetItem has the session, the standing of its member and the
//! directory entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::admission::{Admission, Asking, Level, WORKSPACE, session_needed};
use super::admitted::{Luggage, enter_by_override};
use super::caller::not_signed_in;
use super::proofs::{self, Found, Key};
use super::staff::StaffProof;
use super::staff_permissions::{OverrideWorkspaces, StaffPermission};
use crate::audit::{Actor, AuditAction, Target};
use crate::aws::grants::Table;
use crate::crypto::checksum::{bytes_of, secret_of};
use crate::crypto::digest::{equal, sha256_hex};
use crate::kernel::author::Author;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{OverrideSessionId, StaffId, UserId, WorkspaceId};
use crate::kernel::plane::Plane;
use crate::kernel::problem_codes::OVERRIDE_PENDING;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::kernel::time::after;
use crate::system_events::{self, EventKind, Occurrence, Severity};
use crate::table::guard::Guard;
use crate::table::read::Reader;
use crate::tenancy::{Changes, Entitlement, OverrideAccess};

/// The prefix of every token.
pub const PREFIX: &str = "bho_";
/// How long an owner can approve a session.
pub const APPROVED_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// An owner approves each session of the staff in the workspace.
pub const OVERRIDE_APPROVAL: Entitlement = Entitlement::named("OverrideApproval");
const ID_BYTES: usize = 16;
/// With the ids, a multiple of three: base64url has no bits to spare, so that a token has one spelling.
const RANDOM_BYTES: usize = 30;
/// The longest parameter that an entry has. Longer ones name no resource.
const PARAMETER_CHARACTERS: usize = 100;

/// A request was admitted in the session: what follows was read, or tried.
static OVERRIDE_SESSION_USED: AuditAction = AuditAction::named("override_session.used");

/// The token of an override session came from outside the networks of the staff.
static OVERRIDE_NETWORK_REFUSED: EventKind = EventKind::security("override_network_refused", Severity::Critical);

/// A session of a member of the staff in a workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OverrideSession {
    pub id: OverrideSessionId,
    pub workspace: WorkspaceId,
    pub staff: StaffId,
    /// The member's name at the opening.
    pub staff_name: String,
    pub access: OverrideAccess,
    pub reason: String,
    pub ticket: String,
    pub minutes: u32,
    pub requested_at: Timestamp,
    /// None while an owner has not approved it.
    pub begun_at: Option<Timestamp>,
    pub approved_by: Option<UserId>,
    /// When it was over: at its end, or earlier by a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

impl OverrideSession {
    /// When it ends; of one that waits for its approval, until when it can be approved. Nothing extends it.
    pub fn ends_at(&self) -> Timestamp {
        match self.begun_at {
            Some(begun_at) => after(begun_at, SignedDuration::from_mins(self.minutes.into())),
            None => after(self.requested_at, APPROVED_WITHIN),
        }
    }
}

/// What admits it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OverrideProof {
    pub(crate) digest: String,
    /// The member's epoch at the opening.
    pub(crate) staff_epoch: u64,
    pub(crate) session: OverrideSession,
}

/// A new token: shown once, and stored only as its digest.
pub struct NewOverrideToken {
    pub secret: SecretText,
    pub(crate) digest: String,
}

impl NewOverrideToken {
    pub fn of(workspace: WorkspaceId, staff: StaffId, session: OverrideSessionId, entropy: &Entropy) -> Self {
        let ids = [*workspace.as_bytes(), *staff.as_bytes(), *session.as_bytes()].concat();
        let secret = secret_of(PREFIX, &[ids.as_slice(), &entropy.bytes::<RANDOM_BYTES>()].concat());
        let digest = sha256_hex(secret.expose().as_bytes());
        Self { secret, digest }
    }
}

/// What a text claims to be a token of.
#[derive(Debug, PartialEq, Eq)]
struct Claimed {
    workspace: WorkspaceId,
    staff: StaffId,
    session: OverrideSessionId,
    digest: String,
}

fn parse(text: &str) -> Option<Claimed> {
    let bytes = bytes_of(PREFIX, text)?;
    let (workspace, rest) = bytes.split_first_chunk::<ID_BYTES>()?;
    let (staff, rest) = rest.split_first_chunk::<ID_BYTES>()?;
    let (session, random) = rest.split_first_chunk::<ID_BYTES>()?;
    (random.len() == RANDOM_BYTES).then(|| Claimed {
        workspace: WorkspaceId::from_bytes(*workspace),
        staff: StaffId::from_bytes(*staff),
        session: OverrideSessionId::from_bytes(*session),
        digest: sha256_hex(text.as_bytes()),
    })
}

/// The condition of every transaction in a session: that it was not ended, and that its member was not revoked.
fn still_valid(own: Key, standing: Key, staff_epoch: u64) -> Guard {
    let is_open = Guard::new(Table::Proofs, own, "e.staff_epoch = :epoch", staff_epoch, not_signed_in);
    is_open.and(still_staff(standing, staff_epoch))
}

/// The condition that a member of the staff was not revoked.
pub(super) fn still_staff(standing: Key, epoch: u64) -> Guard {
    Guard::new(Table::Proofs, standing, "e.epoch = :epoch", epoch, not_signed_in)
}

/// Refuses a genuine token from outside the networks of the staff as if it were unknown: it was probably stolen. Recorded once
/// an hour for each session.
async fn require_network(asking: &Asking<'_>, session: &OverrideSession) -> Result<(), Problem> {
    let (aws, ip) = (&asking.app.aws, asking.origin.ip.as_deref());
    if aws.config.planes.settings(Plane::STAFF).is_some_and(|settings| settings.networks.admit(ip)) {
        return Ok(());
    }
    let detail = json!({ "route": asking.function, "staff": session.staff, "workspace": session.workspace });
    let occurrence = Occurrence::of(&OVERRIDE_NETWORK_REFUSED, session.id).once(session.id).detail(detail);
    system_events::emit(aws, &asking.origin, occurrence).await?;
    Err(not_signed_in())
}

/// Admits a session with one read, and records its request in the workspace's audit log before anything is read for it.
pub(super) async fn admit(mut asking: Asking<'_>, text: &str) -> Result<Admission, Problem> {
    let aws = &asking.app.aws;
    let Claimed { workspace, staff, session: id, digest } = parse(text).ok_or_else(not_signed_in)?;
    let (own, standing) = (proofs::override_session(workspace, id), proofs::override_standing(staff));
    let keys = vec![own.clone(), standing.clone(), proofs::directory(workspace)];
    let reader = Reader { aws, session: None };
    let found = Found::new(reader.batch(Table::Proofs, keys).await?);
    let proof: Option<OverrideProof> = found.read(&own)?;
    let is_its = |proof: &OverrideProof| {
        proof.session.staff == staff
            && equal(proof.digest.as_bytes(), digest.as_bytes())
            && aws.clock.now() < proof.session.ends_at()
    };
    let proof = proof.filter(is_its).ok_or_else(not_signed_in)?;
    let member: Option<StaffProof> = found.read(&standing)?;
    let is_staff = |member: &StaffProof| {
        member.epoch == proof.staff_epoch && OverrideWorkspaces::DECLARED.require(&member.roles).is_ok()
    };
    member.filter(is_staff).ok_or_else(not_signed_in)?;
    let name = proof.session.staff_name.clone();
    asking.origin.actor = Actor::OverrideSession { id, staff, name };
    require_network(&asking, &proof.session).await?;
    // Outside of a workspace, a caller is a person.
    let Level::Workspace(needed) = asking.level else { return Err(session_needed()) };
    // For the session, another workspace behaves like a missing one.
    if asking.workspace != Some(workspace) {
        return Err(Problem::not_found());
    }
    if !asking.serves_overrides {
        return Err(session_needed());
    }
    if proof.session.begun_at.is_none() {
        let detail = "An owner of the workspace has not approved this override session yet.";
        return Err(Problem::new(OVERRIDE_PENDING, detail));
    }
    let guard = Arc::new(still_valid(own, standing, proof.staff_epoch));
    let (remember, watch, refused) = asking.take_conditions(Author::Override(id));
    let luggage = Luggage { guard: guard.clone(), remember: remember.clone(), watch };
    let entrant = (workspace, id, proof.session.access);
    let member = enter_by_override(&asking, entrant, needed, &found, luggage)?;
    refused.map_or(Ok(()), Err)?;
    let used = Changes::default().audit(&OVERRIDE_SESSION_USED, Target::from(id));
    member.scope.commit(used.detail(use_of(&asking))).await?;
    asking.entered(member, guard, remember)
}

/// What a request is for: the route, and the resource that its path names.
fn use_of(asking: &Asking<'_>) -> serde_json::Value {
    let named = asking.parameters.iter().filter(|(name, _)| name != WORKSPACE);
    let short = |value: &str| value.chars().take(PARAMETER_CHARACTERS).collect::<String>();
    let resource: BTreeMap<&str, String> = named.map(|(name, value)| (name.as_str(), short(value))).collect();
    json!({ "route": asking.function, "resource": resource })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::crypto::checksum::checksum;
    use crate::kernel::time::Clock;

    fn new(entropy: &Entropy) -> (NewOverrideToken, Claimed) {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        let (workspace, staff) = (WorkspaceId::new(&clock, entropy), StaffId::new(&clock, entropy));
        let session = OverrideSessionId::new(&clock, entropy);
        let token = NewOverrideToken::of(workspace, staff, session, entropy);
        let digest = token.digest.clone();
        (token, Claimed { workspace, staff, session, digest })
    }

    #[test]
    fn a_token_parses_to_its_ids_and_another_spelling_is_refused() {
        let (token, claimed) = new(&Entropy::seeded(7));
        let text = token.secret.expose();
        assert_eq!(text.len(), 114);
        assert_eq!(parse(text), Some(claimed));
        // With a right checksum, too.
        let spelled = |payload: &str| format!("{PREFIX}{payload}{}", checksum(payload));
        let payload = &text[4..108];
        assert_eq!(spelled(payload), text);
        for wrong in [
            String::new(),
            text.replace("bho_", "bhw_"),
            text[..110].to_owned(),
            spelled(&payload[..103]),
            spelled(&format!("{payload}A")),
            spelled(&format!("{payload}=")),
            spelled(""),
        ] {
            assert_eq!(parse(&wrong), None, "{wrong}");
        }
        for at in PREFIX.len()..text.len() {
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            assert_eq!(parse(&format!("{}{other}{}", &text[..at], &text[at + 1..])), None, "letter {at}");
        }
    }

    #[test]
    fn a_session_lasts_its_minutes_from_its_beginning_and_waits_a_day_for_it() {
        let (_, Claimed { workspace, staff, session: id, .. }) = new(&Entropy::seeded(8));
        let requested_at = Timestamp::UNIX_EPOCH;
        let waiting = OverrideSession {
            id,
            workspace,
            staff,
            staff_name: "Grace Hopper".to_owned(),
            access: OverrideAccess::ReadOnly,
            reason: "r".to_owned(),
            ticket: "t".to_owned(),
            minutes: 60,
            requested_at,
            begun_at: None,
            approved_by: None,
            ended_at: None,
        };
        assert_eq!(waiting.ends_at(), after(requested_at, SignedDuration::from_hours(24)));
        let begun_at = after(requested_at, SignedDuration::from_hours(5));
        let begun = OverrideSession { begun_at: Some(begun_at), ..waiting };
        assert_eq!(begun.ends_at(), after(begun_at, SignedDuration::from_mins(60)));
    }
}
