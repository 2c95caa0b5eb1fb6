//! A function: one route or job as a value, which its binary serves and the generator reads.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_http::lambda_runtime::tracing::level_filters::LevelFilter;
use lambda_http::lambda_runtime::tracing::subscriber;
use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::sync::OnceCell;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::aws::grants::{Grant, JOB_BASE, Statement};
use crate::config::Config;
use crate::http::answers;
use crate::http::declaration::RouteDeclaration;
use crate::http::endpoint::Endpoint;
use crate::http::incoming::Incoming;
use crate::http::method::Method;
use crate::http::output::Output;
use crate::http::pipeline::{self, Pipeline};
use crate::identity::admission::Admit;
pub use crate::identity::admission::Level;
use crate::jobs::access::JobAccess;
use crate::jobs::job::{Declaration, Job, Trigger};
use crate::jobs::runner::{self, JobEntry};
use crate::kernel::entropy::Entropy;
use crate::kernel::plane::Plane;
use crate::kernel::problems::ProblemCode;
use crate::kernel::time::Clock;
use crate::tenancy::app::App;

/// One Lambda function. Its fields are private: only a declaration can create one.
pub struct Function {
    grants: &'static [Grant],
    kind: Kind,
    /// The main loop. A pointer, so that a route's binary does not link the job runner.
    main: fn(&'static Function) -> Result<(), lambda_runtime::Error>,
}

#[expect(clippy::large_enum_variant, reason = "a function has one, which is a static")]
enum Kind {
    Route(RouteDeclaration),
    Job(JobEntry),
}

/// The declaration of a function, for the generator and tests.
#[derive(Clone, Copy)]
#[expect(clippy::large_enum_variant, reason = "a box would not be Copy, and few are read at a time")]
pub enum Declared {
    Route(RouteDeclaration),
    Job(Declaration),
}

impl Function {
    /// The function of a route. A wrong declaration is a compile error.
    pub const fn route<E: Endpoint>() -> Self {
        const {
            let workspace_in_access = matches!(<E::Access as Admit>::LEVEL, Level::Workspace(_));
            assert!(
                count(E::ROUTE.path, <E::Access as Admit>::SETTLES) == <E::Access as Admit>::SETTLES.len(),
                "the path must have every parameter that the access proves"
            );
            assert!(
                count(E::ROUTE.path, <E::Access as Admit>::REFUSES) == 0,
                "the path must not have a parameter that only another access proves"
            );
            assert!(
                E::ROUTE.planes.is_none() || <E::Access as Admit>::MAY_MOVE,
                "the access of this route determines its plane"
            );
            let is_repeatable = E::REPEATABLE.kind().is_some();
            assert!(
                !is_repeatable || matches!(E::ROUTE.method, Method::Post),
                "only a POST is repeatable by a key: the other methods are idempotent"
            );
            assert!(
                !E::REPEATABLE.is_without_effect()
                    || (matches!(E::ROUTE.method, Method::Post) && !has(E::GRANTS, Grant::WriteItems)),
                "only a POST that cannot write is declared to have no effect"
            );
            assert!(
                (E::NEEDS.is_empty() && E::PLAN_LIMITS.is_empty()) || workspace_in_access,
                "only a workspace has a plan"
            );
            assert!(
                <E::Access as Admit>::LEVEL.is_of_user()
                    || !(is_repeatable || E::LIMIT.is_some() || <E::Access as Admit>::FRESH),
                "idempotency keys, user limits and fresh factors need the access of a user"
            );
            assert!(
                E::TOKEN.is_none()
                    || !workspace_in_access
                    || has(E::GRANTS, Grant::WriteItems) == has(E::GRANTS, Grant::ProveToken),
                "a route that changes a workspace and accepts tokens needs `Grant::ProveToken`"
            );
            assert!(
                !has(E::GRANTS, Grant::ServeOverrides)
                    || (workspace_in_access && <E::Access as Admit>::TAKES_TOKENS && !<E::Access as Admit>::FRESH),
                "an override session has no factor and no user: only a route of a workspace can admit it"
            );
            assert!(E::TOKEN.is_none() || <E::Access as Admit>::TAKES_TOKENS, "this access does not accept tokens");
        }
        Self {
            grants: E::GRANTS,
            kind: Kind::Route(RouteDeclaration {
                route: E::ROUTE,
                level: <E::Access as Admit>::LEVEL,
                planes: match E::ROUTE.planes {
                    Some(planes) => planes,
                    None => <E::Access as Admit>::PLANES,
                },
                settles: <E::Access as Admit>::SETTLES,
                sender: <E::Access as Admit>::SENDER,
                base: <E::Access as Admit>::BASE,
                is_fresh: <E::Access as Admit>::FRESH,
                in_trash: <E::Access as Admit>::IN_TRASH,
                needs: E::NEEDS,
                plan_limits: E::PLAN_LIMITS,
                body: E::BODY,
                token: E::TOKEN,
                serves_overrides: has(E::GRANTS, Grant::ServeOverrides),
                some_need: E::SOME_NEED,
                limit: E::LIMIT,
                problems: E::PROBLEMS,
                access_problems: <E::Access as Admit>::PROBLEMS,
                status: <E::Output as Output>::STATUS,
                repeatable: E::REPEATABLE.kind(),
                is_without_effect: E::REPEATABLE.is_without_effect(),
                versioned: const { &E::VERSIONED }.as_ref(),
                warm_calls: E::WARM_CALLS,
                call: pipeline::call::<E>,
            }),
            main: serve_route,
        }
    }

    /// The function of a job.
    pub const fn job<J: Job>() -> Self {
        const {
            assert!(
                !<J::Access as JobAccess>::BY_OPERATOR || matches!(J::JOB.trigger, Trigger::Operator),
                "only an operator's payload may name a workspace"
            );
        }
        Self { grants: J::GRANTS, kind: Kind::Job(JobEntry { job: J::JOB, run: runner::run::<J> }), main: serve_job }
    }

    /// Serves invocations until the environment ends. A binary's `main` returns this.
    pub fn serve(&'static self) -> Result<(), lambda_runtime::Error> {
        (self.main)(self)
    }

    pub fn name(&self) -> &'static str {
        match &self.kind {
            Kind::Route(entry) => entry.route.name,
            Kind::Job(entry) => entry.job.name,
        }
    }

    pub fn grants(&self) -> &'static [Grant] {
        self.grants
    }

    /// All statements of the function: its grants, and those of every function of its kind.
    pub fn statements(&self) -> impl Iterator<Item = &'static Statement> + Clone {
        let base = match &self.kind {
            Kind::Route(entry) => entry.base,
            Kind::Job(_) => JOB_BASE,
        };
        base.iter().chain(self.grants.iter().flat_map(|grant| grant.statements()))
    }

    pub fn declared(&self) -> Declared {
        match &self.kind {
            Kind::Route(route) => Declared::Route(*route),
            Kind::Job(entry) => Declared::Job(entry.job),
        }
    }

    /// Every problem that the route may return; none for a job.
    pub fn problems(&self) -> Vec<ProblemCode> {
        let of = |entry: &RouteDeclaration| answers::problems(entry, self.grants, entry.planes);
        self.route_declaration().map(of).unwrap_or_default()
    }

    /// Every problem that the route may return on a plane.
    pub fn problems_on(&self, plane: Plane) -> Vec<ProblemCode> {
        let of = |entry: &RouteDeclaration| answers::problems(entry, self.grants, &[plane]);
        self.route_declaration().map(of).unwrap_or_default()
    }

    pub(crate) fn route_declaration(&self) -> Option<&RouteDeclaration> {
        match &self.kind {
            Kind::Route(entry) => Some(entry),
            Kind::Job(_) => None,
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn job_entry(&self) -> Option<&JobEntry> {
        match &self.kind {
            Kind::Route(_) => None,
            Kind::Job(entry) => Some(entry),
        }
    }
}

/// Whether a function declares a grant.
const fn has(grants: &[Grant], wanted: Grant) -> bool {
    let mut at = 0;
    while at < grants.len() {
        if grants[at] as u8 == wanted as u8 {
            return true;
        }
        at += 1;
    }
    false
}

/// How many of these parameters a path has.
const fn count(path: &str, parameters: &[&str]) -> usize {
    let (mut at, mut found) = (0, 0);
    while at < parameters.len() {
        if has_parameter(path, parameters[at]) {
            found += 1;
        }
        at += 1;
    }
    found
}

const fn has_parameter(path: &str, parameter: &str) -> bool {
    let (path, parameter) = (path.as_bytes(), parameter.as_bytes());
    let mut at = 0;
    // With the braces: `{id}` must not match the end of `{workspace_id}`.
    while at + parameter.len() + 2 <= path.len() {
        let mut same = 0;
        while same < parameter.len() && path[at + 1 + same] == parameter[same] {
            same += 1;
        }
        if path[at] == b'{' && same == parameter.len() && path[at + 1 + same] == b'}' {
            return true;
        }
        at += 1;
    }
    false
}

/// An entry of a list of routes or jobs: a function with its schemas. The schemas are here and not in the function, so
/// that no binary links them.
pub struct Listed {
    pub function: &'static Function,
    pub shapes: Option<fn() -> Shapes>,
}

/// The schemas of a route's input and output.
pub struct Shapes {
    pub input: Shape,
    pub output: Option<Shape>,
    /// The media type of the output.
    pub media_type: &'static str,
}

/// A schema, its name, and the schemas that it refers to.
pub struct Shape {
    pub name: String,
    pub schema: RefOr<Schema>,
    pub refers_to: Vec<(String, RefOr<Schema>)>,
}

impl Shape {
    fn of<T: ToSchema>() -> Self {
        let mut refers_to = Vec::new();
        T::schemas(&mut refers_to);
        Self { name: T::name().into_owned(), schema: T::schema(), refers_to }
    }
}

impl Listed {
    pub const fn route<E: Endpoint>(function: &'static Function) -> Self {
        Self { function, shapes: Some(shapes::<E>) }
    }

    pub const fn job(function: &'static Function) -> Self {
        Self { function, shapes: None }
    }
}

fn shapes<E: Endpoint>() -> Shapes {
    let output = Shape::of::<<E::Output as Output>::Body>();
    let unit = <() as ToSchema>::name();
    let output = (output.name != unit).then_some(output);
    Shapes { input: Shape::of::<E>(), output, media_type: <E::Output as Output>::MEDIA_TYPE }
}

/// A marker in binaries that may call loopback addresses: packaging refuses them.
#[cfg(feature = "development")]
pub static DEVELOPMENT_BUILD: &str = "bulkhead-development-build";

/// Logs to stdout, by Lambda's logging controls. The runtime's own function also reads filters of single modules, for
/// which it links a regex engine.
fn start_log() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    let is_json = std::env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("json"));
    let log = subscriber::fmt().with_target(false).without_time().with_max_level(level.unwrap_or(LevelFilter::INFO));
    if is_json { log.json().init() } else { log.init() }
}

fn begin() -> Result<tokio::runtime::Runtime, lambda_runtime::Error> {
    start_log();
    #[cfg(feature = "development")]
    std::hint::black_box(DEVELOPMENT_BUILD);
    // One invocation at a time needs only one thread.
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn app(function: &'static Function) -> Result<Arc<App>, lambda_runtime::Error> {
    Ok(Arc::new(App::new(Config::from_env()?, Clock::system(), Entropy::system(), function.grants)))
}

fn serve_route(function: &'static Function) -> Result<(), lambda_runtime::Error> {
    let Some(entry) = function.route_declaration() else { return Err("not a route".into()) };
    begin()?.block_on(async {
        // Built at the first request, so that the first `/next` is as early as possible.
        let built: OnceCell<Pipeline> = OnceCell::new();
        let built = &built;
        lambda_http::run(lambda_http::service_fn(move |request: lambda_http::Request| async move {
            let pipeline = built.get_or_try_init(|| async { app(function).map(Pipeline::new) }).await?;
            let incoming = Incoming::new(request).map_err(|problem| format!("{problem:?}"))?;
            Ok::<_, lambda_runtime::Error>(pipeline.answer(entry, incoming).await)
        }))
        .await
    })
}

fn serve_job(function: &'static Function) -> Result<(), lambda_runtime::Error> {
    let Kind::Job(entry) = &function.kind else { return Err("not a job".into()) };
    begin()?.block_on(async {
        let built: OnceCell<Arc<App>> = OnceCell::new();
        let built = &built;
        lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
            let app = built.get_or_try_init(|| async { app(function) }).await?;
            let deadline = UNIX_EPOCH + Duration::from_millis(event.context.deadline);
            let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
            runner::handle(app, entry, event.payload, left)
                .await
                .map_err(|problem| lambda_runtime::Error::from(format!("{problem:?}")))
        }))
        .await
        .map_err(|error: lambda_runtime::Error| error)
    })
}
