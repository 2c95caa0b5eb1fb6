//! Entering a workspace: what the directory entry requires of a caller, and the proof that they were admitted.

use std::sync::Arc;

use jiff::Timestamp;

use super::admission::{Asking, second_factor_needed};
use super::caller::Caller;
use super::member::MEMBERS;
use super::proofs::{self, DirectoryEntry, Found, MembershipProof};
use super::sessions::Strength;
use super::workspace_token::WORKSPACE_TOKENS;
use crate::aws::grants::Table;
use crate::kernel::author::Author;
use crate::kernel::ids::{OverrideSessionId, WorkspaceId, WorkspaceTokenId};
use crate::kernel::problem_codes::{OVER_PLAN_LIMIT, OVERRIDE_READ_ONLY};
use crate::kernel::problems::Problem;
use crate::table::guard::Guard;
use crate::table::version::Watch;
use crate::tenancy::entitlements::{Limit, WorkspacePlan};
use crate::tenancy::remember::Remember;
use crate::tenancy::scope::{Scope, ScopeParts};
use crate::tenancy::{DeclaredPermission, OverrideAccess, Role, Standing};

/// A caller who was admitted to the workspace of the path, and what the directory entry says of it.
pub(crate) struct Admitted {
    pub(crate) scope: Scope,
    pub(crate) author: Author,
    pub(crate) standing: Standing,
    pub(crate) plan: WorkspacePlan,
    /// The name of the workspace.
    pub(crate) name: String,
    pub(crate) trashed_at: Option<Timestamp>,
    /// Whether the plan has no room for the caller, who can only read.
    pub(crate) is_read_only: bool,
}

/// What a request carries into a workspace.
pub(super) struct Luggage {
    pub(super) guard: Arc<Guard>,
    pub(super) remember: Option<Arc<Remember>>,
    pub(super) watch: Option<Arc<Watch>>,
}

/// Admits a user to the workspace of the path if membership, security rules, permission, plan and second factor allow it.
pub(super) fn enter(
    asking: &Asking<'_>,
    caller: &Caller,
    needed: DeclaredPermission,
    found: &Found,
    luggage: Luggage,
) -> Result<Admitted, Problem> {
    let app = asking.app;
    // A malformed id in the path behaves like the id of a missing workspace.
    let workspace = asking.workspace.ok_or_else(Problem::not_found)?;
    let membership: Option<MembershipProof> = found.read(&proofs::membership(workspace, caller.user))?;
    let entry: Option<DirectoryEntry> = found.read(&proofs::directory(workspace))?;
    let (Some(membership), Some(entry)) = (membership, entry) else { return Err(Problem::not_found()) };
    // A token for the workspace ends with the membership in which it was created, even if its user joins again.
    if caller.workspace.is_some_and(|(_, created_at)| created_at < membership.since) {
        return Err(Problem::not_found());
    }
    entry.require_here(&app.aws.config)?;
    let security = &entry.security;
    security.require_network(asking.origin.ip.as_deref())?;
    match caller.started_at {
        Some(started_at) => security.require_recent(started_at, app.aws.clock.now())?,
        None => security.require_personal_tokens()?,
    }
    needed.require(membership.role)?;
    if security.second_factor.binds(membership.role) && caller.strength < Strength::Multi {
        return Err(second_factor_needed());
    }
    let is_read_only = membership.lacks_room(&entry);
    if is_read_only {
        require_reading(asking, &entry, (MEMBERS, "members"))?;
    }
    let entrant = (workspace, Author::User(caller.user), membership.role.into());
    Ok(Admitted { is_read_only, ..admitted(asking, entrant, (entry, found), luggage)? })
}

/// Admits a token of the workspace if the network, its role and the plan allow it. The rules on sessions, second factors and
/// personal access tokens are about people.
pub(super) fn enter_by_token(
    asking: &Asking<'_>,
    (workspace, author, role): (WorkspaceId, Author, Role),
    needed: DeclaredPermission,
    found: &Found,
    luggage: Luggage,
) -> Result<Admitted, Problem> {
    let entry = entry_here(asking, workspace, found)?;
    entry.security.require_network(asking.origin.ip.as_deref())?;
    needed.require(role)?;
    let lacks_room = |token: WorkspaceTokenId| entry.read_only_after.covers(WORKSPACE_TOKENS, token.created_at());
    let is_read_only = matches!(author, Author::Token(token) if lacks_room(token));
    if is_read_only {
        require_reading(asking, &entry, (WORKSPACE_TOKENS, "tokens"))?;
    }
    Ok(Admitted { is_read_only, ..admitted(asking, (workspace, author, role.into()), (entry, found), luggage)? })
}

/// Admits a session of the staff if the workspace and the plan allow it. The rules of the workspace are about its members and
/// their programs: of the staff, the operator decides from where and how they sign in.
pub(super) fn enter_by_override(
    asking: &Asking<'_>,
    (workspace, session, wanted): (WorkspaceId, OverrideSessionId, OverrideAccess),
    needed: DeclaredPermission,
    found: &Found,
    luggage: Luggage,
) -> Result<Admitted, Problem> {
    let entry = entry_here(asking, workspace, found)?;
    // An owner who allows less is heard from the next request on.
    let access = wanted.min(entry.security.override_access);
    if access == OverrideAccess::ReadOnly && !asking.reads {
        return Err(Problem::new(OVERRIDE_READ_ONLY, "This override session can only read."));
    }
    needed.require(Standing::Override(access))?;
    admitted(asking, (workspace, Author::Override(session), Standing::Override(access)), (entry, found), luggage)
}

/// The directory entry of a workspace that this deployment serves.
fn entry_here(asking: &Asking<'_>, workspace: WorkspaceId, found: &Found) -> Result<DirectoryEntry, Problem> {
    let entry: Option<DirectoryEntry> = found.read(&proofs::directory(workspace))?;
    let entry = entry.ok_or_else(Problem::not_found)?;
    entry.require_here(&asking.app.aws.config)?;
    Ok(entry)
}

/// 403 if the request changes something, for a caller whom the plan has no room for: there are as many older members, or tokens, as
/// it allows.
fn require_reading(asking: &Asking<'_>, entry: &DirectoryEntry, (limit, things): (Limit, &str)) -> Result<(), Problem> {
    if asking.level.only_reads(asking.reads) {
        return Ok(());
    }
    let room = entry.plan_at(asking.app.aws.clock.now()).limit(limit);
    let detail = format!(
        "The workspace's plan allows {room} {things}, and this one is newer than those: it can read, but change nothing. \
         Upgrade the plan, or remove some of the others."
    );
    Err(Problem::new(OVER_PLAN_LIMIT, detail))
}

/// What the workspace itself requires, of every caller.
fn admitted(
    asking: &Asking<'_>,
    (workspace, author, standing): (WorkspaceId, Author, Standing),
    (entry, found): (DirectoryEntry, &Found),
    luggage: Luggage,
) -> Result<Admitted, Problem> {
    let app = asking.app;
    entry.require_active()?;
    if !asking.in_trash {
        entry.require_kept()?;
    }
    let plan = entry.plan_at(app.aws.clock.now());
    plan.require_all(asking.needs)?;
    let (directory, revision) = (proofs::directory(workspace), found.revision(&proofs::directory(workspace)));
    let Luggage { guard, remember, watch } = luggage;
    if let (Some(watch), Some(revision)) = (&watch, revision) {
        watch.read(Table::Proofs, (&directory.0, &directory.1), revision)?;
    }
    let scope = Scope::new(ScopeParts {
        app: app.clone(),
        workspace,
        security: entry.security,
        origin: asking.origin.clone(),
        function: asking.function,
        directory: revision,
        guard: Some(guard),
        remember,
        watch,
    });
    let (trashed_at, name) = (entry.trashed_at, entry.name);
    Ok(Admitted { scope, author, standing, plan, trashed_at, name, is_read_only: false })
}
