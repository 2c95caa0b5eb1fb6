//! A member of the operator's staff in the one workspace of the path.
//!
//! It is not a scope: it reads the directory entry and entities without content, and each change has an entry in the
//! workspace's audit log and a system event, in one transaction.

use std::collections::HashMap;

use jiff::Timestamp;

use super::access::Access;
use super::accounts::Accounts;
use super::admission::{Admission, Admit, Level, WORKSPACE};
use super::directory::{ByOperator, Directory, DirectoryChange};
use super::invitation::{Invitation, PendingInvitation};
use super::proofs::{Found, row};
use super::staff::{self, Staff, StaffProof};
use super::staff_permissions::StaffPermission;
use super::suspension::{self, SuspensionError, SuspensionRequest, SuspensionRequestId};
use super::workspace_outline::{MAILED_OWNERS, members};
use crate::audit::Origin;
use crate::aws::grants::{Statement, Table};
use crate::kernel::ids::{UserId, WorkspaceId};
use crate::kernel::plane::Plane;
use crate::kernel::problem_codes::{WORKSPACE_LIVES_ELSEWHERE, WORKSPACE_TRASHED};
use crate::kernel::problems::{Problem, ProblemCode};
use crate::system_events::{self, Occurrence};
use crate::table::commit::{Act, Expected, Plan};
use crate::table::item::{body, encode, number};
use crate::table::read::Reader;
use crate::table::{Entity, Stored};
use crate::tenancy::scope::{Scope, ScopeParts};
use crate::tenancy::{Audited, Changes, Listing, Page, PlanOverride, Role, SecurityRules};

/// The proof of a member of the staff with the permission `P`, for the workspace that the path names.
pub struct StaffWorkspace<P: StaffPermission> {
    staff: Staff<P>,
    scope: Scope,
}

/// An entity without content, which the staff may read and change.
pub trait OpenToStaff: Entity + sealed::WithoutContent {}

mod sealed {
    pub trait WithoutContent {}
}

macro_rules! open_to_staff {
    ($($entity:ty),+) => { $(
        impl sealed::WithoutContent for $entity {}
        impl OpenToStaff for $entity {}
    )+ };
}
open_to_staff!(Invitation, PendingInvitation, PlanOverride);

impl<P: StaffPermission> Access for StaffWorkspace<P> {}
impl<P: StaffPermission> Admit for StaffWorkspace<P> {
    const LEVEL: Level = <Staff<P> as Admit>::LEVEL;
    const PLANES: &'static [Plane] = <Staff<P> as Admit>::PLANES;
    const BASE: &'static [Statement] = <Staff<P> as Admit>::BASE;
    const SETTLES: &'static [&'static str] = &[WORKSPACE];
    const REFUSES: &'static [&'static str] = &[];
    const PROBLEMS: &'static [ProblemCode] = &[WORKSPACE_LIVES_ELSEWHERE, WORKSPACE_TRASHED];

    fn admit(admission: Admission) -> Result<Self, Problem> {
        let (named, function) = (admission.named, admission.function);
        let staff = Staff::<P>::admit(admission)?;
        // A malformed id in the path behaves like the id of a missing workspace.
        let workspace = named.ok_or_else(Problem::not_found)?;
        let Accounts { app, origin, guard, .. } = &*staff;
        // The customer sees who acted, and not from where.
        let origin = Origin { ip: None, user_agent: None, ..origin.clone() };
        let scope = Scope::new(ScopeParts {
            app: app.clone(),
            workspace,
            security: SecurityRules::default(),
            origin,
            function,
            directory: None,
            guard: guard.clone(),
            remember: None,
            watch: None,
        });
        Ok(Self { staff, scope })
    }
}

impl<P: StaffPermission> StaffWorkspace<P> {
    pub fn id(&self) -> WorkspaceId {
        self.scope.id()
    }

    pub fn now(&self) -> Timestamp {
        self.scope.now()
    }

    /// Who acts.
    pub fn staff(&self) -> &Staff<P> {
        &self.staff
    }

    /// The current directory entry. Needs `Grant::ReadPlan`. 404 if there is no such workspace, 421 if another region or cell
    /// serves it, 403 if its erasure has begun.
    pub async fn directory(&self) -> Result<Directory<'_>, Problem> {
        let directory = Directory::read(&self.scope).await?;
        directory.require_not_erased()?;
        Ok(directory)
    }

    /// An entity without content. Needs `Grant::GetItems`.
    pub async fn find<E: OpenToStaff>(&self, key: &E::Key) -> Result<Option<Stored<E>>, Problem> {
        self.scope.find(key).await
    }

    /// A page of entities without content, newest first. Needs `Grant::ReadItems`.
    pub async fn page<E: OpenToStaff>(&self, page: &Page) -> Result<Listing<Stored<E>>, Problem> {
        self.scope.page("", page).await
    }

    /// The owners who are emailed, at most 50. Needs `Grant::ReadMembers`.
    pub async fn owners(&self) -> Result<Vec<UserId>, Problem> {
        let members = members(&self.reader(), self.id()).await?;
        let owners = members.into_iter().filter(|(_, role)| *role == Role::Owner);
        Ok(owners.map(|(user, _)| user).take(MAILED_OWNERS).collect())
    }

    /// Commits changes of entities, provided that the directory entry is as it was read. Needs `Grant::ProveStaff`.
    pub async fn commit(
        &self,
        directory: &Directory<'_>,
        audited: Audited,
        occurrence: Occurrence,
    ) -> Result<(), Problem> {
        let mut plan = Plan::default();
        directory.unchanged(&mut plan);
        self.commit_audited(audited, plan, occurrence).await
    }

    /// Commits a change of the directory entry. Needs `Grant::ProveStaff` and `Grant::ChangeDirectory`.
    pub async fn change(
        &self,
        change: DirectoryChange<'_, ByOperator>,
        audited: Audited,
        occurrence: Occurrence,
    ) -> Result<(), Problem> {
        self.commit_audited(audited, change.into_plan()?, occurrence).await
    }

    /// The pending request to suspend the workspace. Needs `Grant::ReadSuspensionRequests` or `Grant::RequestSuspensions`.
    pub async fn suspension_request(&self) -> Result<Option<SuspensionRequest>, Problem> {
        let (partition, sort) = suspension::key(self.id());
        let item = Box::pin(async { self.scope.reader().await?.get(Table::Proofs, &partition, &sort).await }).await?;
        let request = item.as_ref().map(body::<SuspensionRequest>).transpose()?;
        Ok(request.filter(|request| self.now() < request.expires_at))
    }

    /// Requests the suspension of the workspace. 409 if it is suspended, or has a pending request.
    pub async fn request_suspension(
        &self,
        (reason, ticket): (String, String),
        occurrence: impl FnOnce(&SuspensionRequest) -> Occurrence,
    ) -> Result<SuspensionRequest, Problem> {
        let directory = self.directory().await?;
        if directory.is_suspended() {
            return Err(SuspensionError::AlreadySuspended.into());
        }
        let requester = (self.staff.id(), self.staff.own_epoch());
        let request = SuspensionRequest::new(self.scope.new_id(), requester, (reason, ticket), self.now());
        let (partition, sort) = suspension::key(self.id());
        let mut plan = Plan::default();
        directory.unchanged(&mut plan);
        plan.put(Table::Proofs, Some(partition), row(&sort, &request, Some(request.expires_at))?, Expected::Absent);
        plan.refuse(SuspensionError::Requested.into());
        self.commit_with(unchanged("nothing of the workspace changes yet"), plan, occurrence(&request)).await?;
        Ok(request)
    }

    /// Withdraws a pending request.
    pub async fn withdraw_suspension(
        &self,
        request: &SuspensionRequest,
        occurrence: Occurrence,
    ) -> Result<(), Problem> {
        let mut plan = Plan::default();
        self.end_request(&mut plan, request)?;
        self.commit_with(unchanged("nothing of the workspace changed"), plan, occurrence).await
    }

    /// Suspends the workspace by the request with this id, which another member of the staff made, whose roles still have the
    /// permission `R`. It ends the request, so that one suspends once.
    pub async fn suspend<R: StaffPermission>(
        &self,
        (directory, request): (&Directory<'_>, &SuspensionRequest),
        id: SuspensionRequestId,
        audited: Audited,
        occurrence: Occurrence,
    ) -> Result<(), Problem> {
        if directory.is_suspended() {
            return Err(SuspensionError::AlreadySuspended.into());
        }
        request.require(id, self.staff.id(), self.now())?;
        let mut plan = Plan::default();
        self.end_request(&mut plan, request)?;
        self.require_requester::<R>(&mut plan, request).await?;
        plan.append(directory.change().suspend().into_plan()?);
        self.commit_audited(audited, plan, occurrence).await
    }

    /// By its id: another request of the same revision may have replaced it.
    fn end_request(&self, plan: &mut Plan, request: &SuspensionRequest) -> Result<(), Problem> {
        let (partition, sort) = suspension::key(self.id());
        let same = Expected::That("e.#id = :id", HashMap::from([(":id".to_owned(), encode(&request.id)?)]));
        plan.add(Table::Proofs, Some(partition), sort, Act::Delete(same));
        plan.refuse(SuspensionError::Over.into());
        Ok(())
    }

    /// Requires that the requester was not revoked, and has the roles that were just read.
    async fn require_requester<R: StaffPermission>(
        &self,
        plan: &mut Plan,
        request: &SuspensionRequest,
    ) -> Result<(), Problem> {
        let key = staff::member(request.requested_by);
        let found = Found::new(Box::pin(self.reader().batch(Table::Proofs, vec![key.clone()])).await?);
        let proof = found.read::<StaffProof>(&key)?.filter(|proof| proof.epoch == request.epoch);
        let roles = proof.map(|proof| proof.roles).filter(|roles| R::DECLARED.require(roles).is_ok());
        let roles = encode(&roles.ok_or(SuspensionError::Over)?)?;
        let values = HashMap::from([(":epoch".to_owned(), number(request.epoch)), (":roles".to_owned(), roles)]);
        let still = Expected::That("e.epoch = :epoch AND e.#roles = :roles", values);
        plan.add(Table::Proofs, Some(key.0), key.1, Act::Check(still));
        plan.refuse(SuspensionError::Over.into());
        Ok(())
    }

    fn reader(&self) -> Reader<'_> {
        Reader { aws: &self.scope.app().aws, session: None }
    }

    async fn commit_audited(&self, audited: Audited, plan: Plan, occurrence: Occurrence) -> Result<(), Problem> {
        if audited.entries.is_empty() {
            return Err(Problem::internal("a change by the staff has no audit entry"));
        }
        self.commit_with(audited, plan, occurrence).await
    }

    async fn commit_with(&self, audited: Audited, mut plan: Plan, occurrence: Occurrence) -> Result<(), Problem> {
        let aws = &self.scope.app().aws;
        let event = system_events::record(&mut plan, aws, self.staff.origin(), occurrence)?;
        Box::pin(self.scope.commit_plan(audited, plan)).await?;
        system_events::log_and_count(&event);
        Ok(())
    }
}

fn unchanged(why: &'static str) -> Audited {
    Changes::default().unaudited(why)
}
