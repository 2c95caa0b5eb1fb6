//! Staff: members of the operator's staff, who are not users and have a separate plane.
//!
//! The proof and sessions of a member are stored in Proofs under `STAFF#<id>`, which no route of users may read.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::accounts::{Accounts, Store};
use super::admission::{Admission, Admit, Asking, Level};
use super::caller::not_signed_in;
use super::proofs::{Found, Key};
use super::staff_permissions::{DeclaredStaffPermission, StaffPermission, StaffRole};
use super::token::{Bearer, Claims, EXPIRED};
use crate::audit::Actor;
use crate::aws::grants::{Statement, Table};
use crate::aws::route_rights::STAFF_BASE;
use crate::kernel::ids::{SessionId, StaffId, StaffKind, UserKind};
use crate::kernel::plane::Plane;
use crate::kernel::problem_codes::PASSKEY_NEEDED;
use crate::kernel::problems::Problem;
use crate::system_events::{self, EventKind, Occurrence, Severity};
use crate::table::guard::Guard;
use crate::table::read::Reader;

/// How long a session of the staff lasts.
pub const STAFF_SESSION_LIFETIME: SignedDuration = StaffKind::LIFETIME;

/// A caller outside the staff asked for one of its routes: a user, or a caller whom nothing identifies.
pub static STAFF_ROUTE_ATTEMPTED: EventKind = EventKind::security("staff_route_attempted", Severity::Warning);

/// A member of the staff.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StaffProof {
    /// Sessions of an earlier epoch are invalid.
    pub(crate) epoch: u64,
    pub(crate) roles: Vec<StaffRole>,
}

/// A session of a member of the staff. Nothing extends it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StaffSession {
    pub(crate) epoch: u64,
    pub(crate) ends_at: Timestamp,
    /// When a passkey was verified in it.
    pub(crate) passkey_at: Option<Timestamp>,
}

pub(crate) fn member(staff: StaffId) -> Key {
    (format!("STAFF#{staff}"), "MEMBER".to_owned())
}

pub(crate) fn session(staff: StaffId, session: SessionId) -> Key {
    (format!("STAFF#{staff}"), format!("SESSION#{session}"))
}

/// A member of the staff with a valid session.
#[derive(Clone, Debug)]
pub(crate) struct StaffCaller {
    pub(crate) id: StaffId,
    session: SessionId,
    epoch: u64,
    ends_at: Timestamp,
    roles: Vec<StaffRole>,
}

/// The proof of a member of the staff with the permission `P`, in a session with a verified passkey.
pub struct Staff<P: StaffPermission> {
    accounts: Store,
    caller: StaffCaller,
    permission: PhantomData<fn() -> P>,
}

impl<P: StaffPermission> Staff<P> {
    pub fn id(&self) -> StaffId {
        self.caller.id
    }

    pub fn session(&self) -> SessionId {
        self.caller.session
    }

    pub fn roles(&self) -> &[StaffRole] {
        &self.caller.roles
    }

    /// The epoch that admitted the request.
    pub(super) fn own_epoch(&self) -> u64 {
        self.caller.epoch
    }

    /// When the session ends.
    pub fn session_ends_at(&self) -> Timestamp {
        self.caller.ends_at
    }
}

impl<P: StaffPermission> Access for Staff<P> {}
impl<P: StaffPermission> Admit for Staff<P> {
    const LEVEL: Level = Level::Staff(P::DECLARED);
    const PLANES: &'static [Plane] = &[Plane::STAFF];
    const BASE: &'static [Statement] = STAFF_BASE;
    // A staff route may be about a workspace: its id in the path is an ordinary field.
    const REFUSES: &'static [&'static str] = &[];

    fn admit(admission: Admission) -> Result<Self, Problem> {
        let Admission { level, accounts, staff, .. } = admission;
        let caller = staff.filter(|_| level == Self::LEVEL);
        let caller = caller.ok_or_else(|| Problem::internal("no member of the staff was checked"))?;
        // Checked again, although the pipeline did: the meaning of the type depends on this line.
        P::DECLARED.require(&caller.roles)?;
        Ok(Self { accounts: Store(accounts), caller, permission: PhantomData })
    }
}

impl<P: StaffPermission> Deref for Staff<P> {
    type Target = Accounts;

    fn deref(&self) -> &Accounts {
        &self.accounts
    }
}

/// The claims of a genuine staff token. Only its bearer learns that there is a staff route: 401 if it is no longer valid.
/// Every other caller gets the answer of a path that does not exist.
async fn claims(asking: &Asking<'_>) -> Result<Claims<StaffKind>, Problem> {
    let aws = &asking.app.aws;
    let Some(token) = asking.token else { return Err(attempted(asking, None).await?) };
    match asking.signing.all.verify::<StaffKind>(aws, token).await? {
        Ok(claims) => Ok(claims),
        Err(EXPIRED) => Err(not_signed_in()),
        Err(refused) => {
            tracing::info!(rule = refused.0, "staff token refused");
            let user = asking.signing.all.verify::<UserKind>(aws, token).await?.ok();
            Err(attempted(asking, user.map(|claims| claims.sub.to_string())).await?)
        }
    }
}

/// Records an attempt from outside the staff, at most once an hour for each user, and for each network of callers whom
/// nothing identifies: many attempts must not fill the table. Returns the answer.
async fn attempted(asking: &Asking<'_>, user: Option<String>) -> Result<Problem, Problem> {
    let Asking { app, origin, function, .. } = asking;
    let detail = json!({ "route": function });
    let occurrence = match user {
        Some(user) => Occurrence::of(&STAFF_ROUTE_ATTEMPTED, &user).once(&user).detail(detail),
        None => Occurrence::of_network(&STAFF_ROUTE_ATTEMPTED, origin.ip.as_deref().unwrap_or_default(), detail),
    };
    system_events::emit(&app.aws, origin, occurrence).await?;
    Ok(Problem::not_found())
}

/// Admits a member of the staff with one read.
pub(super) async fn admit(asking: Asking<'_>, needed: DeclaredStaffPermission) -> Result<Admission, Problem> {
    let aws = &asking.app.aws;
    let claims = claims(&asking).await?;
    let (id, proved, own) = (claims.sub, member(claims.sub), session(claims.sub, claims.sid));
    let reader = Reader { aws, session: None };
    let found = Found::new(reader.batch(Table::Proofs, vec![proved.clone(), own.clone()]).await?);
    let (Some(proof), Some(opened)) = (found.read::<StaffProof>(&proved)?, found.read::<StaffSession>(&own)?) else {
        return Err(not_signed_in());
    };
    let now = aws.clock.now();
    if opened.epoch != proof.epoch || opened.ends_at <= now {
        return Err(not_signed_in());
    }
    if opened.passkey_at.is_none() {
        return Err(Problem::new(PASSKEY_NEEDED, "This requires a session with a verified passkey."));
    }
    needed.require(&proof.roles)?;
    let mut admission = asking.without_caller()?;
    admission.accounts.origin.actor = Actor::Staff { id: id.to_string(), on_behalf_of: None };
    let still = Guard::new(Table::Proofs, proved, "e.epoch = :epoch", proof.epoch, not_signed_in);
    admission.accounts.guard = Some(Arc::new(still));
    let StaffProof { epoch, roles } = proof;
    admission.staff = Some(StaffCaller { id, session: claims.sid, ends_at: opened.ends_at, epoch, roles });
    Ok(admission)
}
