//! The operator's registrations with platforms: OAuth apps, whose credentials are secrets of the deployment.
//!
//! The secret of a platform is `<name>/platforms/<platform>` in Secrets Manager, as JSON:
//! `{"client_id": "…", "client_secret": "…"}`. After a new one was put, the former is its version `AWSPREVIOUS`, and serves the
//! tokens that the platform issued to it (decision 0049).

use std::collections::HashMap;

use serde::Deserialize;
use tokio::sync::Mutex;

use super::scope::Scope;
use crate::aws::Aws;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::kernel::time::{SignedDuration, Timestamp, after};

/// How long a warm function keeps what it has read: so long after a rotation, the former app is still used.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(5);
/// How often an app that none of the kept ones is, is looked for again: another function may have read a newer secret.
const LOOKED_FOR_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// A registration with a platform's OAuth server.
#[derive(Clone, Deserialize)]
pub struct PlatformApp {
    pub client_id: String,
    pub client_secret: SecretText,
}

/// A version of a platform's secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Version {
    Current,
    /// The one before the last rotation.
    Previous,
}

impl Version {
    /// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version>.
    const fn stage(self) -> &'static str {
        match self {
            Self::Current => "AWSCURRENT",
            Self::Previous => "AWSPREVIOUS",
        }
    }
}

/// What this process has read. Concurrent callers share one call.
#[derive(Default)]
pub(crate) struct PlatformApps {
    kept: Mutex<HashMap<(&'static str, Version), Kept>>,
}

struct Kept {
    app: Option<PlatformApp>,
    read_at: Timestamp,
}

impl PlatformApps {
    async fn read(
        &self,
        aws: &Aws,
        platform: &'static str,
        version: Version,
        oldest: SignedDuration,
    ) -> Result<Option<PlatformApp>, Problem> {
        let mut all = self.kept.lock().await;
        let (now, known) = (aws.clock.now(), all.get(&(platform, version)));
        if let Some(kept) = known.filter(|kept| now < after(kept.read_at, oldest)) {
            return Ok(kept.app.clone());
        }
        let name = format!("{}{platform}", aws.config.platform_apps);
        match aws.secret_value(&name, version.stage()).await {
            Ok(value) => {
                let app = value.map(|value| parsed(platform, &value)).transpose()?;
                all.insert((platform, version), Kept { app: app.clone(), read_at: now });
                Ok(app)
            }
            // While Secrets Manager is down, what was read before still works.
            Err(problem) => known.map(|kept| kept.app.clone()).ok_or(problem),
        }
    }
}

/// The cause is dropped: an error of the parser quotes its input.
fn parsed(platform: &str, value: &SecretText) -> Result<PlatformApp, Problem> {
    let app = serde_json::from_str::<PlatformApp>(value.expose()).ok();
    app.filter(|app| !app.client_id.is_empty() && !app.client_secret.expose().is_empty())
        .ok_or_else(|| Problem::internal(format!("the secret with the app on {platform} is malformed")))
}

impl Scope {
    /// The operator's app on a platform, for functions that declare `ReadPlatformApps`. None if the operator has none.
    pub async fn platform_app(&self, platform: &'static str) -> Result<Option<PlatformApp>, Problem> {
        let app = self.app();
        Box::pin(app.platform_apps.read(&app.aws, platform, Version::Current, KEPT_FOR)).await
    }

    /// The operator's app with this client id: the current one, or the one before the last rotation.
    pub async fn platform_app_of(
        &self,
        platform: &'static str,
        client_id: &str,
    ) -> Result<Option<PlatformApp>, Problem> {
        let app = self.app();
        Box::pin(async move {
            for oldest in [KEPT_FOR, LOOKED_FOR_AGAIN_AFTER] {
                for version in [Version::Current, Version::Previous] {
                    let found = app.platform_apps.read(&app.aws, platform, version, oldest).await?;
                    if let Some(found) = found.filter(|found| found.client_id == client_id) {
                        return Ok(Some(found));
                    }
                }
            }
            Ok(None)
        })
        .await
    }

    /// Reads a platform's app again at its next use, because the platform refused it: its secret may have been replaced.
    pub async fn forget_platform_app(&self, platform: &'static str) {
        self.app().platform_apps.kept.lock().await.retain(|(known, _), _| *known != platform);
    }
}
