//! The security rules of a workspace as those who manage them see and set them.

use std::borrow::Cow;

use mail::EmailDomain;
use serde::{Deserialize, Deserializer, Serialize, de};
use shared::http::repeated;
use shared::kernel::whole_number::WholeNumber;
use shared::tenancy::{Networks, OverrideAccess, PersonalTokenRule, RecoveryRule, SecondFactorRule, SecurityRules};
use utoipa::openapi::{ArrayBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The most domains of a workspace: admission reads them with each request.
const MOST_DOMAINS: usize = 20;
/// The maximum lifetime of a session.
const LONGEST_HOURS: u32 = 30 * 24;

/// A workspace's security rules.
#[derive(Serialize, ToSchema)]
pub struct SecurityView {
    /// Which members' sessions must have verified a second factor.
    second_factor: SecondFactorRule,
    /// Whether admins may recover their accounts without a second factor, after a waiting period.
    admin_recovery: RecoveryRule,
    /// The domains of email addresses that may be invited and may join; empty for all.
    #[schema(example = json!(["example.com"]))]
    invitee_domains: Vec<String>,
    /// How many hours after its sign-in a session is admitted; null for as long as it lives.
    #[schema(minimum = 1, maximum = 720, example = 12)]
    longest_session_hours: Option<u32>,
    #[schema(inline)]
    networks: Networks,
    /// Whether personal access tokens are admitted.
    personal_tokens: PersonalTokenRule,
    /// The most that a session of our staff in the workspace may do.
    override_access: OverrideAccess,
}

impl From<&SecurityRules> for SecurityView {
    fn from(rules: &SecurityRules) -> Self {
        let SecurityRules { second_factor, admin_recovery, longest_session_hours, personal_tokens, .. } = *rules;
        let override_access = rules.override_access;
        let (invitee_domains, networks) = (rules.invitee_domains.clone(), rules.networks.clone());
        Self {
            second_factor,
            admin_recovery,
            invitee_domains,
            longest_session_hours,
            networks,
            personal_tokens,
            override_access,
        }
    }
}

/// Up to 20 different domains.
pub struct InviteeDomains(Vec<String>);

impl InviteeDomains {
    pub fn into_texts(self) -> Vec<String> {
        self.0
    }
}

impl<'de> Deserialize<'de> for InviteeDomains {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let domains: Vec<_> = Vec::<EmailDomain>::deserialize(deserializer)?;
        if domains.len() > MOST_DOMAINS {
            return Err(de::Error::custom(format_args!("must have at most {MOST_DOMAINS} domains")));
        }
        let domains: Vec<_> = domains.into_iter().map(EmailDomain::into_text).collect();
        match repeated(&domains) {
            Some(twice) => Err(de::Error::custom(format_args!("must not repeat a domain; remove the second {twice}"))),
            None => Ok(Self(domains)),
        }
    }
}

impl PartialSchema for InviteeDomains {
    fn schema() -> RefOr<Schema> {
        let description = "The domains of email addresses that may be invited and may join, without their subdomains; empty \
                           for all.";
        let schema = ArrayBuilder::new().items(EmailDomain::schema()).max_items(Some(MOST_DOMAINS)).unique_items(true);
        schema.description(Some(description)).into()
    }
}

impl ToSchema for InviteeDomains {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("InviteeDomains")
    }
}

/// How long a session is admitted: 1 to 720 hours.
#[derive(Clone, Copy, Deserialize)]
#[serde(from = "WholeNumber<1, LONGEST_HOURS>")]
pub struct LongestSessionHours(u32);

impl LongestSessionHours {
    pub fn get(self) -> u32 {
        self.0
    }
}

impl From<WholeNumber<1, LONGEST_HOURS>> for LongestSessionHours {
    fn from(hours: WholeNumber<1, LONGEST_HOURS>) -> Self {
        Self(hours.get())
    }
}
