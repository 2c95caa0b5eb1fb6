//! Configuration: the environment variables that `template.yaml` sets for every function.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::Timestamp;

use crate::kernel::networks::Networks;
use crate::kernel::plane::Plane;
use crate::kernel::problems::Problem;

/// Read once, at the first request. The error names a missing or malformed variable.
#[derive(Clone)]
pub struct Config {
    pub region: String,
    /// The deployment's cell; each workspace belongs to one (`D#` of Proofs).
    pub cell: String,
    pub tables: Tables,
    pub media_bucket: String,
    /// `https://sqs.…/<account>/<name>-`: with a job's name appended, its queue's URL.
    pub queue_base: String,
    /// The role that this function assumes for one workspace at a time.
    pub tenant_role: String,
    /// Seals what belongs to the system itself: the signing keys.
    pub system_key: String,
    /// An HMAC key from which cursor, link and pepper keys are derived.
    pub derivation_key: String,
    pub workspace_keys: WorkspaceKeys,
    /// The base URL of the product's API.
    pub base_url: String,
    pub planes: Planes,
    /// The web application, which mailed links point to.
    pub app_url: String,
    /// The web application of the staff: its domain is that of their passkeys. Empty without staff.
    pub staff_console_url: String,
    /// Paths of the web application's pages that are not `/<page>`.
    pub app_paths: HashMap<String, String>,
    /// `<name>/platforms/`: with a platform's name appended, the secret with the operator's app on it.
    pub platform_apps: String,
    pub mail_from: String,
    /// The plan of a new workspace.
    pub initial_plan: String,
    pub sending: Sending,
    pub password_cost: PasswordCost,
    /// The version of the pepper for new password hashes. Raising it makes older hashes outdated, but not unusable.
    pub pepper_version: u16,
    /// The highest cost of imported bcrypt hashes. If it is not 0, every sign-in takes the time of one such hash.
    pub legacy_bcrypt_cost: Option<u32>,
    /// How long an account recovery waits before it can be completed.
    pub recovery_wait_hours: u32,
    /// The deployed commit or version.
    pub release: String,
}

/// The settings of each plane.
#[derive(Clone)]
pub struct Planes(Vec<(Plane, PlaneSettings)>);

/// The address, allowed origins and allowed networks of one plane.
#[derive(Clone)]
pub struct PlaneSettings {
    /// The gateway's id of its API, which every event has.
    pub api_id: String,
    pub base_url: String,
    /// Empty allows none.
    pub allowed_origins: Vec<String>,
    /// The networks that are answered. Empty: all.
    pub networks: Networks,
}

impl Planes {
    /// Every plane with its settings.
    pub fn each<E>(settings: impl Fn(&Plane) -> Result<PlaneSettings, E>) -> Result<Self, E> {
        let planes = Plane::ALL.iter().map(|plane| Ok((*plane, settings(plane)?)));
        planes.collect::<Result<_, _>>().map(Self)
    }

    /// The plane of an API; none for an API of another deployment.
    pub fn of_api(&self, api_id: &str) -> Option<Plane> {
        self.0.iter().find(|(_, settings)| settings.api_id == api_id).map(|(plane, _)| *plane)
    }

    /// The base URL of a plane.
    pub fn url(&self, plane: Plane) -> Result<&str, Problem> {
        let settings = self.settings(plane).ok_or_else(|| Problem::internal("a plane without settings"))?;
        Ok(&settings.base_url)
    }

    /// The settings of a plane.
    pub fn settings(&self, plane: Plane) -> Option<&PlaneSettings> {
        self.0.iter().find(|(known, _)| *known == plane).map(|(_, settings)| settings)
    }
}

/// The cost of an Argon2id hash (RFC 9106, section 4: the second recommended set by default).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 }
    }
}

/// Physical table names. They are short because session policies, which contain them, are limited in size.
#[derive(Clone)]
pub struct Tables {
    pub tenants: String,
    pub outbox: String,
    pub audit: String,
    pub proofs: String,
    pub accounts: String,
    pub system: String,
}

impl Tables {
    pub fn named(prefix: &str) -> Self {
        let name = |table: &str| format!("{prefix}-{table}");
        Self {
            tenants: name("tenants"),
            outbox: name("outbox"),
            audit: name("audit"),
            proofs: name("proofs"),
            accounts: name("accounts"),
            system: name("system"),
        }
    }
}

/// Which KMS key wraps a workspace's data keys.
#[derive(Clone)]
pub enum WorkspaceKeys {
    /// A key per workspace, created when its first secret is sealed.
    Dedicated,
    /// One key for all workspaces, with the workspace in the encryption context.
    Pooled { key: String },
}

/// Whether anything may be sent, and what a restored deployment must not send again.
///
/// A restored stack starts with sending off, which leaves everything unchanged. When it is switched on, anything that
/// was due before that and is unfinished may have been sent by the lost deployment after the restore point: it is held
/// for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    On,
    Off,
    Resumed { restored_to: Timestamp, resumed_at: Timestamp },
}

impl Sending {
    /// Whether an unfinished delivery that was due at this instant may have been sent before the restore.
    pub fn doubtful(self, due_at: Timestamp) -> bool {
        matches!(self, Self::Resumed { resumed_at, .. } if due_at < resumed_at)
    }

    /// Whether a message posted at this instant must stay in the outbox: messages in a restored outbox may have been
    /// sent after the restore point.
    pub fn fences(self, posted_at: Timestamp) -> bool {
        match self {
            Self::On => false,
            Self::Off => true,
            Self::Resumed { resumed_at, .. } => posted_at < resumed_at,
        }
    }
}

/// Why the environment is not a valid configuration.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {name}: {rule}")]
pub struct ConfigError {
    name: Cow<'static, str>,
    rule: &'static str,
}

impl ConfigError {
    fn new(name: impl Into<Cow<'static, str>>, rule: &'static str) -> Self {
        Self { name: name.into(), rule }
    }
}

impl PlaneSettings {
    fn from_env(plane: &Plane) -> Result<Self, ConfigError> {
        let origins = optional(&plane.variable("ALLOWED_ORIGINS")).unwrap_or_default();
        Ok(Self {
            api_id: text(plane.variable("API_ID"))?,
            base_url: text(plane.variable("BASE_URL"))?,
            allowed_origins: origins
                .split(',')
                .map(|origin| origin.trim().to_owned())
                .filter(|o| !o.is_empty())
                .collect(),
            networks: networks(plane.variable("NETWORKS"))?,
        })
    }
}

impl Config {
    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        let workspace_keys = match text("WORKSPACE_KEYS")?.as_str() {
            "dedicated" => WorkspaceKeys::Dedicated,
            "pooled" => WorkspaceKeys::Pooled { key: text("POOLED_KEY")? },
            _ => return Err(ConfigError::new("WORKSPACE_KEYS", "must be dedicated or pooled")),
        };
        let sending = match text("SENDING")?.as_str() {
            "on" if optional("RESTORED_TO").is_none() => Sending::On,
            "on" => Sending::Resumed { restored_to: instant("RESTORED_TO")?, resumed_at: instant("RESUMED_AT")? },
            "off" => Sending::Off,
            _ => return Err(ConfigError::new("SENDING", "must be on or off")),
        };
        Ok(Self {
            region: text("AWS_REGION")?,
            cell: text("CELL")?,
            tables: Tables::named(&text("TABLE_PREFIX")?),
            media_bucket: text("MEDIA_BUCKET")?,
            queue_base: text("QUEUE_BASE")?,
            tenant_role: text("TENANT_ROLE")?,
            system_key: text("SYSTEM_KEY")?,
            derivation_key: text("DERIVATION_KEY")?,
            workspace_keys,
            base_url: text("BASE_URL")?,
            app_url: text("APP_URL")?,
            staff_console_url: optional("STAFF_CONSOLE_URL").unwrap_or_default(),
            planes: Planes::each(PlaneSettings::from_env)?,
            app_paths: paths("APP_PATHS")?,
            platform_apps: platform_apps(&text("TABLE_PREFIX")?),
            mail_from: text("MAIL_FROM")?,
            initial_plan: text("INITIAL_PLAN")?,
            sending,
            password_cost: PasswordCost {
                memory_kib: whole("PASSWORD_MEMORY_KIB", PasswordCost::default().memory_kib)?,
                passes: whole("PASSWORD_PASSES", PasswordCost::default().passes)?,
                lanes: whole("PASSWORD_LANES", PasswordCost::default().lanes)?,
            },
            pepper_version: whole("PEPPER_VERSION", 1)?,
            legacy_bcrypt_cost: Some(whole("LEGACY_BCRYPT_COST", 0)?).filter(|cost| *cost > 0),
            recovery_wait_hours: whole("RECOVERY_WAIT_HOURS", 72)?,
            release: optional("RELEASE").unwrap_or_else(|| "unreleased".to_owned()),
        })
    }
}

impl Config {
    /// Where a page of the web application is: `https://app.example.com/sign-in`.
    pub fn page_url(&self, page: &str) -> String {
        match self.app_paths.get(page) {
            Some(path) => format!("{}{path}", self.app_url),
            None => format!("{}/{page}", self.app_url),
        }
    }
}

/// The names of the secrets with platforms' apps, without the platform's.
pub(crate) fn platform_apps(name: &str) -> String {
    format!("{name}/platforms/")
}

/// `sign-in=/login,support=/help`.
fn paths(name: &'static str) -> Result<HashMap<String, String>, ConfigError> {
    let malformed =
        || ConfigError { name: name.into(), rule: "must be pages with their paths, like sign-in=/login,support=/help" };
    let listed = optional(name).unwrap_or_default();
    let pairs = listed.split(',').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').filter(|(_, path)| path.starts_with('/') && !path.contains('#')));
    pairs.map(|pair| pair.map(|(page, path)| (page.to_owned(), path.to_owned())).ok_or_else(malformed)).collect()
}

/// `192.0.2.0/24,2001:db8::/32`. A list that cannot be read is a fault: without it, every network would be admitted.
fn networks(name: String) -> Result<Networks, ConfigError> {
    let listed = optional(&name).unwrap_or_default();
    let listed = listed.split(',').map(str::trim).filter(|network| !network.is_empty());
    let networks = listed.map(str::parse).collect::<Result<_, _>>().ok();
    let rule = "must be networks without host bits that do not overlap, like 192.0.2.0/24,2001:db8::/32";
    networks.and_then(|networks| Networks::new(networks).ok()).ok_or(ConfigError { name: name.into(), rule })
}

fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn text(name: impl Into<Cow<'static, str>>) -> Result<String, ConfigError> {
    let name = name.into();
    optional(&name).ok_or(ConfigError { name, rule: "is not set" })
}

fn whole<T: std::str::FromStr>(name: &'static str, default: T) -> Result<T, ConfigError> {
    match optional(name) {
        Some(text) => text.parse().map_err(|_| ConfigError::new(name, "must be a whole number")),
        None => Ok(default),
    }
}

fn instant(name: &'static str) -> Result<Timestamp, ConfigError> {
    text(name)?.parse().map_err(|_| ConfigError::new(name, "must be an instant like 2026-01-31T12:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_due_before_sending_was_resumed_are_doubtful() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap_or_default();
        let resumed =
            Sending::Resumed { restored_to: at("2026-03-01T10:00:00Z"), resumed_at: at("2026-03-01T14:00:00Z") };
        // Due before the restore point, too: it was overdue then, and may have been sent a second later.
        assert!(resumed.doubtful(at("2026-03-01T09:59:59Z")));
        assert!(resumed.doubtful(at("2026-03-01T13:59:59Z")));
        assert!(!resumed.doubtful(at("2026-03-01T14:00:00Z")));
        assert!(resumed.fences(at("2026-03-01T09:59:59Z")));
        assert!(!resumed.fences(at("2026-03-01T14:00:00Z")));
    }
}
