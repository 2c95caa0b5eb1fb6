//! Admission: from a request's token to the proof that its route asks for.

use std::sync::Arc;

use super::accounts::{Accounts, Signing};
use super::proofs::{self, DirectoryEntry, Epoch, Found, MembershipProof, SessionProof};
use crate::audit::Origin;
use crate::aws::grants::Table;
use crate::crypto::digest::sha256_hex;
use crate::kernel::ids::{SessionId, UserId, WorkspaceId};
use crate::kernel::problems::Problem;
use crate::table::read::Reader;
use crate::tenancy::Role;
use crate::tenancy::app::App;
use crate::tenancy::entitlements::{self, Entitlement};
use crate::tenancy::remember::Remember;
use crate::tenancy::scope::{Scope, ScopeParts};

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Nothing.
    Anyone,
    /// Nothing, under the limit that guards credentials.
    Credentials,
    /// A live session.
    SignedIn,
    /// A live session of a member with at least this role.
    Workspace(Role),
}

/// Everything that admission found out. It is not public: a function crate that could name it could
/// pass it to another route's access.
pub struct Admission {
    pub(crate) level: Level,
    pub(crate) accounts: Accounts,
    pub(crate) signed_in: Option<(UserId, SessionId)>,
    /// The ids in the user's list, for routes outside a workspace.
    pub(crate) listed: Vec<WorkspaceId>,
    pub(crate) member: Option<(Scope, Role)>,
    pub(crate) function: &'static str,
    pub(crate) remember: Option<Arc<Remember>>,
}

/// A type that admission makes.
pub trait Admit: Sized + Send + Sync {
    const LEVEL: Level;
    fn admit(admission: Admission) -> Result<Self, Problem>;
    /// The workspace's scope, where the record of a repeatable request lies.
    fn scope(&self) -> Option<&Scope> {
        None
    }
}

pub(crate) struct Caller<'a> {
    pub(crate) app: &'a Arc<App>,
    pub(crate) signing: &'a Arc<Signing>,
    pub(crate) function: &'static str,
    pub(crate) level: Level,
    pub(crate) needs: &'static [Entitlement],
    /// The bearer token, without its scheme.
    pub(crate) token: Option<&'a str>,
    /// What the path says. A claim.
    pub(crate) workspace: Option<WorkspaceId>,
    /// Who calls from where; its actor is filled in here.
    pub(crate) origin: Origin,
    /// Of a repeatable request: its key's digest, its fingerprint, the status of its success.
    pub(crate) repeatable: Option<Repeatable>,
}

/// What the pipeline knows of a repeatable request before it knows the caller.
pub(crate) struct Repeatable {
    pub(crate) key: String,
    pub(crate) fingerprint: String,
    pub(crate) status: u16,
}

impl Repeatable {
    /// Binds the record to the caller, so that nobody meets another's.
    fn bind(self, user: UserId, workspace: Option<WorkspaceId>) -> Arc<Remember> {
        let sort = sha256_hex(format!("{user}|{}", self.key).as_bytes());
        let (table, partition, sort) = match workspace {
            Some(workspace) => (Table::Tenants, format!("W#{workspace}"), format!("IDEM#{sort}")),
            None => (Table::Platform, format!("IDEM#{user}"), sort),
        };
        Arc::new(Remember::new(table, partition, sort, self.fingerprint, self.status))
    }
}

fn not_signed_in() -> Problem {
    Problem::new(401, "not_signed_in", "This needs a valid access token: Authorization: Bearer <token>.")
}

/// Settles 401, 402, 403, 404 and 421, with one read.
pub(crate) async fn admit(caller: Caller<'_>) -> Result<Admission, Problem> {
    let Caller { app, signing, function, level, needs, token, workspace, mut origin, repeatable } = caller;
    let accounts = |origin| Accounts { app: app.clone(), signing: signing.clone(), origin };
    let minimum = match level {
        Level::Anyone | Level::Credentials => {
            let accounts = accounts(origin);
            return Ok(Admission {
                level,
                accounts,
                signed_in: None,
                listed: Vec::new(),
                member: None,
                function,
                remember: None,
            });
        }
        Level::SignedIn => None,
        Level::Workspace(role) => Some(role),
    };
    let token = token.ok_or_else(not_signed_in)?;
    let claims = match signing.all.verify(&app.aws, token).await? {
        Ok(claims) => claims,
        Err(refused) => {
            tracing::info!(rule = refused.0, "access token refused");
            return Err(not_signed_in());
        }
    };
    let (user, session) = (claims.sub, claims.sid);
    origin.actor = user.to_string();

    let session_key = proofs::session(user, session);
    let epoch_key = proofs::epoch(user);
    let mut keys = vec![session_key.clone(), epoch_key.clone()];
    match workspace {
        Some(workspace) => keys.extend([proofs::membership(workspace, user), proofs::directory(workspace)]),
        None => keys.push(proofs::list(user)),
    }
    let reader = Reader { aws: &app.aws, credentials: None };
    let found = Found::new(reader.batch(Table::Proofs, keys).await?);

    let now = app.aws.clock.now();
    let proof: SessionProof = found.read(&session_key)?.ok_or_else(not_signed_in)?;
    let Epoch { epoch } = found.read(&epoch_key)?.unwrap_or_default();
    if proof.epoch != epoch || proof.idle_ends_at <= now || proof.ends_at <= now {
        return Err(not_signed_in());
    }
    let remember = repeatable.map(|repeatable| repeatable.bind(user, workspace));
    let member = match (minimum, workspace) {
        (None, _) => None,
        // The path's id is not even an id: like any other that does not exist.
        (Some(_), None) => return Err(Problem::not_found()),
        (Some(minimum), Some(workspace)) => {
            let membership: Option<MembershipProof> = found.read(&proofs::membership(workspace, user))?;
            let entry: Option<DirectoryEntry> = found.read(&proofs::directory(workspace))?;
            let (Some(membership), Some(entry)) = (membership, entry) else { return Err(Problem::not_found()) };
            let here = (&app.aws.config.region, &app.aws.config.cell);
            if (&entry.region, &entry.cell) != here {
                let detail = format!("This workspace lives at {}.", entry.base_url);
                return Err(Problem::new(421, "workspace_lives_elsewhere", detail).located(entry.base_url));
            }
            if membership.role < minimum {
                return Err(Problem::new(403, "role_too_low", format!("This needs the role {}.", name(minimum))));
            }
            if entry.suspended {
                return Err(Problem::new(403, "workspace_suspended", "This workspace is suspended."));
            }
            entitlements::require(&entry.plan, needs)?;
            let scope = Scope::new(ScopeParts {
                app: app.clone(),
                workspace,
                plan: entry.plan,
                origin: origin.clone(),
                function,
                founder: None,
                remember: remember.clone(),
            });
            Some((scope, membership.role))
        }
    };
    let listed = if minimum.is_none() { found.workspaces(&proofs::list(user)) } else { Vec::new() };
    let (accounts, signed_in) = (accounts(origin), Some((user, session)));
    Ok(Admission { level, accounts, signed_in, listed, member, function, remember })
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Reviewer => "reviewer",
        Role::Member => "member",
        Role::Admin => "admin",
        Role::Owner => "owner",
    }
}
