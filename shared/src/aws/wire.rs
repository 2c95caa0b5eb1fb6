//! The wire under test: records every call, refuses calls without a grant, and fails or crashes on demand.
//!
//! It sits between the SDK and the network, so that a test sees the actual calls: one per attempt, including retries.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::sync::Notify;
use url::Url;

use super::busy::Busy;
use super::grants::{Holder, Statement};
use super::outbound::{OutboundAnswer, OutboundError, OutboundRequest};
use super::wire_grants::Held;
use crate::config::Config;

/// A fault at the `k`-th call (from 1), or at a call with a given name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process dies before the call is sent.
    CrashBefore(usize),
    /// The process dies after the call was answered.
    CrashAfter(usize),
    /// The call has its effect, and its response is lost.
    LoseAnswer(usize),
    /// The next call whose name contains this waits until the test releases it, so that the test, not the scheduler,
    /// decides what happens in between.
    Hold(&'static str),
    /// The call is refused, as if a grant for it were missing.
    Refuse(usize),
    /// The service refuses the call because it is busy.
    Busy(usize, Busy),
}

/// In place of the network of a process.
pub trait Network: Send + Sync {
    /// Answers a call of AWS; its name is as in the wire's record.
    fn aws<'a>(
        &'a self,
        call: &'a str,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, NoAnswer>>;

    /// Answers a call to another server. None if this network has only AWS: the call then goes to the real one.
    fn internet<'a>(
        &'a self,
        _call: &'a str,
        _request: &'a OutboundRequest,
    ) -> Option<BoxFuture<'a, Result<OutboundAnswer, OutboundError>>> {
        None
    }

    /// Where a server is that answers in place of the one at this URL.
    fn address(&self, _url: &Url) -> Option<Url> {
        None
    }
}

/// Why a call of AWS has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// No connection: the call had no effect.
    NotSent,
    /// The connection broke: it may have had one.
    Lost,
}

/// Records calls as `Service.Operation` (`DynamoDB.GetItem`, `S3.PUT`, `HTTP.POST /xrpc/…`).
#[derive(Default)]
pub struct Wire {
    state: Mutex<State>,
    /// Notified when a `Crash…` fault is reached; the call itself then never ends.
    pub crashed: Notify,
    /// Notified when a call is held.
    pub held: Notify,
    released: Notify,
    network: OnceLock<Arc<dyn Network>>,
}

#[derive(Default)]
struct State {
    calls: Vec<String>,
    fault: Option<Fault>,
    held_to: Option<Held>,
    refused: Vec<String>,
}

/// The wire's decision about one call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Pass,
    Refuse,
    CrashBefore,
    CrashAfter,
    LoseAnswer,
    Hold,
    Busy(Busy),
}

impl Wire {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The calls since the last `take`.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls)
    }

    /// Arms one fault, counted from the next call.
    pub fn arm(&self, fault: Fault) {
        let mut state = self.state();
        state.calls.clear();
        state.fault = Some(fault);
    }

    /// Whether an armed fault has not been met.
    pub fn is_armed(&self) -> bool {
        self.state().fault.is_some()
    }

    pub fn disarm(&self) {
        self.state().fault = None;
    }

    /// Answers from now on in place of the network.
    pub(crate) fn simulate(&self, network: Arc<dyn Network>) {
        let _was_set = self.network.set(network);
    }

    /// The network in place of the real one, if there is one.
    pub(crate) fn simulated(&self) -> Option<&Arc<dyn Network>> {
        self.network.get()
    }

    /// Refuses from now on every call that these statements do not allow.
    pub(crate) fn hold_to(&self, statements: Vec<Statement>, config: &Config) {
        self.state().held_to = Some(Held::new(statements, config.tables.clone()));
    }

    /// The calls that were refused because no statement allows them.
    pub(crate) fn refused(&self) -> Vec<String> {
        self.state().refused.clone()
    }

    pub(crate) fn meet(&self, call: &str, signer: Holder, body: &[u8]) -> Fate {
        let mut state = self.state();
        state.calls.push(call.to_owned());
        if let Some(what) = state.held_to.as_ref().and_then(|held| held.refuse(call, signer, body)) {
            state.refused.push(what);
            return Fate::Refuse;
        }
        let count = state.calls.len();
        let fate = match state.fault {
            Some(Fault::CrashBefore(k)) if k == count => Fate::CrashBefore,
            Some(Fault::CrashAfter(k)) if k == count => Fate::CrashAfter,
            Some(Fault::LoseAnswer(k)) if k == count => Fate::LoseAnswer,
            Some(Fault::Hold(name)) if call.contains(name) => Fate::Hold,
            Some(Fault::Refuse(k)) if k == count => Fate::Refuse,
            Some(Fault::Busy(k, busy)) if k == count && busy.is_of(call) => Fate::Busy(busy),
            _ => Fate::Pass,
        };
        if fate != Fate::Pass {
            state.fault = None;
        }
        fate
    }

    /// Releases the held call.
    pub fn release(&self) {
        self.released.notify_one();
    }

    pub(crate) async fn hold(&self) {
        self.held.notify_one();
        self.released.notified().await;
    }

    async fn pass(
        &self,
        inner: Option<&SharedHttpConnector>,
        call: &str,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        let Some(network) = self.network.get() else {
            return match inner {
                Some(inner) => inner.call(request).await,
                None => Err(ConnectorError::other("there is no network".into(), None)),
            };
        };
        let body = Bytes::copy_from_slice(request.body().bytes().unwrap_or_default());
        let copy = request.try_into_http1x().map_err(other)?;
        match network.aws(call, copy.map(|_| body)).await {
            Ok(answer) => HttpResponse::try_from(answer.map(SdkBody::from)).map_err(other),
            Err(NoAnswer::NotSent) => Err(ConnectorError::io("there is no connection".into())),
            Err(NoAnswer::Lost) => Err(lost()),
        }
    }

    /// The end of the process, as the code under test sees it.
    pub(crate) async fn crash(&self) -> std::convert::Infallible {
        self.crashed.notify_one();
        std::future::pending().await
    }
}

/// The SDK's HTTP client with the wire in front.
#[derive(Clone)]
pub(crate) struct WiredClient {
    inner: SharedHttpClient,
    wire: Arc<Wire>,
}

impl WiredClient {
    pub(crate) fn around(inner: SharedHttpClient, wire: Arc<Wire>) -> SharedHttpClient {
        SharedHttpClient::new(Self { inner, wire })
    }
}

impl std::fmt::Debug for WiredClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WiredClient")
    }
}

impl HttpClient for WiredClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        // The real one reads every root certificate of this machine.
        let is_real = self.wire.simulated().is_none();
        let inner = is_real.then(|| self.inner.http_connector(settings, components));
        SharedHttpConnector::new(WiredConnector { inner, wire: self.wire.clone() })
    }
}

struct WiredConnector {
    /// None if a network answers in place of the real one.
    inner: Option<SharedHttpConnector>,
    wire: Arc<Wire>,
}

impl std::fmt::Debug for WiredConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WiredConnector")
    }
}

impl HttpConnector for WiredConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = operation(&request);
        let (inner, wire) = (self.inner.clone(), self.wire.clone());
        HttpConnectorFuture::new(async move {
            match wire.meet(&call, signer(&request), request.body().bytes().unwrap_or_default()) {
                Fate::Pass => wire.pass(inner.as_ref(), &call, request).await,
                Fate::Hold => {
                    wire.hold().await;
                    wire.pass(inner.as_ref(), &call, request).await
                }
                Fate::Refuse => Err(ConnectorError::other(format!("{call} is not granted").into(), None)),
                Fate::Busy(busy) => busy_answer(busy, &call, request.body().bytes().unwrap_or_default()),
                Fate::CrashBefore => match wire.crash().await {},
                Fate::CrashAfter => {
                    let _answer = wire.pass(inner.as_ref(), &call, request).await;
                    match wire.crash().await {}
                }
                Fate::LoseAnswer => {
                    let _answer = wire.pass(inner.as_ref(), &call, request).await;
                    Err(lost())
                }
            }
        })
    }
}

fn busy_answer(busy: Busy, call: &str, request: &[u8]) -> Result<HttpResponse, ConnectorError> {
    let (status, body) = busy.answer(call, request);
    let answer = http::Response::builder().status(status).body(SdkBody::from(body));
    HttpResponse::try_from(answer.map_err(other)?).map_err(other)
}

fn lost() -> ConnectorError {
    ConnectorError::io("the response was lost".into())
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> ConnectorError {
    ConnectorError::other(error.into(), None)
}

/// The credentials of functions under test: neither the emulator nor the cloud in process checks them.
pub(super) fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "test")
}

/// The role that signed a request. The credentials of a test are permanent, so only a session's are temporary. The ids
/// of those start with ASIA:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>.
fn signer(request: &HttpRequest) -> Holder {
    let signed = request.headers().get("authorization").unwrap_or_default();
    if signed.contains("Credential=ASIA") { Holder::Tenant } else { Holder::Own }
}

fn operation(request: &HttpRequest) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        let (service, operation) = target.split_once('.').unwrap_or((target, ""));
        let service = match service {
            "DynamoDB_20120810" => "DynamoDB",
            "TrentService" => "KMS",
            "AmazonSQS" => "SQS",
            "secretsmanager" => "SecretsManager",
            other => other,
        };
        return format!("{service}.{operation}");
    }
    if let Some(action) = request
        .body()
        .bytes()
        .and_then(|body| std::str::from_utf8(body).ok())
        .and_then(|body| body.strip_prefix("Action="))
    {
        return format!("STS.{}", action.split('&').next().unwrap_or_default());
    }
    if request.uri().contains("/v2/email/") {
        return "SES.SendEmail".to_owned();
    }
    let names = |parameter: &str| {
        let (_, query) = request.uri().split_once('?').unwrap_or_default();
        query.split('&').any(|part| part.split('=').next() == Some(parameter))
    };
    let verb = match request.method() {
        "GET" if names("versions") => "ListBucketVersions",
        "POST" if names("delete") => "DeleteObjectVersion",
        "GET" => "GetObject",
        "PUT" => "PutObject",
        "DELETE" => "DeleteObject",
        other => other,
    };
    format!("S3.{verb}")
}
