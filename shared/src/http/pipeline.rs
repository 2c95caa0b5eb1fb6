//! The pipeline: what happens to every request before and after its handler, in this order.
//!
//! Size and content type, the address's rate lease, access token, session, membership, permission and
//! entitlement, Idempotency-Key, the user's limit, parse, handle; then headers, one log line and one
//! metric record.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderValue, Response};
use lambda_http::Body;
use serde_json::json;
use tokio::time::Instant;

use super::declaration::RouteDeclaration;
use super::endpoint::Endpoint;
use super::exact::{Attempt, CREDENTIAL_LIMIT};
use super::idempotency::idempotency_key;
use super::incoming::Incoming;
use super::input::Spelled;
use super::method::Method;
use super::output::{Answer, Output};
use super::rates::{Leases, Policy, RateLimitStatus};
use super::repeatable::Repeatable;
use super::{body_check, conditions, headers, input, rates};
use crate::audit::{Actor, Origin};
use crate::aws::grants::Table;
use crate::identity::accounts::Signing;
use crate::identity::admission::{self, Admission, Admit, Asking, Level, WORKSPACE};
use crate::kernel::author::Author;
use crate::kernel::ids::{OverrideSessionId, StaffId, UserId, WorkspaceId, WorkspaceTokenId};
use crate::kernel::plane::Plane;
use crate::kernel::problem_codes::{IDEMPOTENCY_KEY_REUSED, TIMED_OUT};
use crate::kernel::problems::Problem;
use crate::kernel::trace::Traceparent;
use crate::metrics;
use crate::system_events::{self, EventKind, Occurrence, Severity};
use crate::table::item::body;
use crate::table::read::Reader;
use crate::table::version::Watch;
use crate::tenancy::app::App;
use crate::tenancy::remember::{Remember, Remembered};

/// What is left of a function's timeout when a request is given up, so that the client gets an answer.
const ANSWERED_BEFORE_TIMEOUT: Duration = Duration::from_millis(500);

/// A caller outside the networks of a plane asked it for something.
static PLANE_NETWORK_REFUSED: EventKind = EventKind::security("plane_network_refused", Severity::Warning);

/// One request on its way through.
pub(crate) struct Exchange<'a> {
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) incoming: &'a Incoming,
    remember: Option<Arc<Remember>>,
    pub(crate) watch: Option<Arc<Watch>>,
}

/// What is found out about a request on its way, for its answer and its log line.
#[derive(Default)]
struct Observed {
    /// The state of each limit that applied to it.
    limits: Vec<RateLimitStatus>,
    /// The attempt at credentials, which may be given back.
    attempt: Option<Attempt>,
    staff: Option<StaffId>,
    /// The caller, and the workspace that they were let into.
    author: Option<Author>,
    workspace: Option<WorkspaceId>,
}

impl Observed {
    fn user(&self) -> Option<UserId> {
        self.author.and_then(|author| if let Author::User(user) = author { Some(user) } else { None })
    }

    fn token(&self) -> Option<WorkspaceTokenId> {
        self.author.and_then(|author| if let Author::Token(token) = author { Some(token) } else { None })
    }

    fn override_session(&self) -> Option<OverrideSessionId> {
        self.author.and_then(|author| if let Author::Override(session) = author { Some(session) } else { None })
    }
}

/// The pipeline of one process.
pub(crate) struct Pipeline {
    pub(crate) app: Arc<App>,
    pub(crate) signing: Arc<Signing>,
    leases: Leases,
}

impl Pipeline {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app, signing: Arc::default(), leases: Leases::default() }
    }

    /// Answers a request. It always answers: a fault or a panic is a 500 with all headers.
    pub(crate) async fn answer(&self, entry: &RouteDeclaration, incoming: Incoming) -> Response<Body> {
        let started = self.app.aws.clock.now();
        let mut observed = Observed::default();
        let traceparent = incoming.header("traceparent").and_then(Traceparent::parse);
        let limit = Duration::from_secs(entry.route.timeout_s.into()).saturating_sub(ANSWERED_BEFORE_TIMEOUT);
        let deadline = Instant::now() + limit;
        let work = AssertUnwindSafe(self.work(entry, &incoming, traceparent.clone(), &mut observed)).catch_unwind();
        let result = match tokio::time::timeout_at(deadline, work).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Problem::internal("the handler panicked")),
            Err(_) => Err(Problem::new(TIMED_OUT, "This took too long and was given up.")),
        };
        if result.as_ref().is_ok_and(|answer| answer.is_proved) {
            self.give_back(&mut observed, deadline).await;
        }
        let (status, code) = match &result {
            Ok(answer) => (answer.status, ""),
            Err(problem) => (problem.status(), problem.code()),
        };
        let ended = self.app.aws.clock.now();
        let duration_ms = ended.as_millisecond() - started.as_millisecond();
        if let Some(cause) = result.as_ref().err().and_then(Problem::cause) {
            tracing::error!(request.id = incoming.request_id, code, cause, "request failed");
        }
        tracing::info!(
            request.id = incoming.request_id,
            user.id = observed.user().map(tracing::field::display),
            token.id = observed.token().map(tracing::field::display),
            override.id = observed.override_session().map(tracing::field::display),
            staff.id = observed.staff.as_ref().map(tracing::field::display),
            workspace.id = observed.workspace.as_ref().map(tracing::field::display),
            traceparent = traceparent.as_ref().map(Traceparent::as_str),
            route = entry.route.name,
            status,
            code,
            duration_ms,
            "request"
        );
        metrics::request(ended, entry.route.name, status, duration_ms);
        self.respond(&incoming, result, &entry.policies(), &observed.limits)
    }

    async fn work(
        &self,
        entry: &RouteDeclaration,
        incoming: &Incoming,
        traceparent: Option<Traceparent>,
        observed: &mut Observed,
    ) -> Result<Answer, Problem> {
        let plane = self.plane(entry, incoming)?;
        if !self.answers(plane, incoming) {
            return Err(self.refuse_network(plane, entry, incoming, &mut observed.limits).await?);
        }
        let is_hidden = matches!(entry.level, Level::Staff(_));
        if !is_hidden {
            body_check::size(entry, incoming)?;
        }
        if !is_hidden && entry.sender.is_none() {
            body_check::form(entry, incoming)?;
        }
        let Observed { limits, attempt, staff, author: observed_author, workspace: observed_workspace } = observed;
        // A browser sends a preflight before almost every request, and the page cannot help it: it must not use up the
        // limit of an office. The answer is made without a single call, so that a flood of them costs invocations, and
        // those are bounded where every flood is: by the gateway's throttle.
        if entry.route.method != Method::Options {
            self.leases.take(&self.app.aws, &incoming.ip, entry.address_policy(), limits).await?;
        }
        if entry.level == Level::Credentials {
            *attempt = Some(CREDENTIAL_LIMIT.take(&self.app.aws, &incoming.ip, limits).await?);
        }
        let asking = Asking {
            app: &self.app,
            signing: &self.signing,
            function: entry.route.name,
            plane,
            level: entry.level,
            is_fresh: entry.is_fresh,
            in_trash: entry.in_trash,
            needs: entry.needs,
            reads: entry.reads(),
            serves_overrides: entry.serves_overrides,
            parameters: &incoming.path,
            token_scope: entry.token,
            token: incoming.bearer(),
            sender: entry.sender,
            body: &incoming.body,
            headers: &incoming.headers,
            workspace: incoming.path_parameter(WORKSPACE).and_then(|id| id.parse().ok()),
            origin: origin(incoming, traceparent),
            idempotency_key: idempotency_key(entry, incoming),
            watch: conditions::watch(entry, incoming),
        };
        let admission = admission::admit(asking).await?;
        if is_hidden {
            // To a caller outside the staff, the route does not exist, whatever they send.
            body_check::size(entry, incoming)?;
            body_check::form(entry, incoming)?;
        }
        if entry.sender.is_some() {
            // Nothing of a signed call was looked at before its signature.
            body_check::form(entry, incoming)?;
        }
        *observed_author = admission.author();
        *staff = admission.staff.as_ref().map(|staff| staff.id);
        *observed_workspace = admission.member.as_ref().map(|admitted| admitted.scope.id()).or(admission.named);
        if let (Some(limit), Some(author)) = (entry.user_limit(), admission.author()) {
            limit.take(&self.app.aws, &author.to_string(), limits).await?;
        }
        let (remember, watch) = (admission.remember.clone(), admission.accounts.watch.clone());
        let exchange = Exchange { pipeline: self, incoming, remember, watch };
        (entry.call)(admission, &exchange).await
    }

    /// Whether the plane answers callers of this network.
    fn answers(&self, plane: Plane, incoming: &Incoming) -> bool {
        let settings = self.app.aws.config.planes.settings(plane);
        settings.is_some_and(|settings| settings.networks.admit(Some(&incoming.ip)))
    }

    /// Answers as if nothing were there. The attempt is recorded once per network and hour: many must not fill the table.
    async fn refuse_network(
        &self,
        plane: Plane,
        entry: &RouteDeclaration,
        incoming: &Incoming,
        limits: &mut Vec<RateLimitStatus>,
    ) -> Result<Problem, Problem> {
        // A preflight makes no call, and is followed by no request.
        if entry.route.method != Method::Options {
            self.leases.take(&self.app.aws, &incoming.ip, entry.address_policy(), limits).await?;
            let detail = json!({ "plane": plane.name });
            let occurrence = Occurrence::of_network(&PLANE_NETWORK_REFUSED, &incoming.ip, detail);
            system_events::emit(&self.app.aws, &origin(incoming, None), occurrence).await?;
        }
        Ok(Problem::not_found())
    }

    /// The plane that a request came by. The gateway leads no other API to the function; without its word, nothing does.
    fn plane(&self, entry: &RouteDeclaration, incoming: &Incoming) -> Result<Plane, Problem> {
        let plane = self.app.aws.config.planes.of_api(&incoming.api_id).filter(|plane| entry.planes.contains(plane));
        plane.ok_or_else(|| Problem::internal(format!("{} was asked by the API {}", entry.route.name, incoming.api_id)))
    }

    /// Gives back the attempt of a caller who proved something. The request has succeeded whether or not this does; at
    /// worst the attempt counts for five minutes.
    async fn give_back(&self, observed: &mut Observed, deadline: Instant) {
        let Observed { limits, attempt, .. } = observed;
        let Some(attempt) = attempt.take() else { return };
        match tokio::time::timeout_at(deadline, attempt.give_back(&self.app.aws, limits)).await {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => tracing::warn!(cause = problem.cause(), "an attempt was not given back"),
            Err(_) => tracing::warn!("an attempt was not given back in time"),
        }
    }

    pub(crate) fn respond(
        &self,
        incoming: &Incoming,
        result: Result<Answer, Problem>,
        policies: &[Policy],
        limits: &[RateLimitStatus],
    ) -> Response<Body> {
        let retry_after_s = result.as_ref().err().and_then(Problem::retry_after_s);
        let challenge = result.as_ref().err().and_then(Problem::challenge);
        let allow = result.as_ref().err().and_then(Problem::allow).map(str::to_owned);
        let answer = result.unwrap_or_else(|problem| Answer {
            status: problem.status(),
            content_type: "application/problem+json",
            cache: "no-store",
            fields: Vec::new(),
            location: None,
            is_proved: false,
            is_replayed: false,
            body: problem.document(&self.app.aws.config.base_url, &incoming.request_id).to_string().into_bytes(),
        });
        let body = match String::from_utf8(answer.body) {
            // HEAD is answered like GET, without the body (RFC 9110, section 9.3.2).
            _ if incoming.method == "HEAD" => Body::Empty,
            Ok(text) if text.is_empty() => Body::Empty,
            Ok(text) => Body::Text(text),
            Err(bytes) => Body::Binary(bytes.into_bytes()),
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            http::StatusCode::from_u16(answer.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        let fields = response.headers_mut();
        headers::secure(fields);
        let preflight = incoming.method == "OPTIONS";
        let planes = &self.app.aws.config.planes;
        let settings = planes.of_api(&incoming.api_id).and_then(|plane| planes.settings(plane));
        let allowed = settings.map_or(&[][..], |settings| &settings.allowed_origins);
        headers::share(fields, incoming.headers.get("origin"), allowed, preflight);
        fields.insert("cache-control", HeaderValue::from_static(answer.cache));
        if !answer.content_type.is_empty() {
            fields.insert("content-type", HeaderValue::from_static(answer.content_type));
        }
        let mut set = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                fields.insert(name, value);
            }
        };
        set("x-request-id", incoming.request_id.clone());
        answer.fields.into_iter().for_each(|(name, value)| set(name, value));
        if let Some(allow) = allow {
            set("allow", allow);
        }
        if answer.is_replayed {
            set("idempotency-replayed", "true".to_owned());
        }
        if let Some(seconds) = retry_after_s {
            set("retry-after", seconds.to_string());
        }
        if let Some(challenge) = challenge {
            set("www-authenticate", challenge.to_owned());
        }
        if !limits.is_empty() {
            rates::headers(policies, limits).into_iter().for_each(|(name, value)| set(name, value));
        }
        response
    }
}

/// The origin of a request, whose actor is not known yet.
fn origin(incoming: &Incoming, traceparent: Option<Traceparent>) -> Origin {
    Origin {
        actor: Actor::Anyone,
        request_id: incoming.request_id.clone(),
        ip: Some(incoming.ip.clone()),
        user_agent: incoming.header("user-agent").map(|agent| agent.chars().take(300).collect()),
        traceparent,
    }
}

/// The generic part of a route: prove, parse, handle, serialise. Everything else is compiled once.
pub(crate) fn call<'a, E: Endpoint>(
    admission: Admission,
    exchange: &'a Exchange<'a>,
) -> BoxFuture<'a, Result<Answer, Problem>> {
    Box::pin(async move {
        let access = <E::Access as Admit>::admit(admission)?;
        let spelled = if <E::Access as Admit>::SENDER.is_some() { Spelled::ByOthers } else { Spelled::ByUs };
        let body = (E::ROUTE.method, E::BODY, spelled);
        let input: E = input::parse(exchange.incoming, body, <E::Access as Admit>::SETTLES)?;
        let complete = |answer| conditions::complete(exchange, E::ROUTE.method, answer);
        match input.handle(&access).await {
            Ok(output) => {
                // What had nothing to commit may have been done by an earlier request.
                let is_replayed = !exchange.is_recorded() && exchange.recall(&access).await?.is_some();
                let answer = complete(output.into_answer()?)?;
                Ok(Answer { is_proved: access.is_proved(), is_replayed, ..answer })
            }
            Err(problem) if problem.status() >= 500 => Err(problem),
            Err(problem) => {
                let Repeatable::Makes { recall, .. } = E::REPEATABLE else { return Err(problem) };
                let Some(resource) = exchange.recall(&access).await? else { return Err(problem) };
                let answer = complete(recall(&resource, &access).await?.into_answer()?)?;
                Ok(Answer { is_replayed: true, ..answer })
            }
        }
    })
}

impl<'a> Exchange<'a> {
    #[cfg(feature = "testing")]
    pub(crate) fn unrepeatable(pipeline: &'a Pipeline, incoming: &'a Incoming) -> Self {
        Self { pipeline, incoming, remember: None, watch: None }
    }

    /// Whether a commit of this request recorded its key.
    fn is_recorded(&self) -> bool {
        self.remember.as_ref().is_some_and(|remember| remember.is_carried())
    }

    /// Whether this very request was carried out before: then what it made, else none.
    ///
    /// It is looked up only when the handler refused, had nothing to commit, or its commit met the record, so that a
    /// first request costs no read for it.
    fn recall<'b>(&'b self, access: &'b impl Admit) -> BoxFuture<'b, Result<Option<String>, Problem>> {
        let scope = access.scope();
        Box::pin(async move {
            let Some(remember) = &self.remember else { return Ok(None) };
            let item = match (remember.table, scope) {
                (Table::Tenants, Some(scope)) => scope.find_item(Table::Tenants, remember.sort.clone()).await?,
                _ => {
                    let reader = Reader { aws: &self.pipeline.app.aws, session: None };
                    reader.get(remember.table, &remember.partition, &remember.sort).await?
                }
            };
            let Some(item) = item else { return Ok(None) };
            let remembered: Remembered = body(&item)?;
            if remembered.fingerprint != remember.fingerprint {
                let detail = "This Idempotency-Key was used before for a request with another body.";
                return Err(Problem::new(IDEMPOTENCY_KEY_REUSED, detail)
                    .at("Idempotency-Key", "must be new for every different request"));
            }
            Ok(Some(remembered.resource))
        })
    }
}
