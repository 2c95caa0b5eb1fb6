//! Access: the proofs that a route can ask for.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::accounts::{Accounts, Store};
use super::admission::{Admission, Admit, Level, WORKSPACE};
use super::admitted::Admitted;
use super::caller::Caller;
use super::entering::Founding;
use super::memberships::Membership;
use super::sessions::{Strength, TokenEpoch, UserEpoch};
use crate::aws::grants::Statement;
use crate::aws::route_rights::OPEN_BASE;
use crate::kernel::ids::{SessionId, UserId, WorkspaceId};
use crate::kernel::plane::Plane;
use crate::kernel::problems::Problem;
use crate::tenancy::Permission;
use crate::tenancy::SecurityRules;
use crate::tenancy::remember::Remember;
use crate::tenancy::scope::{Scope, ScopeParts, Workspace};

/// The argument of a route's handler. Only the types of this module and `Workspace<P>` implement it.
pub trait Access: Admit {}

/// Any caller; no credential is required.
pub struct Anyone {
    accounts: Store,
    plane: Plane,
}

/// A caller who presents credentials: five failed attempts in five minutes from one IP address.
pub struct Credentials {
    accounts: Store,
    is_proved: AtomicBool,
}

/// A caller with a valid session, or with a personal access token if the route admits one.
pub struct Known {
    accounts: Store,
    caller: Caller,
    listed: Vec<WorkspaceId>,
}

/// A caller with a valid session.
pub struct SignedIn {
    known: Known,
    session: SessionId,
    function: &'static str,
    remember: Option<Arc<Remember>>,
}

/// A level that the pipeline did not check is an internal error: the request is refused.
fn checked(admission: &Admission, level: Level) -> Result<(), Problem> {
    if admission.level == level {
        Ok(())
    } else {
        Err(Problem::internal(format!("admitted as {:?}, asked as {level:?}", admission.level)))
    }
}

impl Access for Anyone {}
impl Admit for Anyone {
    const LEVEL: Level = Level::Anyone;
    const BASE: &'static [Statement] = OPEN_BASE;
    const MAY_MOVE: bool = true;

    fn admit(admission: Admission) -> Result<Self, Problem> {
        checked(&admission, Self::LEVEL)?;
        Ok(Self { accounts: Store(admission.accounts), plane: admission.plane })
    }
}

impl Anyone {
    /// The plane of the request.
    pub fn plane(&self) -> Plane {
        self.plane
    }

    /// The address of that plane.
    pub fn plane_url(&self) -> Result<&str, Problem> {
        self.accounts.app.aws.config.planes.url(self.plane)
    }
}

impl Deref for Anyone {
    type Target = Accounts;

    fn deref(&self) -> &Accounts {
        &self.accounts
    }
}

impl Access for Credentials {}
impl Admit for Credentials {
    const LEVEL: Level = Level::Credentials;
    const BASE: &'static [Statement] = OPEN_BASE;
    const MAY_MOVE: bool = true;

    fn admit(admission: Admission) -> Result<Self, Problem> {
        checked(&admission, Self::LEVEL)?;
        Ok(Self { accounts: Store(admission.accounts), is_proved: AtomicBool::new(false) })
    }

    fn is_proved(&self) -> bool {
        self.is_proved.load(Ordering::Relaxed)
    }
}

impl Credentials {
    /// Marks the caller's authentication as complete: they opened a session, or used an emailed link. Once the request
    /// has succeeded, its own attempt no longer counts.
    ///
    /// Call it after the commit. A right password without the required second factor is not enough.
    pub fn proved(&self) {
        self.is_proved.store(true, Ordering::Relaxed);
    }
}

impl Deref for Credentials {
    type Target = Accounts;

    fn deref(&self) -> &Accounts {
        &self.accounts
    }
}

fn caller(admission: &Admission) -> Result<Caller, Problem> {
    admission.caller.ok_or_else(|| Problem::internal("no caller was checked"))
}

impl Access for Known {}
impl Admit for Known {
    const LEVEL: Level = Level::Known;
    const TAKES_TOKENS: bool = true;

    fn admit(admission: Admission) -> Result<Self, Problem> {
        checked(&admission, Self::LEVEL)?;
        let caller = caller(&admission)?;
        Ok(Self { accounts: Store(admission.accounts), caller, listed: admission.listed })
    }
}

impl Access for SignedIn {}
impl Admit for SignedIn {
    const LEVEL: Level = Level::SignedIn;

    fn admit(admission: Admission) -> Result<Self, Problem> {
        checked(&admission, Self::LEVEL)?;
        let caller = caller(&admission)?;
        let session = caller.session().ok_or_else(|| Problem::internal("no session was checked"))?;
        let Admission { accounts, listed, function, remember, .. } = admission;
        Ok(Self { known: Known { accounts: Store(accounts), caller, listed }, session, function, remember })
    }
}

impl Deref for SignedIn {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.known
    }
}

impl SignedIn {
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The strength of the session.
    pub fn strength(&self) -> Strength {
        self.caller.strength
    }

    /// The epoch of the user's personal access tokens at admission.
    pub fn token_epoch(&self) -> TokenEpoch {
        TokenEpoch(self.caller.epochs.token_epoch)
    }

    /// Starts the creation of a workspace of the caller, with a new id.
    pub fn found_workspace(&self) -> Founding {
        Founding { scope: self.scope_outside(self.accounts.new_id()), user: self.user() }
    }

    /// A scope over a workspace that the caller is not a member of yet.
    pub(crate) fn scope_outside(&self, workspace: WorkspaceId) -> Scope {
        Scope::new(ScopeParts {
            app: self.accounts.app.clone(),
            workspace,
            security: SecurityRules::default(),
            origin: self.accounts.origin.clone(),
            function: self.function,
            directory: None,
            guard: self.accounts.guard.clone(),
            remember: self.remember.clone(),
            watch: None,
        })
    }
}

impl Known {
    pub fn user(&self) -> UserId {
        self.caller.user
    }

    /// The user's epoch at admission.
    pub fn epoch(&self) -> UserEpoch {
        self.caller.epoch()
    }

    /// The account store.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The workspaces that the caller is a member of, oldest first. Takes one read, or none if the caller has no
    /// workspaces.
    pub async fn memberships(&self) -> Result<Vec<Membership>, Problem> {
        self.accounts.memberships_in(self.user(), &self.listed).await
    }

    /// The caller's membership of one workspace; `None` for a non-member.
    pub async fn membership(&self, workspace: WorkspaceId) -> Result<Option<Membership>, Problem> {
        Ok(self.accounts.memberships_in(self.user(), &[workspace]).await?.pop())
    }
}

impl<P: Permission> Access for Workspace<P> {}
impl<P: Permission> Admit for Workspace<P> {
    const LEVEL: Level = Level::Workspace(P::DECLARED);
    const TAKES_TOKENS: bool = true;
    const SETTLES: &'static [&'static str] = &[WORKSPACE];
    const REFUSES: &'static [&'static str] = &[];

    fn admit(admission: Admission) -> Result<Self, Problem> {
        checked(&admission, Self::LEVEL)?;
        let Admitted { scope, author, standing, plan, name, trashed_at, is_read_only } =
            admission.member.ok_or_else(|| Problem::internal("no membership was checked"))?;
        // Checked again, although the pipeline checked it: this check is the guarantee of the type.
        P::DECLARED.require(standing)?;
        Ok(Self::prove(scope, author, standing, (plan, name, trashed_at), is_read_only))
    }

    fn scope(&self) -> Option<&Scope> {
        Some(self)
    }
}
