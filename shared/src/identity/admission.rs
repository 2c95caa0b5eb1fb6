//! Admission: turns a request's token into the proof that its route requires.

use std::sync::Arc;

use http::HeaderMap;

use super::accounts::{Accounts, Signing};
use super::admitted::{Admitted, Luggage, enter};
use super::caller::{Caller, Credential, not_signed_in, still_admitted};
use super::inbound::{self, SenderEntry, Verified};
use super::override_session;
use super::personal_token::{self, TokenScope};
use super::proofs::{self, Epoch, Found, Key, SessionProof, TokenProof};
use super::staff::{self, StaffCaller};
use super::staff_permissions::DeclaredStaffPermission;
use super::workspace_token;
use crate::audit::Origin;
use crate::aws::grants::{Statement, Table};
use crate::aws::route_rights::ROUTE_BASE;
use crate::crypto::digest::sha256_hex;
use crate::kernel::author::Author;
use crate::kernel::ids::{SessionId, UserId, UserKind, WorkspaceId};
use crate::kernel::plane::Plane;
use crate::kernel::problem_codes::{FRESH_FACTOR_NEEDED, SCOPE_MISSING, SECOND_FACTOR_NEEDED, SESSION_NEEDED};
use crate::kernel::problems::{Problem, ProblemCode};
use crate::table::guard::Guard;
use crate::table::read::Reader;
use crate::table::version::Watch;
use crate::tenancy::DeclaredPermission;
use crate::tenancy::app::App;
use crate::tenancy::entitlements::Entitlement;
use crate::tenancy::remember::Remember;
use crate::tenancy::scope::Scope;

/// What a route requires of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Nothing.
    Anyone,
    /// Nothing, but under the limit on credentials.
    Credentials,
    /// A valid session, or a personal access token with the scope.
    Known,
    /// A live session.
    SignedIn,
    /// A session or token of a member, or a token of the workspace, whose role has this permission; or an override session
    /// that has it.
    Workspace(DeclaredPermission),
    /// A signature of this sender over the bytes of the body.
    Inbound(&'static str),
    /// A staff session with a verified passkey, of a member whose roles have this permission.
    Staff(DeclaredStaffPermission),
}

impl Level {
    /// Whether requests to a route of a workspace change nothing but the caller's own membership. `reads` tells whether its method
    /// only reads.
    pub(crate) fn only_reads(self, reads: bool) -> bool {
        matches!(self, Self::Workspace(permission) if reads || permission.only_reads())
    }

    /// Whether its callers are users, by a session or by a token of theirs, or tokens of a workspace.
    pub(crate) const fn is_of_user(self) -> bool {
        matches!(self, Self::Known | Self::SignedIn | Self::Workspace(_))
    }
}

/// The result of admission. It is not public: a function crate that could name it could pass it to another route's
/// access.
pub struct Admission {
    pub(crate) level: Level,
    pub(crate) accounts: Accounts,
    pub(crate) caller: Option<Caller>,
    /// The ids of the user's workspaces, for routes outside a workspace.
    pub(crate) listed: Vec<WorkspaceId>,
    pub(crate) member: Option<Admitted>,
    pub(crate) function: &'static str,
    /// The workspace that the path of a staff route names, unverified.
    pub(crate) named: Option<WorkspaceId>,
    /// The plane of the request.
    pub(crate) plane: Plane,
    /// The call that its sender's rule verified.
    pub(crate) verified: Option<Verified>,
    pub(crate) staff: Option<StaffCaller>,
    pub(crate) remember: Option<Arc<Remember>>,
}

impl Admission {
    /// The caller: a user, a token of the workspace, or an override session.
    pub(crate) fn author(&self) -> Option<Author> {
        let user = self.caller.as_ref().map(|caller| Author::User(caller.user));
        user.or_else(|| self.member.as_ref().map(|member| member.author))
    }
}

/// The path parameter that names a workspace.
pub(crate) const WORKSPACE: &str = "workspace_id";

/// A type that admission constructs.
pub trait Admit: Sized + Send + Sync {
    const LEVEL: Level;
    /// Whether a recently proved factor is required.
    const FRESH: bool = false;
    /// Whether the workspace may be in the trash.
    const IN_TRASH: bool = false;
    /// The plane that its routes are on.
    const PLANES: &'static [Plane] = &[Plane::PRODUCT];
    /// Whether a route may be declared on other planes (`Route::on`): if the access verifies nothing specific to a plane.
    const MAY_MOVE: bool = false;
    /// The rights of its routes in addition to their grants.
    const BASE: &'static [Statement] = ROUTE_BASE;
    /// The sender of the signed calls that it admits.
    const SENDER: Option<SenderEntry> = None;
    /// Whether a route may also admit tokens (`Endpoint::TOKEN`).
    const TAKES_TOKENS: bool = false;
    /// The path parameters that it proves: the path must have each of them, and they are not fields of the input.
    const SETTLES: &'static [&'static str] = &[];
    /// The path parameters that its routes must not have, because only another access proves them.
    const REFUSES: &'static [&'static str] = &[WORKSPACE];
    /// The problems of its methods, in addition to those of its level.
    const PROBLEMS: &'static [ProblemCode] = &[];
    fn admit(admission: Admission) -> Result<Self, Problem>;
    /// The workspace's scope, in which the record of a repeatable request is stored.
    fn scope(&self) -> Option<&Scope> {
        None
    }
    /// Whether the caller proved what their counted attempt had to prove.
    fn is_proved(&self) -> bool {
        false
    }
}

/// A request before its caller is known.
pub(crate) struct Asking<'a> {
    pub(crate) app: &'a Arc<App>,
    pub(crate) signing: &'a Arc<Signing>,
    pub(crate) function: &'static str,
    pub(crate) plane: Plane,
    pub(crate) level: Level,
    pub(crate) is_fresh: bool,
    /// Whether the workspace may be in the trash.
    pub(crate) in_trash: bool,
    pub(crate) needs: &'static [Entitlement],
    /// Whether the route only reads.
    pub(crate) reads: bool,
    /// Whether the route admits override sessions of the staff.
    pub(crate) serves_overrides: bool,
    /// The parameters of the path. Unverified.
    pub(crate) parameters: &'a [(String, String)],
    /// The scope that a token needs; without it, tokens are refused.
    pub(crate) token_scope: Option<TokenScope>,
    /// The bearer token, without its scheme.
    pub(crate) token: Option<&'a str>,
    /// The id in the path. Unverified.
    pub(crate) workspace: Option<WorkspaceId>,
    pub(crate) sender: Option<SenderEntry>,
    pub(crate) body: &'a [u8],
    pub(crate) headers: &'a HeaderMap,
    /// The origin of the call; admission fills in its actor.
    pub(crate) origin: Origin,
    /// The request's Idempotency-Key, or why it is refused.
    pub(crate) idempotency_key: Result<Option<IdempotencyKey>, Problem>,
    /// Tracks the version of the resource; or why the request's conditions are refused.
    pub(crate) watch: Result<Option<Arc<Watch>>, Problem>,
}

impl Asking<'_> {
    /// The admission of a request without an authenticated user.
    pub(super) fn without_caller(self) -> Result<Admission, Problem> {
        let Self { level, function, plane, watch, idempotency_key, workspace: named, .. } = self;
        // Idempotency keys are of callers. A malformed one is refused nevertheless.
        idempotency_key?;
        let (app, signing, origin) = (self.app.clone(), self.signing.clone(), self.origin);
        let accounts = Accounts { app, signing, origin, guard: None, watch: watch? };
        let (caller, member, verified, staff, remember) = (None, None, None, None, None);
        let listed = Vec::new();
        Ok(Admission { level, accounts, caller, listed, member, function, named, plane, verified, staff, remember })
    }

    /// The admission of a caller of a workspace who is no user.
    pub(super) fn entered(
        self,
        member: Admitted,
        guard: Arc<Guard>,
        remember: Option<Arc<Remember>>,
    ) -> Result<Admission, Problem> {
        let watch = member.scope.watch.clone();
        let mut admission = self.without_caller()?;
        admission.accounts.guard = Some(guard);
        admission.accounts.watch = watch;
        (admission.member, admission.remember) = (Some(member), remember);
        Ok(admission)
    }

    /// The record of the request's Idempotency-Key and the tracking of its resource; and why one of them is refused, which
    /// only an admitted caller learns.
    pub(super) fn take_conditions(&mut self, author: Author) -> Conditions {
        let key = std::mem::replace(&mut self.idempotency_key, Ok(None));
        let (key, mut refused) = key.map_or_else(|problem| (None, Some(problem)), |key| (key, None));
        let watch = std::mem::replace(&mut self.watch, Ok(None)).unwrap_or_else(|problem| {
            refused.get_or_insert(problem);
            None
        });
        (key.map(|key| key.bind(author, self.workspace)), watch, refused)
    }
}

type Conditions = (Option<Arc<Remember>>, Option<Arc<Watch>>, Option<Problem>);

/// A repeatable request before its caller is known: digests of the key and of the request, the kind of its resource and
/// the status of its success.
pub(crate) struct IdempotencyKey {
    pub(crate) key: String,
    pub(crate) fingerprint: String,
    pub(crate) kind: &'static str,
    pub(crate) status: u16,
}

impl IdempotencyKey {
    /// Binds the record to the caller, so that callers with the same key do not share a record.
    fn bind(self, author: Author, workspace: Option<WorkspaceId>) -> Arc<Remember> {
        let sort = sha256_hex(format!("{author}|{}", self.key).as_bytes());
        let (table, partition, sort) = match workspace {
            Some(workspace) => (Table::Tenants, format!("W#{workspace}"), format!("IDEM#{sort}")),
            None => (Table::System, format!("IDEM#{author}"), sort),
        };
        Arc::new(Remember::new((table, partition, sort), self.kind, self.fingerprint, self.status))
    }
}

/// The challenge for a session without a recently proved factor (RFC 9470, section 3).
pub(crate) fn factor_needed() -> Problem {
    let detail = "Re-authenticate first: a factor must have been verified in the last 10 minutes. POST /auth/step-up, then try \
                  again.";
    let challenge = "Bearer error=\"insufficient_user_authentication\", max_age=\"600\"";
    Problem::new(FRESH_FACTOR_NEEDED, detail).challenged(challenge)
}

pub(crate) fn session_needed() -> Problem {
    let detail = "This needs a session: a token cannot do it.";
    Problem::new(SESSION_NEEDED, detail)
}

pub(crate) fn scope_missing(needed: TokenScope) -> Problem {
    Problem::new(SCOPE_MISSING, format!("This needs a token with the scope {needed}."))
}

pub(crate) fn second_factor_needed() -> Problem {
    let detail =
        "This workspace requires a second factor. Set one up (POST /me/totp or /me/passkeys), or sign in with it.";
    Problem::new(SECOND_FACTOR_NEEDED, detail)
}

/// The credential of a request, before the store is read.
enum Presented {
    Session(UserId, SessionId),
    Token(UserId, String),
}

impl Presented {
    async fn read(asking: &Asking<'_>) -> Result<Self, Problem> {
        let token = asking.token.ok_or_else(not_signed_in)?;
        if token.starts_with(personal_token::PREFIX) {
            let (user, digest) = personal_token::parse(token).ok_or_else(not_signed_in)?;
            return Ok(Self::Token(user, digest));
        }
        match asking.signing.all.verify::<UserKind>(&asking.app.aws, token).await? {
            Ok(claims) => Ok(Self::Session(claims.sub, claims.sid)),
            Err(refused) => {
                tracing::info!(rule = refused.0, "access token refused");
                Err(not_signed_in())
            }
        }
    }

    fn user(&self) -> UserId {
        match self {
            Self::Session(user, _) | Self::Token(user, _) => *user,
        }
    }

    /// The keys of the items that prove it.
    fn keys(&self) -> Vec<Key> {
        match self {
            Self::Session(user, session) => vec![proofs::session(*user, *session), proofs::epoch(*user)],
            Self::Token(user, digest) => vec![proofs::token(*user, digest), proofs::epoch(*user)],
        }
    }

    /// The caller, if the items prove one.
    fn prove(self, asking: &Asking<'_>, found: &Found) -> Result<Caller, Problem> {
        let now = asking.app.aws.clock.now();
        let epochs: Epoch = found.read(&proofs::epoch(self.user()))?.unwrap_or_default();
        match self {
            Self::Session(user, session) => {
                let proof: Option<SessionProof> = found.read(&proofs::session(user, session))?;
                let proof = proof.ok_or_else(not_signed_in)?;
                if proof.epoch != epochs.epoch || epochs.closed || proof.idle_ends_at <= now || proof.ends_at <= now {
                    return Err(not_signed_in());
                }
                let credential = Credential::Session(session);
                let strength = epochs.strength_of(proof.strength, proof.factor_epoch);
                let (factor_at, started_at) = (Some(proof.factor_at), Some(proof.started_at()));
                Ok(Caller { user, credential, strength, factor_at, started_at, workspace: None, epochs })
            }
            Self::Token(user, digest) => {
                let proof: Option<TokenProof> = found.read(&proofs::token(user, &digest))?;
                let proof = proof.filter(|proof| now < proof.expires_at).ok_or_else(not_signed_in)?;
                if proof.token_epoch != epochs.token_epoch || epochs.closed {
                    return Err(not_signed_in());
                }
                let needed = asking.token_scope.ok_or_else(session_needed)?;
                // For the token, another workspace behaves like a missing one.
                if proof.workspace.is_some() && asking.workspace.is_some() && proof.workspace != asking.workspace {
                    return Err(Problem::not_found());
                }
                if !needed.is_covered_by(&proof.scopes) {
                    return Err(scope_missing(needed));
                }
                let credential = Credential::Token(proof.id);
                let strength = epochs.strength_of(proof.strength, proof.factor_epoch);
                let workspace = proof.workspace.map(|workspace| (workspace, proof.created_at));
                Ok(Caller { user, credential, strength, factor_at: None, started_at: None, workspace, epochs })
            }
        }
    }
}

/// Decides 401, 402, 403, 404 and 421 with one read.
pub(crate) async fn admit(mut asking: Asking<'_>) -> Result<Admission, Problem> {
    let (app, level, function, plane) = (asking.app, asking.level, asking.function, asking.plane);
    let needed = match level {
        Level::Anyone | Level::Credentials => return asking.without_caller(),
        Level::Inbound(_) => return inbound::admit(asking).await,
        Level::Staff(permission) => return staff::admit(asking, permission).await,
        Level::Known | Level::SignedIn => None,
        Level::Workspace(permission) => Some(permission),
    };
    if let Some(text) = asking.token.filter(|text| text.starts_with(workspace_token::PREFIX)) {
        return workspace_token::admit(asking, text).await;
    }
    if let Some(text) = asking.token.filter(|text| text.starts_with(override_session::PREFIX)) {
        return override_session::admit(asking, text).await;
    }
    let presented = Presented::read(&asking).await?;
    let user = presented.user();
    let mut keys = presented.keys();
    match asking.workspace {
        Some(workspace) => keys.extend([proofs::membership(workspace, user), proofs::directory(workspace)]),
        None => keys.push(proofs::list(user)),
    }
    let reader = Reader { aws: &app.aws, session: None };
    let found = Found::new(reader.batch(Table::Proofs, keys).await?);
    let caller = presented.prove(&asking, &found)?;
    asking.origin.actor = caller.actor();
    if asking.is_fresh && !caller.is_fresh(app.aws.clock.now()) {
        return Err(factor_needed());
    }
    if let Credential::Token(token) = caller.credential {
        asking.signing.uses.record(&app.aws, token.to_string()).await?;
    }
    let guard = Arc::new(still_admitted(&caller));
    let (remember, watch, refused) = asking.take_conditions(Author::User(user));
    let luggage = Luggage { guard: guard.clone(), remember: remember.clone(), watch: watch.clone() };
    let member = needed.map(|needed| enter(&asking, &caller, needed, &found, luggage)).transpose()?;
    refused.map_or(Ok(()), Err)?;
    let mut listed = if needed.is_none() { found.workspaces(&proofs::list(user)) } else { Vec::new() };
    listed.retain(|id| caller.workspace.is_none_or(|(own, _)| own == *id));
    let (signing, origin) = (asking.signing.clone(), asking.origin);
    let accounts = Accounts { app: app.clone(), signing, origin, guard: Some(guard), watch };
    Ok(Admission {
        level,
        accounts,
        caller: Some(caller),
        listed,
        member,
        function,
        named: None,
        plane,
        verified: None,
        staff: None,
        remember,
    })
}
