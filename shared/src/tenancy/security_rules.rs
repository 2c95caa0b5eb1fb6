//! A workspace's security rules: how its members must sign in, from where, and who may be invited.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::roles::Role;
use super::standing::OverrideAccess;
use crate::kernel::networks::Networks;
use crate::kernel::problem_codes::{NETWORK_NOT_ALLOWED, PERSONAL_TOKENS_BLOCKED, SESSION_TOO_OLD};
use crate::kernel::problems::Problem;
use crate::kernel::time::after;

/// A workspace's security rules, as stored in its directory entry. Admission reads the entry with every request, so that a
/// changed rule applies from the next request on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityRules {
    #[serde(default)]
    pub second_factor: SecondFactorRule,
    #[serde(default)]
    pub admin_recovery: RecoveryRule,
    /// The domains of addresses that may be invited, in ASCII; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invitee_domains: Vec<String>,
    /// How long after its sign-in a session is admitted; None for as long as it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_session_hours: Option<u32>,
    #[serde(default, skip_serializing_if = "Networks::is_empty")]
    pub networks: Networks,
    #[serde(default)]
    pub personal_tokens: PersonalTokenRule,
    /// The most that an override session of the operator's staff may do.
    #[serde(default)]
    pub override_access: OverrideAccess,
}

impl SecurityRules {
    /// Whether an address of this domain may be invited, and may join. Subdomains are other domains.
    pub fn invites(&self, domain: &str) -> bool {
        self.invitee_domains.is_empty() || self.invitee_domains.iter().any(|allowed| allowed == domain)
    }

    /// 403 for a caller at an address outside of the networks.
    pub(crate) fn require_network(&self, address: Option<&str>) -> Result<(), Problem> {
        if self.networks.admit(address) {
            return Ok(());
        }
        let detail = "This workspace cannot be used from your network. Connect from a network that its admins allow, or ask \
                      them to add yours.";
        Err(Problem::new(NETWORK_NOT_ALLOWED, detail))
    }

    /// 403 for a session that began too long ago. A step-up proves a factor, but begins no session.
    pub(crate) fn require_recent(&self, started_at: Timestamp, now: Timestamp) -> Result<(), Problem> {
        let Some(hours) = self.longest_session_hours else { return Ok(()) };
        if now < after(started_at, SignedDuration::from_hours(hours.into())) {
            return Ok(());
        }
        let unit = if hours == 1 { "hour" } else { "hours" };
        let detail = format!("This workspace admits a session for {hours} {unit} after its sign-in. Sign in again.");
        Err(Problem::new(SESSION_TOO_OLD, detail))
    }

    /// 403 if personal access tokens are blocked.
    pub(crate) fn require_personal_tokens(&self) -> Result<(), Problem> {
        match self.personal_tokens {
            PersonalTokenRule::Allowed => Ok(()),
            PersonalTokenRule::Blocked => {
                let detail = "This workspace does not admit personal access tokens. Use a token of the workspace, or a \
                              session.";
                Err(Problem::new(PERSONAL_TOKENS_BLOCKED, detail))
            }
        }
    }
}

/// Which members' sessions must have verified a second factor. Those of admins and the owner always must.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorRule {
    #[default]
    Admins,
    Everyone,
}

impl SecondFactorRule {
    pub(crate) fn binds(self, role: Role) -> bool {
        self == Self::Everyone || role.administers()
    }
}

/// Whether the admins of a workspace may recover their accounts without a second factor, after a waiting period. An
/// owner decides; owners themselves always may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryRule {
    #[default]
    Allowed,
    Blocked,
}

/// Whether members may use the workspace by their personal access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonalTokenRule {
    #[default]
    Allowed,
    Blocked,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_entry_of_an_older_release_has_no_limits() {
        let rules: SecurityRules = serde_json::from_str(r#"{"second_factor":"everyone"}"#).unwrap();
        assert_eq!(rules, SecurityRules { second_factor: SecondFactorRule::Everyone, ..SecurityRules::default() });
        assert!(rules.invites("example.com") && rules.networks.admit(None));
    }

    #[test]
    fn a_session_is_admitted_until_its_longest_duration_ends() {
        let rules = SecurityRules { longest_session_hours: Some(8), ..SecurityRules::default() };
        let start = Timestamp::UNIX_EPOCH;
        let at = |seconds| after(start, SignedDuration::from_secs(seconds));
        assert!(rules.require_recent(start, at(8 * 3600 - 1)).is_ok());
        assert_eq!(rules.require_recent(start, at(8 * 3600)).unwrap_err().code(), "session_too_old");
        assert!(SecurityRules::default().require_recent(start, at(1 << 31)).is_ok());
    }

    #[test]
    fn only_the_listed_domains_are_invited() {
        let rules = SecurityRules { invitee_domains: vec!["example.com".to_owned()], ..SecurityRules::default() };
        for (domain, is_invited) in
            [("example.com", true), ("sub.example.com", false), ("notexample.com", false), ("com", false), ("", false)]
        {
            assert_eq!(rules.invites(domain), is_invited, "{domain}");
        }
    }
}
