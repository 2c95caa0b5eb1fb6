//! The test application: routes and jobs in process, against real tables, with time, randomness and the wire under the
//! test's control.
//!
//! It mints proofs and passes them to the same code as production: the pipeline has no branch for tests. A release
//! build refuses its feature.

mod cloud;
mod environment;
mod fixtures;
mod memberships;
mod outbox;
mod person;
mod requests;
mod tables;
mod witness;

pub use cloud::schemas;
pub use environment::{Environment, Surroundings};
pub use memberships::Roster;
pub use outbox::Posted;
pub use person::{Person, StaffMember};
pub use requests::{Request, Response};

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

use serde_json::Value;
pub use simulated_cloud::{Cloud, Mail, TableCall};

use crate::aws::wire::{Fault, Network, Wire};
use crate::config::{self, Config, PasswordCost, PlaneSettings, Planes, Sending, Tables, WorkspaceKeys};
use crate::crypto::link::LinkClaims;
use crate::function::Function;
use crate::http::incoming::Incoming;
use crate::kernel::entropy::Entropy;
use crate::kernel::networks::Networks;
use crate::kernel::plane::Plane;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::{SecretBytes, SecretText};
use crate::kernel::time::{Clock, SignedDuration, Timestamp};
use crate::system_events::{self, SystemEvent};
use crate::tenancy::app::App;

static LOG: Once = Once::new();

/// Writes warnings and errors to stderr. The response to a failed request has no cause, so a failed test needs its log.
fn log() {
    LOG.call_once(|| {
        let log = lambda_runtime::tracing::subscriber::fmt().with_writer(std::io::stderr).with_ansi(false);
        let _by_a_test = log.with_max_level(lambda_runtime::tracing::Level::WARN).try_init();
    });
}

/// A deployment in process. Functions are built on their first call and stay warm.
pub struct TestApp {
    config: Config,
    clock: Clock,
    entropy: Entropy,
    warm: Mutex<HashMap<&'static str, Environment>>,
    fixtures: Arc<App>,
    object_fixtures: Arc<App>,
    address: Mutex<String>,
    cloud: Option<Arc<Cloud>>,
    hosts: cloud::Hosts,
}

/// The end of a job's run that a test may crash.
#[derive(Debug)]
pub enum Ended {
    With(Result<Value, Problem>),
    /// The process died at the wire's fault.
    Crashed,
}

impl TestApp {
    /// Uses a cloud of its own, in process. Prints the seed, so that a failure can be reproduced with `BULKHEAD_SEED`.
    ///
    /// # Panics
    ///
    /// If the cloud does not start.
    pub fn new() -> Self {
        Self::at(start())
    }

    /// The same, with a clock fixed at an instant.
    ///
    /// # Panics
    ///
    /// If the cloud does not start.
    pub fn at(now: Timestamp) -> Self {
        log();
        Self::of(Clock::fixed(now), Entropy::seeded(seed())).with_its_own_cloud()
    }

    /// A deployment of a simulation, which follows the time of a paused runtime.
    ///
    /// # Panics
    ///
    /// If the cloud does not start.
    pub fn simulated(clock: Clock, entropy: Entropy) -> Self {
        Self::of(clock, entropy).with_its_own_cloud()
    }

    fn with_its_own_cloud(mut self) -> Self {
        let cloud = cloud::start(&self.config, &self.clock, &self.entropy);
        for fixtures in [&self.fixtures, &self.object_fixtures] {
            let network = cloud::InProcess { cloud: cloud.clone(), hosts: self.hosts.clone() };
            fixtures.aws.wire.simulate(Arc::new(network));
        }
        self.cloud = Some(cloud);
        self
    }

    /// Uses the AWS emulator of `make test`, and the tables that it created: for what a cloud in process lacks.
    pub fn in_the_emulator() -> Self {
        log();
        Self::of(Clock::fixed(start()), Entropy::seeded(seed()))
    }

    fn of(clock: Clock, entropy: Entropy) -> Self {
        let name = std::env::var("BULKHEAD_TEST_NAME").unwrap_or_else(|_| "bht".to_owned());
        let config = Config {
            region: "us-east-1".to_owned(),
            cell: "local".to_owned(),
            tables: Tables::named(&name),
            media_bucket: format!("{name}-media-000000000000-us-east-1"),
            queue_base: format!("http://127.0.0.1/000000000000/{name}-"),
            tenant_role: format!("arn:aws:iam::000000000000:role/{name}-tenant"),
            system_key: format!("alias/{name}-system"),
            derivation_key: format!("alias/{name}-derivation"),
            workspace_keys: WorkspaceKeys::Dedicated,
            base_url: "https://api.example.com".to_owned(),
            app_url: "https://app.example.com".to_owned(),
            staff_console_url: "https://staff.example.com".to_owned(),
            app_paths: HashMap::new(),
            planes: planes(),
            platform_apps: config::platform_apps(&name),
            mail_from: "no-reply@example.com".to_owned(),
            initial_plan: "studio".to_owned(),
            sending: Sending::On,
            // The lowest cost of Argon2id: these tests are not about its cost.
            password_cost: PasswordCost { memory_kib: 8, passes: 1, lanes: 1 },
            pepper_version: 1,
            legacy_bcrypt_cost: Some(4),
            recovery_wait_hours: 72,
            release: "test".to_owned(),
        };
        let fixtures = |grants| Arc::new(App::new(config.clone(), clock.clone(), entropy.clone(), grants));
        let (fixtures, object_fixtures) = (fixtures(fixtures::GRANTS), fixtures(fixtures::OBJECT_GRANTS));
        let address = Mutex::new(any_address(&entropy));
        let (warm, hosts) = (Mutex::default(), cloud::Hosts::default());
        Self { config, clock, entropy, warm, fixtures, object_fixtures, address, cloud: None, hosts }
    }

    /// Changes the configuration for functions from now on; warm ones are dropped.
    pub fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.forget_warm();
    }

    /// Drops every warm function, so that the next call starts cold.
    pub fn forget_warm(&self) {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Drops one warm function.
    pub fn forget(&self, function: &'static Function) {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner).remove(function.name());
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn tables(&self) -> &Tables {
        &self.config.tables
    }

    pub fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    pub fn entropy(&self) -> &Entropy {
        &self.entropy
    }

    fn surroundings(&self) -> Surroundings {
        let hosts = self.hosts.clone();
        let network = |cloud| Arc::new(cloud::InProcess { cloud, hosts }) as Arc<dyn Network>;
        let network = self.cloud.clone().map(network);
        let (config, clock, entropy) = (self.config.clone(), self.clock.clone(), self.entropy.clone());
        Surroundings { config, clock, entropy, network }
    }

    /// The cloud in process, to be inspected and changed past the code under test.
    ///
    /// # Panics
    ///
    /// In an app that uses the emulator.
    #[allow(clippy::panic)]
    pub fn cloud(&self) -> &Arc<Cloud> {
        let Some(cloud) = &self.cloud else { panic!("this app uses the AWS emulator") };
        cloud
    }

    /// The default source address of requests, unique to this test.
    pub fn address(&self) -> String {
        self.address.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Switches to another source address, with its own limits.
    pub fn move_address(&self) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = any_address(&self.entropy);
    }

    fn environment(&self, function: &'static Function) -> Environment {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        let start = || Environment::start(function, self.surroundings());
        warm.entry(function.name()).or_insert_with(start).clone()
    }

    /// The wire of one function: its calls, and faults to arm.
    pub fn wire(&self, function: &'static Function) -> Arc<Wire> {
        self.environment(function).wire()
    }

    /// The wire of the scopes that a test mints.
    pub fn fixture_wire(&self) -> Arc<Wire> {
        self.fixtures.aws.wire.clone()
    }

    /// Sends a request through the whole pipeline.
    pub async fn call(&self, request: Request) -> Response {
        let id = format!("test-{:016x}", u64::from_le_bytes(self.entropy.bytes()));
        self.environment(request.function()).answer(request, id, || self.address()).await
    }

    /// Sends a request, and runs `change` just before it commits. None if the request commits nothing.
    pub async fn call_while(&self, request: Request, change: impl Future<Output = ()>) -> (Response, Option<()>) {
        let wire = self.wire(request.function());
        wire.arm(Fault::Hold("DynamoDB.TransactWriteItems"));
        let call = self.call(request);
        let mut call = std::pin::pin!(call);
        tokio::select! {
            biased;
            answer = &mut call => (answer, None),
            () = wire.held.notified() => {
                change.await;
                wire.release();
                (call.await, Some(()))
            }
        }
    }

    /// Answers a complete API Gateway event, as from Lambda.
    pub async fn answer_event(&self, function: &'static Function, event: &Value) -> Response {
        let request = lambda_http::request::from_str(&event.to_string()).ok().map(Incoming::new);
        match request {
            Some(Ok(incoming)) => self.environment(function).answer_incoming(incoming).await,
            _ => Response::none(),
        }
    }

    /// Runs a job with an event, as Lambda would.
    pub async fn run(&self, function: &'static Function, event: Value) -> Result<Value, Problem> {
        self.environment(function).run(event, Duration::from_secs(900)).await
    }

    /// Runs a scheduled job at the test's instant.
    pub async fn tick(&self, function: &'static Function) -> Result<Value, Problem> {
        self.run(function, serde_json::json!({ "scheduled_time": self.now().to_string() })).await
    }

    /// Runs a job with messages as from its queue. Messages to retry are an error.
    pub async fn deliver(&self, function: &'static Function, messages: &[Posted]) -> Result<(), Problem> {
        let records: Vec<Value> = messages
            .iter()
            .map(|posted| {
                let body = serde_json::json!({ "partition": posted.partition, "envelope": posted.envelope });
                serde_json::json!({ "messageId": posted.envelope.id, "body": body.to_string() })
            })
            .collect();
        let answer = self.run(function, serde_json::json!({ "Records": records })).await?;
        match answer["batchItemFailures"].as_array() {
            Some(failures) if !failures.is_empty() => Err(Problem::internal(format!("to retry: {answer}"))),
            _ => Ok(()),
        }
    }

    /// The same, if the wire may crash the process: the run is dropped where it was, and the function then starts cold.
    pub async fn deliver_until_crash(&self, function: &'static Function, messages: &[Posted]) -> Result<(), Ended> {
        self.until_crash(function, self.deliver(function, messages)).await
    }

    /// Drives a future until it ends or the function's wire crashes it.
    pub async fn until_crash<T>(
        &self,
        function: &'static Function,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Ended> {
        let wire = self.wire(function);
        let result = tokio::select! {
            biased;
            () = wire.crashed.notified() => Err(Ended::Crashed),
            result = work => result.map_err(|problem| Ended::With(Err(problem))),
        };
        if matches!(result, Err(Ended::Crashed)) {
            self.forget(function);
        }
        result
    }

    /// The system events since an instant.
    pub async fn events_since(&self, since: Timestamp) -> Result<Vec<SystemEvent>, Problem> {
        system_events::since(&self.fixtures.aws, since).await
    }
}

impl Default for TestApp {
    fn default() -> Self {
        Self::new()
    }
}

/// The seed of a test, printed so that a failure can be reproduced with `BULKHEAD_SEED`.
fn seed() -> u64 {
    let seed = std::env::var("BULKHEAD_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from_le_bytes(Entropy::system().bytes()));
    use std::io::Write;
    let _unseen = writeln!(std::io::stderr(), "BULKHEAD_SEED={seed}");
    seed
}

/// The instant at which the clock of a test starts: now, printed so that a failure can be reproduced with `BULKHEAD_AT`.
///
/// # Panics
///
/// If `BULKHEAD_AT` is not an instant.
#[allow(clippy::unwrap_used)]
fn start() -> Timestamp {
    let at = std::env::var("BULKHEAD_AT").map_or_else(|_| Timestamp::now(), |at| at.parse().unwrap());
    use std::io::Write;
    let _unseen = writeln!(std::io::stderr(), "BULKHEAD_AT={at}");
    at
}

/// The id of a plane's API.
fn api_id(plane: &Plane) -> String {
    if *plane == Plane::PRODUCT { "local".to_owned() } else { format!("local-{}", plane.name) }
}

/// Each plane at a separate host; the product at `api.example.com`.
fn planes() -> Planes {
    let settings = |plane: &Plane| {
        let (api, application) = if *plane == Plane::PRODUCT { ("api", "app") } else { (plane.name, plane.name) };
        let origins = plane.has_origins.then(|| format!("https://{}.example.com", application));
        Ok::<_, Infallible>(PlaneSettings {
            api_id: api_id(plane),
            base_url: format!("https://{api}.example.com"),
            allowed_origins: origins.into_iter().collect(),
            networks: Networks::default(),
        })
    };
    Planes::each(settings).unwrap_or_else(|never| match never {})
}

/// An address of an otherwise unused IPv4 range. There are over a billion: all tests share one table, and some use ten
/// thousand addresses.
fn any_address(entropy: &Entropy) -> String {
    let [a, b, c, d] = entropy.bytes();
    format!("{}.{b}.{c}.{d}", 11 + a % 100)
}

/// The token of a mailed link, under the key that KMS derives for links.
pub fn link(key: &[u8], claims: &LinkClaims) -> SecretText {
    let signed = crate::crypto::link::sign(&SecretBytes::new(key.to_vec()), claims);
    signed.unwrap_or_else(|_| SecretText::new(String::new()))
}

/// The session policy of this function, for its snapshot.
pub fn session_policy(function: &Function, workspace: &str) -> Result<String, crate::kernel::ids::NotAnId> {
    let subject = crate::aws::session_policy::Subject { workspace: workspace.parse()?, user: None };
    let tables = Tables::named("bh");
    Ok(crate::aws::session_policy::session_policy(function.grants(), subject, &tables, "bh-media-000000000000"))
}
