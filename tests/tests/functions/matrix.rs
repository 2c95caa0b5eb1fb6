//! Every route of a workspace, for every role, kind of caller and state of the workspace: the status and code of each
//! refusal. The rules are those of `docs/permissions.md` and the architecture, stated here a second time.

use serde_json::{Map, Value, json};
use shared::function::{Declared, Level};
use shared::http::{Method, RouteDeclaration};
use shared::identity::{OVERRIDE_APPROVAL, StaffRole, Strength};
use shared::kernel::time::SignedDuration;
use shared::tenancy::{Changes, DeclaredPermission, Role};
use shared::testing::Request;
use test_support::overrides;
use workspaces::routes::{create_workspace_token, delete_workspace, update_security};

use crate::domains::{Endpoint, endpoints};
use crate::none;
use crate::place::{Place, World, text};
use crate::sample::{Filling, Sample, with_body};

/// How a request says who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A session in which a second factor was just verified.
    FreshSession,
    /// One in which it was verified eleven minutes ago.
    Session,
    /// One that was opened by a password alone.
    SingleFactor,
    /// A personal access token with every scope; without a second factor.
    PersonalToken,
    /// One whose scope no route of a workspace needs.
    UnfitPersonalToken,
    /// A token of the workspace with every scope.
    WorkspaceToken,
    /// One with the scope `media:read` alone.
    UnfitWorkspaceToken,
    /// The owner of another workspace.
    Stranger,
    /// A token of another workspace, with every scope.
    StrangeToken,
    /// A member of the operator's staff, by the session of the console.
    Staff,
    /// One in an override session that may only read.
    ReadOnlyOverride,
    /// One in an override session that was opened for changes, which the workspace allows.
    FullOverride,
    /// The same in another workspace.
    StrangeOverride,
}

use Kind::*;

/// A caller, with the role that its proof has.
struct Caller {
    kind: Kind,
    role: Role,
    token: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Kept,
    Suspended,
    Trashed,
    /// Another cell serves it.
    Elsewhere,
    /// Its networks exclude every caller.
    Closed,
}

/// What an override session reads is recorded before it is read.
const USED: &str = "override_session.used";
const OWN_NETWORK: &str = "203.0.113.7";

struct Matrix {
    world: World,
    place: Place,
    callers: Vec<Caller>,
}

impl Matrix {
    async fn new() -> Self {
        let world = World::new().await;
        let place = world.place().await;
        let other = world.place().await;
        let mut matrix = Self { world, place, callers: Vec::new() };
        let everything: Vec<String> = scopes(|_| true);
        let app = &matrix.world.app;
        let mut callers = Vec::new();
        for role in Role::ALL {
            let earlier = app.join(matrix.place.owner.workspace, role).await.unwrap();
            let single = app.with_strength(&earlier, Strength::Single).await.unwrap();
            callers.extend([(Session, role, earlier), (SingleFactor, role, single)]);
        }
        app.advance(SignedDuration::from_mins(11));
        for (kind, role, person) in callers {
            let token = app.mint(person.user, person.session).await.unwrap();
            matrix.callers.push(Caller { kind, role, token });
        }
        for role in Role::ALL {
            let person = app.join(matrix.place.owner.workspace, role).await.unwrap();
            let all: Vec<&str> = everything.iter().map(String::as_str).collect();
            for (kind, scopes) in [(PersonalToken, all.as_slice()), (UnfitPersonalToken, &["me:read"])] {
                let token = app.personal_token(&person, scopes).await.unwrap();
                matrix.callers.push(Caller { kind, role, token: token.secret.expose().to_owned() });
            }
            matrix.callers.push(Caller { kind: FreshSession, role, token: person.token });
        }
        let stranger = app.owner().await.unwrap();
        let staff = app.staff(&StaffRole::ALL, Some(app.now())).await.unwrap();
        for (kind, token) in [(Stranger, stranger.token), (Staff, staff.token)] {
            matrix.callers.push(Caller { kind, role: Role::Owner, token });
        }
        let own = scopes(|level| matches!(level, Level::Workspace(_)));
        let owner = matrix.owner();
        for role in [Role::Admin, Role::Member, Role::Reviewer] {
            let all = matrix.workspace_token(&owner, &matrix.place.filling, role, &own).await;
            let unfit = matrix.workspace_token(&owner, &matrix.place.filling, role, &["media:read".to_owned()]).await;
            matrix.callers.push(Caller { kind: WorkspaceToken, role, token: all });
            matrix.callers.push(Caller { kind: UnfitWorkspaceToken, role, token: unfit });
        }
        let theirs = matrix.world.app.join(other.owner.workspace, Role::Owner).await.unwrap();
        let token = matrix.workspace_token(&theirs.token, &other.filling, Role::Admin, &own).await;
        matrix.callers.push(Caller { kind: StrangeToken, role: Role::Admin, token });
        let own = matrix.world.app.join(matrix.place.owner.workspace, Role::Owner).await.unwrap();
        for (kind, owner, access) in
            [(ReadOnlyOverride, &own, "read_only"), (FullOverride, &own, "full"), (StrangeOverride, &theirs, "full")]
        {
            overrides::allow(&matrix.world.app, owner, "full").await.expect(200);
            let token = overrides::opened(&matrix.world.app, owner.workspace, access).await.token;
            // Its role is that of no member.
            matrix.callers.push(Caller { kind, role: Role::Admin, token });
        }
        matrix
    }

    /// The token of an owner with a fresh session.
    fn owner(&self) -> String {
        let is_owner = |caller: &&Caller| caller.kind == FreshSession && caller.role == Role::Owner;
        self.callers.iter().find(is_owner).unwrap().token.clone()
    }

    async fn workspace_token(&self, by: &str, filling: &Filling, role: Role, scopes: &[String]) -> String {
        let body = json!({ "name": "Import", "role": role, "scopes": scopes });
        text(&self.world.call(&create_workspace_token::FUNCTION, by, filling, body).await["token"])
    }

    async fn turn(&mut self, state: State) {
        let owner = self.owner();
        match state {
            State::Kept => {}
            State::Suspended => {
                let scope = self.world.app.scope(self.place.owner.workspace);
                let change = scope.directory().await.unwrap().change().suspend();
                change.commit(Changes::default().unaudited("a fixture")).await.unwrap();
            }
            State::Trashed => {
                let path = &self.place.filling;
                self.world.call(&delete_workspace::FUNCTION, &owner, path, Value::Null).await;
            }
            State::Elsewhere => self.world.app.configure(|config| "elsewhere".clone_into(&mut config.cell)),
            State::Closed => {
                let rules = json!({ "networks": [format!("{OWN_NETWORK}/32")] });
                let request = Request::to(&update_security::FUNCTION).bearer(&owner);
                let request = request.path("workspace_id", self.place.owner.workspace).ip(OWN_NETWORK).json(rules);
                self.world.app.call(request).await.expect(200);
            }
        }
    }

    /// The event of a route, by a caller.
    fn event(&self, endpoint: &Endpoint, caller: &Caller) -> Value {
        Sample::of(endpoint.entry).filled_as_far(&self.place.filling.clone().with("token", &caller.token))
    }

    /// Tries every route with every caller. Returns the number of refusals.
    async fn tried(&mut self, state: State) -> usize {
        self.turn(state).await;
        let before = self.world.contents().await.without(USED);
        let (mut faults, mut refused) = (Vec::new(), 0);
        for endpoint in endpoints() {
            let Level::Workspace(_) = endpoint.access else { continue };
            for caller in &self.callers {
                let expected = refusal(&endpoint, caller, state);
                let Some(event) = harmless(&endpoint, self.event(&endpoint, caller), expected.is_some()) else {
                    continue;
                };
                let answer = self.world.send_uncounted(&endpoint, &event).await;
                let is_right = match expected {
                    Some(expected) => (answer.status, answer.code()) == expected,
                    // It was admitted: its body is refused, or it was a read.
                    None => answer.status < 300 || answer.code() == "invalid_input",
                };
                refused += usize::from(expected.is_some());
                if !is_right {
                    let (name, Caller { kind, role, .. }) = (endpoint.name(), caller);
                    let expected =
                        expected.map_or("to be admitted".to_owned(), |(status, code)| format!("{status} {code}"));
                    faults.push(format!(
                        "{name}, {kind:?} of {role:?}, {state:?}: {expected} expected, {} {}",
                        answer.status, answer.text
                    ));
                }
            }
        }
        faults.extend(before.changes_until(&self.world.contents().await.without(USED)));
        none(faults);
        refused
    }
}

/// The scopes of all routes of these levels.
fn scopes(of: impl Fn(Level) -> bool) -> Vec<String> {
    let mut scopes: Vec<String> = endpoints()
        .iter()
        .filter(|endpoint| of(endpoint.access))
        .filter_map(|endpoint| Some(declared(endpoint).token?.to_string()))
        .collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

fn declared(endpoint: &Endpoint) -> RouteDeclaration {
    match endpoint.entry.function().declared() {
        Declared::Route(route) => route,
        Declared::Job(_) => unreachable!("an endpoint is a route"),
    }
}

/// A request that changes nothing although it is admitted: a read, or one with a field that does not exist. None if there
/// is no such request.
fn harmless(endpoint: &Endpoint, event: Value, is_refused: bool) -> Option<Value> {
    if is_refused || endpoint.only_reads() {
        return Some(event);
    }
    endpoint.has_body().then(|| with_body(&event, Map::from_iter([("no_such_field".to_owned(), json!(1))])))
}

/// Why the caller is refused, by the first of the rules that refuses.
fn refusal(endpoint: &Endpoint, caller: &Caller, state: State) -> Option<(u16, &'static str)> {
    let Level::Workspace(needed) = endpoint.access else { return None };
    let (route, Caller { kind, role, .. }) = (declared(endpoint), caller);
    let reads_media = route.token.is_some_and(|scope| scope.to_string() == "media:read");
    let is_token =
        matches!(kind, PersonalToken | UnfitPersonalToken | WorkspaceToken | UnfitWorkspaceToken | StrangeToken);
    if *kind == Staff {
        return Some((401, "not_signed_in"));
    }
    if matches!(kind, ReadOnlyOverride | FullOverride | StrangeOverride) {
        return refusal_of_override(&route, needed, *kind, state);
    }
    if is_token && route.token.is_none() {
        return Some((403, "session_needed"));
    }
    if *kind == StrangeToken {
        return Some((404, "not_found"));
    }
    if *kind == UnfitPersonalToken || *kind == UnfitWorkspaceToken && !reads_media {
        return Some((403, "scope_missing"));
    }
    if route.is_fresh && matches!(kind, Session | SingleFactor) {
        return Some((401, "fresh_factor_needed"));
    }
    if *kind == Stranger {
        return Some((404, "not_found"));
    }
    match state {
        State::Elsewhere => return Some((421, "workspace_lives_elsewhere")),
        State::Closed => return Some((403, "network_not_allowed")),
        State::Kept | State::Suspended | State::Trashed => {}
    }
    if !needed.roles().contains(role) {
        return Some((403, "permission_missing"));
    }
    if matches!(role, Role::Admin | Role::Owner) && matches!(kind, SingleFactor | PersonalToken) {
        return Some((403, "second_factor_needed"));
    }
    match state {
        State::Suspended => Some((403, "workspace_suspended")),
        State::Trashed if !route.in_trash => Some((403, "workspace_trashed")),
        // The plan of the place has all other entitlements.
        _ if route.needs.contains(&OVERRIDE_APPROVAL) => Some((402, "plan_lacks_entitlement")),
        _ => None,
    }
}

/// Why an override session is refused. The networks of the workspace and its rules on factors are not about the staff.
fn refusal_of_override(
    route: &RouteDeclaration,
    needed: DeclaredPermission,
    kind: Kind,
    state: State,
) -> Option<(u16, &'static str)> {
    if kind == StrangeOverride {
        return Some((404, "not_found"));
    }
    let reads = route.route.method == Method::Get || route.is_without_effect;
    if !ADMITTING_OVERRIDES.contains(&(needed.name, reads)) || route.is_fresh || route.in_trash {
        return Some((403, "session_needed"));
    }
    if route.route.name == "list-ownership-offers" || route.route.name == "withdraw-ownership-offer" {
        return Some((403, "session_needed"));
    }
    if state == State::Elsewhere {
        return Some((421, "workspace_lives_elsewhere"));
    }
    if kind == ReadOnlyOverride && !reads {
        return Some((403, "override_read_only"));
    }
    match state {
        State::Suspended => Some((403, "workspace_suspended")),
        State::Trashed => Some((403, "workspace_trashed")),
        State::Kept | State::Elsewhere | State::Closed => None,
    }
}

/// The permissions whose routes admit override sessions, and whether those routes read. The routes about the ownership that
/// have one of them do not.
const ADMITTING_OVERRIDES: [(&str, bool); 9] = [
    ("ReadWorkspace", true),
    ("ReadMembers", true),
    ("ReadMedia", true),
    ("ReadChannels", true),
    ("ReadPosts", true),
    ("ReadAuditLog", true),
    ("ManageWorkspace", false),
    ("WriteMedia", false),
    ("WritePosts", false),
];

#[tokio::test]
async fn every_caller_of_a_workspace_gets_what_the_table_of_permissions_says() {
    assert!(Matrix::new().await.tried(State::Kept).await > 500);
}

#[tokio::test]
async fn a_suspended_workspace_refuses_everyone() {
    assert!(Matrix::new().await.tried(State::Suspended).await > 500);
}

#[tokio::test]
async fn a_workspace_in_the_trash_admits_only_to_what_ends_or_restores_it() {
    assert!(Matrix::new().await.tried(State::Trashed).await > 500);
}

#[tokio::test]
async fn a_workspace_of_another_cell_sends_every_member_there() {
    assert!(Matrix::new().await.tried(State::Elsewhere).await > 500);
}

#[tokio::test]
async fn a_network_outside_the_list_is_refused_everywhere() {
    assert!(Matrix::new().await.tried(State::Closed).await > 500);
}
