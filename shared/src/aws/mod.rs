//! The AWS clients: built lazily, as the function's own role or one of its sessions.

#[cfg(feature = "testing")]
pub mod busy;
mod erasure_rights;
pub mod grants;
mod key_rights;
pub(crate) mod kms;
pub mod mailer;
mod membership_rights;
pub(crate) mod object_versions;
pub(crate) mod objects;
pub mod outbound;
mod override_rights;
pub(crate) mod queues;
pub mod route_rights;
mod secret_values;
pub mod session_policy;
pub(crate) mod sessions;
mod staff_rights;
mod statement;
#[cfg(feature = "testing")]
pub mod wire;
#[cfg(feature = "testing")]
mod wire_grants;

use std::sync::OnceLock;
use std::time::Duration;

#[cfg(not(feature = "testing"))]
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{IdentityCache, StalledStreamProtectionConfig};
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::config::Config;
use crate::kernel::entropy::Entropy;
use crate::kernel::problems::Problem;
use crate::kernel::time::Clock;
use outbound::Outbound;
use sessions::Sessions;

/// One attempt of one call. Short enough that the SDK can try again within a request's 29 seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);
const MAX_ATTEMPTS: u32 = 3;

/// The clients of one process. Each is built on first use: a function pays only for the services that it calls.
pub(crate) struct Aws {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) sessions: Sessions,
    sdk: SdkConfig,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    kms: OnceLock<aws_sdk_kms::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    secrets: OnceLock<aws_sdk_secretsmanager::Client>,
    ses: OnceLock<aws_sdk_sesv2::Client>,
    sqs: OnceLock<aws_sdk_sqs::Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
    outbound: OnceLock<Outbound>,
    /// Retries are limited per process of a function. A process of tests has many of them.
    #[cfg(feature = "testing")]
    retries: aws_sdk_dynamodb::config::retry::RetryPartition,
    #[cfg(feature = "testing")]
    pub(crate) wire: std::sync::Arc<wire::Wire>,
}

/// The configuration of one service's client.
macro_rules! configuration {
    ($sdk:ident, $aws:expr) => {{
        let config = $sdk::config::Builder::from(&$aws.sdk);
        #[cfg(feature = "testing")]
        let config = config.retry_partition($aws.retries.clone());
        config
    }};
}

impl Aws {
    pub(crate) fn new(config: Config, clock: Clock, entropy: Entropy) -> Self {
        // aws-lc through rustls, with one connection pool for all services.
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc));
        let http = http.build_https();
        #[cfg(feature = "testing")]
        let wire = std::sync::Arc::new(wire::Wire::default());
        #[cfg(feature = "testing")]
        let http = wire::WiredClient::around(http, wire.clone());
        #[cfg(feature = "testing")]
        let credentials = SharedCredentialsProvider::new(wire::credentials());
        #[cfg(not(feature = "testing"))]
        let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
        let retries = RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS);
        // No test waits for a second.
        #[cfg(feature = "testing")]
        let retries = retries.with_initial_backoff(Duration::from_millis(1));
        let mut sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.region.clone()))
            .credentials_provider(credentials)
            // Credentials come from the environment, or from `sessions`, which caches them.
            .identity_cache(IdentityCache::no_cache())
            .http_client(http)
            .retry_config(retries)
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .build(),
            );
        // The local cloud uses the same SDK with an endpoint in the environment; on AWS there is none.
        if let Ok(endpoint) = std::env::var("AWS_ENDPOINT_URL") {
            sdk = sdk.endpoint_url(endpoint);
        }
        Self {
            config,
            clock,
            entropy,
            sessions: Sessions::default(),
            sdk: sdk.build(),
            dynamodb: OnceLock::new(),
            kms: OnceLock::new(),
            s3: OnceLock::new(),
            secrets: OnceLock::new(),
            ses: OnceLock::new(),
            sqs: OnceLock::new(),
            sts: OnceLock::new(),
            outbound: OnceLock::new(),
            #[cfg(feature = "testing")]
            retries: aws_sdk_dynamodb::config::retry::RetryPartition::custom("function").build(),
            #[cfg(feature = "testing")]
            wire,
        }
    }

    /// Waits before another try, longer in each round and with random jitter: of many concurrent changes to one item,
    /// one succeeds per round, and the others must not collide again.
    pub(crate) async fn back_off(&self, round: u32) {
        let jitter_ms = 5 + self.entropy.below(10 << round.min(5));
        self.clock.pause(Duration::from_millis(jitter_ms)).await;
    }

    pub(crate) fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        self.dynamodb.get_or_init(|| self.dynamodb_as(None))
    }

    /// A client with these credentials; without any, with the function's own.
    fn dynamodb_as(&self, credentials: Option<&Credentials>) -> aws_sdk_dynamodb::Client {
        let mut config = configuration!(aws_sdk_dynamodb, self)
            // Every response is read within its attempt, which has a time limit.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(credentials) = credentials {
            config = config.credentials_provider(credentials.clone());
        }
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    fn kms(&self) -> &aws_sdk_kms::Client {
        self.kms.get_or_init(|| aws_sdk_kms::Client::from_conf(configuration!(aws_sdk_kms, self).build()))
    }

    fn s3(&self) -> &aws_sdk_s3::Client {
        self.s3.get_or_init(|| {
            // Virtual-hosted buckets need a wildcard host name, which a loopback endpoint lacks.
            let path_style = self.sdk.endpoint_url().is_some();
            let config = configuration!(aws_sdk_s3, self).force_path_style(path_style).build();
            aws_sdk_s3::Client::from_conf(config)
        })
    }

    fn secrets(&self) -> &aws_sdk_secretsmanager::Client {
        self.secrets.get_or_init(|| {
            aws_sdk_secretsmanager::Client::from_conf(configuration!(aws_sdk_secretsmanager, self).build())
        })
    }

    fn ses(&self) -> &aws_sdk_sesv2::Client {
        self.ses.get_or_init(|| aws_sdk_sesv2::Client::from_conf(configuration!(aws_sdk_sesv2, self).build()))
    }

    fn sqs(&self) -> &aws_sdk_sqs::Client {
        self.sqs.get_or_init(|| aws_sdk_sqs::Client::from_conf(configuration!(aws_sdk_sqs, self).build()))
    }

    fn sts(&self) -> &aws_sdk_sts::Client {
        self.sts.get_or_init(|| aws_sdk_sts::Client::from_conf(configuration!(aws_sdk_sts, self).build()))
    }

    pub(crate) fn outbound(&self) -> &Outbound {
        self.outbound.get_or_init(|| {
            Outbound::new(
                #[cfg(feature = "testing")]
                self.wire.clone(),
            )
        })
    }
}

/// A failed call as a problem: a 503 if a retry may succeed, otherwise a 500.
pub(crate) fn failed<E, R>(operation: &'static str, error: SdkError<E, R>) -> Problem
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let passing = match &error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(_) => is_throttling(error.code()),
        _ => false,
    };
    let text = format!("{operation}: {}", DisplayErrorContext(&error));
    if passing { Problem::unavailable(text) } else { Problem::internal(text) }
}

/// Whether an error code means throttling.
pub(crate) fn is_throttling(code: Option<&str>) -> bool {
    matches!(
        code,
        Some(
            "ThrottlingException"
                | "Throttling"
                | "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "TooManyRequestsException"
                | "LimitExceededException"
                | "SlowDown"
                | "ServiceUnavailable"
                | "InternalServerError"
                | "KMSInternalException"
                | "DependencyTimeoutException"
        )
    )
}
