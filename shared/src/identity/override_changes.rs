//! The only module that writes override sessions: the staff opens and ends them, owners approve and end them.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::directory::Directory;
use super::override_session::{
    APPROVED_WITHIN, NewOverrideToken, OVERRIDE_APPROVAL, OverrideProof, OverrideSession, still_staff,
};
use super::proofs;
use super::staff::Staff;
use super::staff_permissions::StaffPermission;
use super::staff_workspace::StaffWorkspace;
use super::workspace_outline::{MAILED_OWNERS, members};
use crate::audit::{Actor, Origin};
use crate::aws::grants::Table;
use crate::kernel::ids::{OverrideSessionId, StaffId, UserId, WorkspaceId};
use crate::kernel::problem_codes::MODIFIED_CONCURRENTLY;
use crate::kernel::problems::Problem;
use crate::kernel::time::after;
use crate::system_events::{self, Occurrence};
use crate::table::commit::{Act, Expected, Plan};
use crate::table::entity::Stored;
use crate::table::item::{Item, body, integer, string};
use crate::table::read::{PageQuery, Reader};
use crate::tenancy::permissions::ManageStaffAccess;
use crate::tenancy::scope::{Scope, ScopeParts};
use crate::tenancy::tenant::Tenant;
use crate::tenancy::{Audited, Covers, OverrideAccess, Permission, Role, SecurityRules, Workspace};

/// Sessions that are listed at once. They last for minutes, or wait for a day.
const PAGE: u32 = 100;
/// How long owners see sessions that are over.
const ENDED_KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long after its end a session is kept for the job that records it: as long as the job's message.
const KEPT_FOR_EXPIRY: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What a member of the staff asks for.
pub struct OverrideTerms {
    pub staff_name: String,
    pub access: OverrideAccess,
    pub reason: String,
    pub ticket: String,
    pub minutes: u32,
}

/// An entry of the list of a member's sessions.
#[derive(Serialize, Deserialize)]
struct Pointer {
    workspace: WorkspaceId,
}

/// The workspace of the path, for a member of the staff who opens a session into it. It reads no item of the workspace.
pub struct OverrideSite<'a, P: StaffPermission> {
    staff: &'a Staff<P>,
    scope: Scope,
    id: OverrideSessionId,
    directory: Directory<'a>,
    members: Vec<(UserId, Role)>,
}

impl<P: StaffPermission> StaffWorkspace<P> {
    /// The workspace, for a new session. Two reads, of Proofs alone; needs `Grant::ReadPlan`, `Grant::ReadMembers` and
    /// `Grant::OpenOverrides`. `name` is the member's, as the workspace's audit log has it.
    pub async fn override_site(&self, name: &str) -> Result<OverrideSite<'_, P>, Problem> {
        let (staff, directory) = (self.staff(), self.directory().await?);
        let members = members(&Reader { aws: &staff.app.aws, session: None }, self.id()).await?;
        let id = staff.new_id();
        let scope = staff.override_scope(self.id(), id, name);
        Ok(OverrideSite { staff, scope, id, directory, members })
    }
}

impl<P: StaffPermission> Staff<P> {
    /// The open and waiting sessions of a workspace. One read; needs `Grant::ListOverrides`.
    pub async fn overrides_in(&self, workspace: WorkspaceId) -> Result<Vec<OverrideSession>, Problem> {
        let reader = Reader { aws: &self.app.aws, session: None };
        let items = listed(&reader, &proofs::override_sessions(workspace), "ovr_").await?;
        sessions(&items, self.now())
    }

    /// The same of a member of the staff. Two reads.
    pub async fn overrides_of(&self, member: StaffId) -> Result<Vec<OverrideSession>, Problem> {
        let reader = Reader { aws: &self.app.aws, session: None };
        let pointers = listed(&reader, &proofs::overrides_of(member), "ovr_").await?;
        let key = |item: &Item| -> Result<_, Problem> {
            let Pointer { workspace } = body(item)?;
            let id = string(item, "sk").unwrap_or_default().parse().map_err(Problem::internal)?;
            Ok(proofs::override_session(workspace, id))
        };
        let keys = pointers.iter().map(key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let items = Box::pin(reader.batch(Table::Proofs, keys)).await?;
        let mut sessions = sessions(&items, self.now())?;
        sessions.sort_unstable_by_key(|session| std::cmp::Reverse(session.id));
        Ok(sessions)
    }

    /// Ends a session of this workspace, of any member of the staff. 404 if there is none. Needs `Grant::OpenOverrides`,
    /// `Grant::WriteAudit` and `Grant::ListOverrides`.
    pub async fn end_override(
        &self,
        workspace: WorkspaceId,
        id: OverrideSessionId,
        name: &str,
        audited: Audited,
    ) -> Result<(), Problem> {
        let reader = Reader { aws: &self.app.aws, session: None };
        let found = find(&reader, workspace, id, self.now()).await?;
        let scope = self.override_scope(workspace, id, name);
        Box::pin(scope.commit_plan(audited, ended(&found, self.now())?)).await
    }

    /// Only for what this module commits: the staff reads no item of a workspace by it.
    fn override_scope(&self, workspace: WorkspaceId, id: OverrideSessionId, name: &str) -> Scope {
        let staff = self.id();
        let actor = Actor::OverrideSession { id, staff, name: name.to_owned() };
        Scope::new(ScopeParts {
            app: self.app.clone(),
            workspace,
            security: SecurityRules::default(),
            origin: Origin { actor, ..self.origin.clone() },
            function: "override-session",
            directory: None,
            guard: Some(still_staff(proofs::override_standing(staff), self.own_epoch()).into()),
            remember: None,
            watch: None,
        })
    }
}

impl<P: StaffPermission> OverrideSite<'_, P> {
    /// The name of the workspace.
    pub fn name(&self) -> &str {
        self.directory.name()
    }

    /// Refuses a workspace that admits no one: suspended, or in the trash.
    pub fn require_open(&self) -> Result<(), Problem> {
        self.directory.require_open()
    }

    pub fn is_member(&self, user: UserId) -> bool {
        self.members.iter().any(|(member, _)| *member == user)
    }

    /// The owners who are emailed, at most 50.
    pub fn owners(&self) -> impl Iterator<Item = UserId> + '_ {
        self.members.iter().filter(|(_, role)| *role == Role::Owner).map(|(user, _)| *user).take(MAILED_OWNERS)
    }

    /// The most that the workspace's rules allow.
    pub fn allows(&self) -> OverrideAccess {
        self.directory.security().override_access
    }

    /// Whether an owner must approve each session.
    pub fn needs_approval(&self) -> bool {
        self.directory.plan().feature(OVERRIDE_APPROVAL.name()).value
    }

    /// The session on these terms, which begins now if it needs no approval.
    pub fn session(&self, terms: OverrideTerms) -> OverrideSession {
        let OverrideTerms { staff_name, access, reason, ticket, minutes } = terms;
        let now = self.scope.now();
        OverrideSession {
            id: self.id,
            workspace: self.scope.id(),
            staff: self.staff.id(),
            staff_name,
            access,
            reason,
            ticket,
            minutes,
            requested_at: now,
            begun_at: (!self.needs_approval()).then_some(now),
            approved_by: None,
            ended_at: None,
        }
    }

    pub fn token(&self) -> NewOverrideToken {
        NewOverrideToken::of(self.scope.id(), self.staff.id(), self.id, self.scope.entropy())
    }

    /// Opens the session, or asks for its approval, in one transaction with `audited`, the event and an entry of the member's
    /// list, if the directory entry is the one that was read: the rules, the plan and the state by which it was judged. Needs
    /// `Grant::OpenOverrides`, `Grant::ProveStaff` and `Grant::WriteAudit`.
    pub async fn open(
        &self,
        session: &OverrideSession,
        token: &NewOverrideToken,
        occurrence: Occurrence,
        audited: Audited,
    ) -> Result<(), Problem> {
        let (digest, staff_epoch) = (token.digest.clone(), self.staff.own_epoch());
        let proof = OverrideProof { digest, staff_epoch, session: session.clone() };
        let mut plan = Plan::default();
        put(&mut plan, &proof, Expected::Absent)?;
        // Longer than any session: what it names may have ended before.
        let until = after(session.requested_at, APPROVED_WITHIN * 2);
        let pointer = proofs::row(&self.id.to_string(), &Pointer { workspace: session.workspace }, Some(until))?;
        plan.put(Table::Proofs, Some(proofs::overrides_of(session.staff)), pointer, Expected::Absent);
        self.directory.unchanged(&mut plan);
        // With the address of the staff, which the workspace's own log has too.
        let event = system_events::record(&mut plan, &self.scope.app().aws, self.staff.origin(), occurrence)?;
        Box::pin(self.scope.commit_plan(audited, plan)).await?;
        system_events::log_and_count(&event);
        Ok(())
    }
}

impl<P: Permission + Covers<ManageStaffAccess>> Workspace<P> {
    /// The open and waiting sessions of the staff, and those that ended in the last 30 days, newest first. One read; needs
    /// `Grant::ReadOverrides`.
    pub async fn overrides(&self) -> Result<Vec<OverrideSession>, Problem> {
        let reader = self.reader().await?;
        // Backwards: those that are over come after the others, so that they displace none.
        let items = listed(&reader, &proofs::override_sessions(self.id()), "").await?;
        let session = |item: &Item| -> Result<OverrideSession, Problem> {
            if string(item, "sk").is_some_and(|sort| sort.starts_with("ovr_")) {
                let session = stored(item)?.into_inner().session;
                // Until the job has recorded it.
                let ended_at = Some(session.ends_at()).filter(|end| *end <= self.now());
                return Ok(OverrideSession { ended_at, ..session });
            }
            body(item)
        };
        let mut sessions = items.iter().map(session).collect::<Result<Vec<_>, _>>()?;
        sessions.sort_unstable_by_key(|session| std::cmp::Reverse(session.id));
        Ok(sessions)
    }

    /// A session of the staff with its revision; 404 if there is none. One read.
    pub async fn find_override(&self, id: OverrideSessionId) -> Result<FoundOverride, Problem> {
        let reader = Reader { aws: &self.app().aws, session: None };
        Ok(FoundOverride(find(&reader, self.id(), id, self.now()).await?))
    }

    /// Begins a session that waits: its minutes count from now. Needs `Grant::DecideOverrides`, `Grant::WriteItems` and
    /// `Grant::ProveMembership`.
    pub async fn approve_override(
        &self,
        found: FoundOverride,
        audited: impl FnOnce(&OverrideSession) -> Audited + Send,
    ) -> Result<OverrideSession, Problem> {
        let FoundOverride(mut found) = found;
        (found.session.begun_at, found.session.approved_by) = (Some(self.now()), Some(self.user()?));
        let mut plan = Plan::default();
        put(&mut plan, &found, Expected::Revision(found.revision))?;
        self.commit_plan_in_role(audited(&found.session), plan).await?;
        Ok(found.into_inner().session)
    }

    /// Ends a session, or refuses one that waits. The same grants.
    pub async fn end_override(&self, found: &FoundOverride, audited: Audited) -> Result<(), Problem> {
        self.commit_plan_in_role(audited, ended(&found.0, self.now())?).await
    }
}

impl Tenant {
    /// A session of the staff that no person has ended, whether or not its time is over. One read; needs
    /// `Grant::ExpireOverrides`.
    pub async fn unended_override(&self, id: OverrideSessionId) -> Result<Option<FoundOverride>, Problem> {
        let (partition, sort) = proofs::override_session(self.id(), id);
        let item = Box::pin(async { self.reader().await?.get(Table::Proofs, &partition, &sort).await }).await?;
        Ok(item.as_ref().map(stored).transpose()?.map(FoundOverride))
    }

    /// Ends a session whose time is over. Needs `Grant::ExpireOverrides` and `Grant::WriteAudit`. False if it has changed since it
    /// was read.
    pub async fn expire_override(&self, found: &FoundOverride, audited: Audited) -> Result<bool, Problem> {
        let over = ended(&found.0, found.session().ends_at())?;
        match Box::pin(self.commit_plan(audited, over)).await {
            Err(problem) if problem.code() == MODIFIED_CONCURRENTLY.code => Ok(false),
            committed => committed.map(|()| true),
        }
    }
}

/// A session as an owner or a job found it.
pub struct FoundOverride(Stored<OverrideProof>);

impl FoundOverride {
    pub fn session(&self) -> &OverrideSession {
        &self.0.session
    }

    pub fn into_session(self) -> OverrideSession {
        self.0.into_inner().session
    }
}

fn put(plan: &mut Plan, proof: &OverrideProof, expected: Expected) -> Result<(), Problem> {
    let (partition, sort) = proofs::override_session(proof.session.workspace, proof.session.id);
    let row = proofs::row(&sort, proof, Some(after(proof.session.ends_at(), KEPT_FOR_EXPIRY)))?;
    plan.put(Table::Proofs, Some(partition), row, expected);
    Ok(())
}

/// What admits it is deleted, and what owners see of it stays.
fn ended(found: &Stored<OverrideProof>, at: Timestamp) -> Result<Plan, Problem> {
    let session = OverrideSession { ended_at: Some(at), ..found.session.clone() };
    let (partition, sort) = proofs::override_session(session.workspace, session.id);
    let mut plan = Plan::default();
    plan.add(Table::Proofs, Some(partition), sort, Act::Delete(Expected::Revision(found.revision)));
    let (partition, sort) = proofs::ended_override(session.workspace, session.id);
    let row = proofs::row(&sort, &session, Some(after(at, ENDED_KEPT_FOR)))?;
    // One end deletes the session: that is the condition of this write, too.
    plan.put(Table::Proofs, Some(partition), row, Expected::Any);
    Ok(plan)
}

async fn listed(reader: &Reader<'_>, partition: &str, prefix: &str) -> Result<Vec<Item>, Problem> {
    let (table, limit, newest_first) = (Table::Proofs, PAGE, true);
    let query = PageQuery { table, partition, prefix, after: None, limit, newest_first };
    Ok(Box::pin(reader.page(query)).await?.0)
}

/// The sessions among these items that have not ended.
fn live(items: &[Item], now: Timestamp) -> Result<Vec<Stored<OverrideProof>>, Problem> {
    let mut found = items.iter().map(stored).collect::<Result<Vec<_>, _>>()?;
    found.retain(|proof| now < proof.session.ends_at());
    Ok(found)
}

fn sessions(items: &[Item], now: Timestamp) -> Result<Vec<OverrideSession>, Problem> {
    Ok(live(items, now)?.into_iter().map(|proof| proof.into_inner().session).collect())
}

fn stored(item: &Item) -> Result<Stored<OverrideProof>, Problem> {
    let revision = integer(item, "n").ok_or_else(|| Problem::internal("an override session has no revision"))?;
    Ok(Stored::new(body(item)?, revision))
}

async fn find(
    reader: &Reader<'_>,
    workspace: WorkspaceId,
    id: OverrideSessionId,
    now: Timestamp,
) -> Result<Stored<OverrideProof>, Problem> {
    let items = Box::pin(reader.batch(Table::Proofs, vec![proofs::override_session(workspace, id)])).await?;
    live(&items, now)?.pop().ok_or_else(Problem::not_found)
}
