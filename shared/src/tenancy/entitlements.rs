//! Plans: the entitlements and limits of a workspace, which are those of its plan unless an override differs. Code never
//! compares plans: it checks an entitlement or a limit, and `plans.json` is the only table of them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::overrides::{OverrideValue, Overrides};
use super::plan_table::{PlanTable, Terms};
use super::read_only::{ApplyPlanLimits, ReadOnlyAfter};
use crate::kernel::problem_codes::PLAN_LACKS_ENTITLEMENT;
use crate::kernel::problems::Problem;

/// A feature that a plan includes or not. Its domain declares it: `const POST_PUBLISHING: Entitlement =
/// Entitlement::named("PostPublishing");`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entitlement(&'static str);

impl Entitlement {
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    pub fn name(self) -> &'static str {
        self.0
    }
}

/// A quota of a plan. Its domain declares it: `const CHANNELS: Limit = Limit::named("channels");`
///
/// A route that enforces a limit declares it (`Endpoint::PLAN_LIMITS`): the generator refuses a limit that is not in the
/// table, and one in the table that no route declares and that is not reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Limit(&'static str);

impl Limit {
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    pub fn name(self) -> &'static str {
        self.0
    }

    /// Its line of the table.
    pub fn terms(self) -> Option<&'static Terms> {
        PlanTable::current().limits.get(self.0)
    }

    /// The limits whose use is counted and that a route enforces.
    pub fn counted() -> impl Iterator<Item = (Self, &'static Terms)> {
        PlanTable::current().counted().map(|(name, terms)| (Self(name), terms))
    }
}

/// Where a workspace's entitlement or limit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanSource {
    /// The workspace's plan.
    Plan,
    /// An exception that the operator made for the workspace.
    Override,
}

/// A value with its source, and when an override ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    pub value: T,
    pub source: PlanSource,
    pub expires_at: Option<Timestamp>,
}

impl<T> Sourced<T> {
    fn of(plan: T, change: Option<(T, Timestamp)>) -> Self {
        match change {
            Some((value, ends)) => Self { value, source: PlanSource::Override, expires_at: Some(ends) },
            None => Self { value: plan, source: PlanSource::Plan, expires_at: None },
        }
    }
}

/// The plan of a workspace with its overrides, as read with a member's proof.
#[derive(Clone, Debug)]
pub struct WorkspacePlan {
    name: String,
    /// Those that had not expired when the plan was read.
    overrides: Overrides,
    read_only_after: ReadOnlyAfter,
}

impl WorkspacePlan {
    pub(crate) fn new(name: String, overrides: Overrides, read_only_after: ReadOnlyAfter, now: Timestamp) -> Self {
        Self { name, overrides: overrides.active(now), read_only_after }
    }

    /// For display. Code calls `require` and `limit`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// 402 if the plan does not include the entitlement.
    pub fn require(&self, needed: Entitlement) -> Result<(), Problem> {
        if self.feature(needed.0).value {
            return Ok(());
        }
        let (own, name) = (&self.name, needed.0);
        let plans = PlanTable::current().plans_with(name);
        // The lowest plan suffices; a workspace whose override excludes a feature of its own plan cannot buy it back.
        let detail = match plans.first() {
            Some(lowest) if !plans.contains(own) => {
                format!("The plan {own} does not include {name}. Upgrade to the plan {lowest} or a higher one.")
            }
            _ => format!("This workspace does not include {name}. Contact support."),
        };
        Err(Problem::new(PLAN_LACKS_ENTITLEMENT, detail).lacking(name, plans))
    }

    /// 402 if the plan does not include one of the entitlements.
    pub(crate) fn require_all(&self, needed: &[Entitlement]) -> Result<(), Problem> {
        needed.iter().try_for_each(|entitlement| self.require(*entitlement))
    }

    /// The quota of the workspace: 0 if the table has none.
    pub fn limit(&self, limit: Limit) -> u64 {
        self.quota(limit.0).value
    }

    /// When the newest thing was created that the plan has room for; `None` if it has room for all of them.
    pub fn read_only_after(&self, limit: Limit) -> Option<Timestamp> {
        self.read_only_after.of(limit)
    }

    /// Whether a thing of this age is read-only, because the plan has no room for it.
    pub fn is_read_only(&self, limit: Limit, created_at: Timestamp) -> bool {
        self.read_only_after.covers(limit, created_at)
    }

    /// What is to be sent when one of the things of a limit goes, because another may be no longer read-only: nothing, unless one
    /// is.
    pub fn after_removal(&self, limit: Limit) -> Option<ApplyPlanLimits> {
        self.read_only_after(limit).map(|_| ApplyPlanLimits {})
    }

    /// Whether the workspace includes a feature.
    pub fn feature(&self, name: &str) -> Sourced<bool> {
        let change = self.overrides.get(name).and_then(|change| match change.value {
            OverrideValue::Included(included) => Some((included, change.expires_at)),
            OverrideValue::Limit(_) => None,
        });
        Sourced::of(PlanTable::current().includes(&self.name, name), change)
    }

    /// The value of a limit.
    pub fn quota(&self, name: &str) -> Sourced<u64> {
        let change = self.overrides.get(name).and_then(|change| match change.value {
            OverrideValue::Limit(limit) => Some((limit, change.expires_at)),
            OverrideValue::Included(_) => None,
        });
        Sourced::of(PlanTable::current().value(&self.name, name), change)
    }
}

/// Whether any plan includes this: a name that no plan includes is a typo.
pub fn is_sold(entitlement: Entitlement) -> bool {
    !PlanTable::current().plans_with(entitlement.0).is_empty()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::overrides::Override;
    use super::*;

    const CHANNELS: Limit = Limit::named("channels");
    const AUDIT_LOG: Entitlement = Entitlement::named("AuditLog");

    fn plan(name: &str, overrides: Overrides) -> WorkspacePlan {
        WorkspacePlan::new(name.to_owned(), overrides, ReadOnlyAfter::default(), Timestamp::UNIX_EPOCH)
    }

    fn until(second: i64, value: OverrideValue) -> Override {
        Override { value, expires_at: Timestamp::from_second(second).unwrap() }
    }

    #[test]
    fn a_plan_allows_only_its_own_entitlements_and_limits() {
        let free = plan("free", Overrides::default());
        assert_eq!(free.limit(CHANNELS), 3);
        assert_eq!(free.limit(Limit::named("moons")), 0, "an unknown limit must be 0");
        assert_eq!(plan("", Overrides::default()).limit(CHANNELS), 0, "a limit without a plan must be 0");
        assert!(free.require(Entitlement::named("PostPublishing")).is_ok());
        assert!(plan("", Overrides::default()).require(Entitlement::named("PostPublishing")).is_err());
        assert!(plan("enterprise", Overrides::default()).require(Entitlement::named("Moons")).is_err());
    }

    #[test]
    fn a_refusal_names_the_feature_and_the_plans_that_include_it() {
        let refused = plan("growth", Overrides::default()).require(AUDIT_LOG).unwrap_err();
        let document = refused.document("https://api.example.com", "1");
        assert_eq!((refused.status(), &document["feature"]), (402, &serde_json::json!("AuditLog")));
        assert_eq!(document["plans"], serde_json::json!(["studio", "agency", "scale", "enterprise"]));
        assert_eq!(
            refused.detail(),
            "The plan growth does not include AuditLog. Upgrade to the plan studio or a higher one."
        );
    }

    #[test]
    fn an_override_replaces_the_plans_value_until_it_expires() {
        let overrides = Overrides::default()
            .with("channels", until(10, OverrideValue::Limit(7)))
            .with("AuditLog", until(10, OverrideValue::Included(true)))
            .with("PostPublishing", until(10, OverrideValue::Included(false)));
        let free = plan("free", overrides.clone());
        assert_eq!((free.limit(CHANNELS), free.quota("channels").source), (7, PlanSource::Override));
        assert!(free.require(AUDIT_LOG).is_ok());
        assert!(free.require(Entitlement::named("PostPublishing")).is_err());
        let later = WorkspacePlan::new(
            "free".to_owned(),
            overrides,
            ReadOnlyAfter::default(),
            Timestamp::from_second(10).unwrap(),
        );
        assert_eq!((later.limit(CHANNELS), later.quota("channels").source), (3, PlanSource::Plan));
        assert!(later.require(AUDIT_LOG).is_err());
        assert!(later.require(Entitlement::named("PostPublishing")).is_ok());
    }

    #[test]
    fn an_override_of_another_type_has_no_effect() {
        let mixed = Overrides::default()
            .with("channels", until(10, OverrideValue::Included(true)))
            .with("AuditLog", until(10, OverrideValue::Limit(1)));
        assert_eq!(plan("free", mixed.clone()).limit(CHANNELS), 3);
        assert!(plan("free", mixed).require(AUDIT_LOG).is_err());
    }
}
