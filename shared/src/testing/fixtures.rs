//! Users and workspaces, written directly to the tables, and scopes minted without a request.

use std::sync::Arc;

use serde::Serialize;

use super::{Posted, TestApp};
use crate::audit::{Actor, Origin};
use crate::aws::grants::{Grant, Table};
use crate::function::Function;
use crate::identity::accounts::Signing;
use crate::identity::admission::Admission;
use crate::identity::admitted::Admitted;
use crate::identity::caller::{Caller, Credential};
use crate::identity::membership_changes::{Cap, MembershipChanges};
use crate::identity::personal_token::NewToken;
use crate::identity::proofs::{self, DirectoryEntry, Epoch, Key, SessionProof, TokenProof};
use crate::identity::sessions::{IDLE_LIFETIME, SESSION_LIFETIME, SessionTerms, Strength};
use crate::identity::staff::{self, STAFF_SESSION_LIFETIME, StaffProof, StaffSession};
use crate::identity::{AccountChanges, EpochTurn, Mailroom, SenderKeyring, StaffRole};
use crate::kernel::ids::{Id, SessionId, StaffId, UserId, WorkspaceId};
use crate::kernel::job_context::JobContext;
use crate::kernel::plane::Plane;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::kernel::time::{SignedDuration, Timestamp, after};
use crate::kernel::worker::Cancellation;
use crate::table::commit::{Expected, Plan, commit};
use crate::tenancy::app::App;
use crate::tenancy::scope::{Scope, ScopeParts};
use crate::tenancy::tenant::Tenant;
use crate::tenancy::{Overrides, ReadOnlyAfter, Role, SecurityRules, WorkspacePlan};

use super::person::{Person, StaffMember};
use super::requests::{Request, Response};
use crate::http::pipeline::Exchange;
use crate::identity::accounts::Accounts;

/// The grants that fixtures use: tests do not test fixtures. Those of objects are apart, because a session policy with
/// all of them would exceed the limit of STS.
pub(super) const GRANTS: &[Grant] = &[
    Grant::ReadItems,
    Grant::WriteItems,
    Grant::ReadPlan,
    Grant::ChangeDirectory,
    Grant::ReadAudit,
    Grant::SealSecrets,
    Grant::OpenSecrets,
    Grant::ReadUserRecords,
    Grant::WriteUserRecords,
    Grant::DeleteUserRecords,
    Grant::ReadAddresses,
    Grant::WriteAddresses,
    Grant::DeleteAddresses,
    Grant::ReadRefreshTokens,
    Grant::WriteRefreshTokens,
    Grant::DeleteRefreshTokens,
    Grant::ReadCeremonies,
    Grant::WriteCeremonies,
    Grant::DeleteCeremonies,
    Grant::ReadStaff,
    Grant::WriteStaff,
    Grant::DeleteStaff,
    Grant::ReadSessions,
    Grant::WriteSessions,
    Grant::DeleteSessions,
    Grant::ReadTokenUses,
    Grant::LeaveWorkspaces,
    Grant::WriteLetters,
    Grant::SignTokens,
    Grant::DeriveKeys,
    Grant::ReplaceSenderKeys,
    Grant::ReadDue,
    Grant::ReadAccountsDue,
    Grant::ReadEvents,
    Grant::CallPlatforms,
    Grant::ReadPlatformApps,
];

pub(super) const OBJECT_GRANTS: &[Grant] = &[
    Grant::ReadItems,
    Grant::WriteItems,
    Grant::ReadObjects,
    Grant::WriteObjects,
    Grant::SignUploads,
    Grant::SignDownloads,
];

impl TestApp {
    /// A new workspace on the plan `studio`, and its owner.
    pub async fn owner(&self) -> Result<Person, Problem> {
        self.founder_on("studio").await
    }

    /// A plan, as part of a member's proof.
    pub fn plan(name: &str) -> WorkspacePlan {
        WorkspacePlan::new(name.to_owned(), Overrides::default(), ReadOnlyAfter::default(), Timestamp::UNIX_EPOCH)
    }

    /// A new workspace on a plan, and its owner.
    pub async fn founder_on(&self, plan: &str) -> Result<Person, Problem> {
        let workspace = self.new_id();
        let entry = DirectoryEntry {
            name: "Test".to_owned(),
            plan: plan.to_owned(),
            region: self.config.region.clone(),
            cell: self.config.cell.clone(),
            base_url: self.config.base_url.clone(),
            suspended: false,
            security: SecurityRules::default(),
            // The first owner is counted as they join.
            owners: 0,
            trashed_at: None,
            erasing_at: None,
            overrides: Overrides::default(),
            read_only_after: ReadOnlyAfter::default(),
            created_at: self.now(),
        };
        self.put_proof(proofs::directory(workspace), &entry, None).await?;
        self.join(workspace, Role::Owner).await
    }

    /// A new member of a workspace.
    pub async fn join(&self, workspace: WorkspaceId, role: Role) -> Result<Person, Problem> {
        let (user, session) = (self.new_id(), self.new_id());
        let now = self.now();
        // As after a sign-in with a second factor, so that admins and owners are admitted.
        let proof = SessionProof {
            epoch: 1,
            idle_ends_at: after(now, IDLE_LIFETIME),
            ends_at: after(now, SESSION_LIFETIME),
            started_at: Some(now),
            strength: Strength::Multi,
            factor_epoch: 1,
            factor_at: now,
        };
        self.put_proof(proofs::session(user, session), &proof, Some(proof.ends_at)).await?;
        let epoch = Epoch { enrolled: true, factor_epoch: 1, ..Epoch::first() };
        self.put_proof(proofs::epoch(user), &epoch, None).await?;
        self.add_member(workspace, user, role).await?;
        let token = self.mint(user, session).await?;
        Ok(Person { user, session, workspace, role, token })
    }

    /// Makes a user a member of a workspace.
    pub async fn add_member(&self, workspace: WorkspaceId, user: UserId, role: Role) -> Result<(), Problem> {
        let cap = Cap { workspaces: u32::MAX, too_many: Problem::internal("in too many workspaces") };
        let plan = MembershipChanges::of(workspace).enter(user, role, self.now(), cap)?.uninvited().into_plan();
        commit(&self.fixtures.aws, None, &format!("W#{workspace}"), plan).await.map_err(Problem::from)
    }

    /// The same person in another session, which was just authenticated with this strength.
    pub async fn with_strength(&self, person: &Person, strength: Strength) -> Result<Person, Problem> {
        let (accounts, now, session) = (self.accounts(), self.now(), self.new_id());
        let (epoch, ends_at) = (accounts.epoch(person.user).await?, after(now, SESSION_LIFETIME));
        let terms = SessionTerms { user: person.user, session, epoch, started_at: now, ends_at };
        accounts.commit(AccountChanges::default().open_session(&terms, strength, now)).await?;
        let token = self.mint(person.user, session).await?;
        Ok(Person { session, token, ..person.clone() })
    }

    /// The same person in another session, after they removed their second factor.
    pub async fn without_second_factor(&self, person: &Person) -> Result<Person, Problem> {
        let accounts = self.accounts();
        let epoch = accounts.epoch(person.user).await?;
        let turn = EpochTurn::default().and_unenrolling();
        accounts.commit(AccountChanges::default().turn(person.user, epoch, turn)).await?;
        self.with_strength(person, Strength::Single).await
    }

    /// A personal access token of a person, valid for an hour.
    pub async fn personal_token(&self, person: &Person, scopes: &[&str]) -> Result<NewToken, Problem> {
        self.token_for(person, None, scopes).await
    }

    /// The same for the person's workspace only.
    pub async fn bound_token(&self, person: &Person, scopes: &[&str]) -> Result<NewToken, Problem> {
        self.token_for(person, Some(person.workspace), scopes).await
    }

    async fn token_for(
        &self,
        person: &Person,
        workspace: Option<WorkspaceId>,
        scopes: &[&str],
    ) -> Result<NewToken, Problem> {
        let token = NewToken::of(person.user, &self.entropy);
        let expires_at = after(self.now(), SignedDuration::from_hours(1));
        let proof = TokenProof {
            id: self.new_id(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            workspace,
            strength: Strength::Single,
            factor_epoch: 0,
            token_epoch: 0,
            created_at: self.now(),
            expires_at,
        };
        self.put_proof(proofs::token(person.user, &token.digest), &proof, Some(expires_at)).await?;
        Ok(token)
    }

    /// A new member of the staff with a live session, in which a passkey was proved or was not.
    pub async fn staff(&self, roles: &[StaffRole], passkey_at: Option<Timestamp>) -> Result<StaffMember, Problem> {
        let (id, session): (StaffId, SessionId) = (self.new_id(), self.new_id());
        let now = self.now();
        let ends_at = after(now, STAFF_SESSION_LIFETIME);
        let opened = StaffSession { epoch: 1, ends_at, passkey_at };
        self.put_proof(staff::session(id, session), &opened, Some(ends_at)).await?;
        self.set_staff(id, 1, roles).await?;
        let token = Signing::default().own.mint(&self.fixtures.aws, id, session).await?;
        Ok(StaffMember { id, session, token: token.expose().to_owned() })
    }

    /// Another access token of a session of the staff.
    pub async fn staff_token(&self, id: StaffId, session: SessionId) -> Result<String, Problem> {
        let token = Signing::default().own.mint(&self.fixtures.aws, id, session).await?;
        Ok(token.expose().to_owned())
    }

    /// Sets the epoch and the roles of a member of the staff.
    pub async fn set_staff(&self, id: StaffId, epoch: u64, roles: &[StaffRole]) -> Result<(), Problem> {
        let proof = StaffProof { epoch, roles: roles.to_vec() };
        self.put_proof(proofs::override_standing(id), &proof, None).await?;
        self.put_proof(staff::member(id), &proof, None).await
    }

    async fn put_proof(
        &self,
        (partition, sort): Key,
        proof: &impl Serialize,
        ends_at: Option<Timestamp>,
    ) -> Result<(), Problem> {
        let mut plan = Plan::default();
        plan.put(Table::Proofs, Some(partition), proofs::row(&sort, proof, ends_at)?, Expected::Any);
        commit(&self.fixtures.aws, None, "", plan).await.map_err(Problem::from)
    }

    /// Stores the keys of a sender.
    pub async fn sender_keys(&self, sender: &str, keys: &[&str]) -> Result<(), Problem> {
        let keys: Vec<_> = keys.iter().map(|key| SecretText::new((*key).to_owned())).collect();
        SenderKeyring::prove(self.fixtures.clone(), "test", "test".to_owned()).replace(sender, &keys).await
    }

    /// A fresh access token of a session.
    pub async fn mint(&self, user: UserId, session: SessionId) -> Result<String, Problem> {
        let token = Signing::default().own.mint(&self.fixtures.aws, user, session).await?;
        Ok(token.expose().to_owned())
    }

    pub fn new_id<T>(&self) -> Id<T> {
        Id::new(&self.clock, &self.entropy)
    }

    /// A scope of any workspace, to inspect the effects of a test.
    pub fn scope(&self, workspace: WorkspaceId) -> Tenant {
        self.tenant(&self.fixtures, workspace)
    }

    /// The same for its objects: without secrets and the audit log.
    pub fn object_scope(&self, workspace: WorkspaceId) -> Tenant {
        self.tenant(&self.object_fixtures, workspace)
    }

    fn tenant(&self, app: &Arc<App>, workspace: WorkspaceId) -> Tenant {
        let context = JobContext::new(1, Timestamp::MAX, Cancellation::never());
        Tenant::prove(self.mint_scope(app, workspace, "test"), context)
    }

    /// The account store, to inspect the effects of a test.
    pub fn accounts(&self) -> Accounts {
        let (app, origin) = (self.fixtures.clone(), self.origin(Actor::job("test")));
        Accounts { app, signing: Arc::default(), origin, guard: None, watch: None }
    }

    /// What the mail job has of a message in an outbox.
    pub fn mailroom(&self, posted: &Posted) -> Mailroom {
        Mailroom { app: self.fixtures.clone(), partition: posted.partition.clone() }
    }

    fn mint_scope(&self, app: &Arc<App>, workspace: WorkspaceId, function: &'static str) -> Scope {
        Scope::new(ScopeParts {
            app: app.clone(),
            workspace,
            security: SecurityRules::default(),
            origin: self.origin(Actor::job("test")),
            function,
            directory: None,
            guard: None,
            remember: None,
            watch: None,
        })
    }

    fn origin(&self, actor: Actor) -> Origin {
        Origin { actor, request_id: "test".to_owned(), ip: None, user_agent: None, traceparent: None }
    }

    /// Calls a route's handler with a proof of `person`'s own workspace, regardless of the path: as if the membership
    /// check were disabled. The scoped table must still refuse.
    pub async fn call_unchecked(&self, request: Request, person: &Person) -> Response {
        let function: &'static Function = request.function();
        let Some(entry) = function.route_declaration() else { return Response::none() };
        let pipeline = self.environment(function).pipeline;
        let incoming = request.into_incoming("test".to_owned(), || self.address());
        let scope = self.mint_scope(&self.fixtures, person.workspace, function.name());
        let accounts = Accounts {
            app: pipeline.app.clone(),
            signing: Arc::default(),
            origin: self.origin(Actor::User { id: person.user }),
            guard: None,
            watch: None,
        };
        let admission = Admission {
            level: entry.level,
            accounts,
            caller: Some(Caller {
                user: person.user,
                credential: Credential::Session(person.session),
                strength: Strength::Multi,
                factor_at: Some(self.now()),
                started_at: Some(self.now()),
                workspace: None,
                epochs: Epoch { enrolled: true, factor_epoch: 1, ..Epoch::first() },
            }),
            listed: Vec::new(),
            member: Some(Admitted {
                scope,
                author: person.user.into(),
                standing: Role::Owner.into(),
                plan: Self::plan("enterprise"),
                name: "Test".to_owned(),
                trashed_at: None,
                is_read_only: false,
            }),
            function: function.name(),
            named: None,
            plane: Plane::PRODUCT,
            verified: None,
            staff: None,
            remember: None,
        };
        let exchange = Exchange::unrepeatable(&pipeline, &incoming);
        let result = (entry.call)(admission, &exchange).await;
        Response::read(pipeline.respond(&incoming, result, &[], &[]))
    }
}
