//! Plans: the entitlements and limits of a workspace's plan. Code never compares plans: it checks an entitlement or a
//! limit, and `plans.json` is the only table of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::Deserialize;

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
/// A route that enforces a limit declares it (`Endpoint::PLAN_LIMITS`): the generator refuses a limit that a plan
/// lacks, and one in the table that no route declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit(&'static str);

impl Limit {
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    pub fn name(self) -> &'static str {
        self.0
    }

    /// The plans that lack it.
    pub fn missing_in(self) -> impl Iterator<Item = &'static str> {
        plans().iter().filter(move |(_, sold)| !sold.limits.contains_key(self.0)).map(|(name, _)| name.as_str())
    }

    /// The names of all limits in the table.
    pub fn in_table() -> BTreeSet<&'static str> {
        plans().values().flat_map(|sold| sold.limits.keys()).map(String::as_str).collect()
    }
}

/// The plan of a workspace, as read with a member's proof.
#[derive(Clone, Debug)]
pub struct WorkspacePlan(String);

impl WorkspacePlan {
    pub(crate) fn named(name: String) -> Self {
        Self(name)
    }

    /// For display. Code calls `require` and `limit`.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// 402 if the plan does not include the entitlement.
    pub fn require(&self, needed: Entitlement) -> Result<(), Problem> {
        require(&self.0, &[needed])
    }

    /// The quota of the plan: 0 if the table has none for it.
    pub fn limit(&self, limit: Limit) -> u64 {
        plans().get(&self.0).and_then(|sold| sold.limits.get(limit.0)).copied().unwrap_or_default()
    }
}

/// The contents of one plan.
#[derive(Deserialize)]
struct Sold {
    entitlements: BTreeSet<String>,
    limits: BTreeMap<String, u64>,
}

fn plans() -> &'static BTreeMap<String, Sold> {
    static PLANS: OnceLock<BTreeMap<String, Sold>> = OnceLock::new();
    // An unreadable table grants nothing; a test reads it.
    PLANS.get_or_init(|| serde_json::from_str(include_str!("plans.json")).unwrap_or_default())
}

/// Whether any plan includes this: a name that no plan includes is a typo.
pub fn is_sold(entitlement: Entitlement) -> bool {
    plans().values().any(|plan| plan.entitlements.contains(entitlement.0))
}

pub(crate) fn includes(plan: &str, entitlement: Entitlement) -> bool {
    plans().get(plan).is_some_and(|plan| plan.entitlements.contains(entitlement.0))
}

/// 402 if a plan does not include an entitlement.
pub(crate) fn require(plan: &str, needed: &[Entitlement]) -> Result<(), Problem> {
    match needed.iter().find(|entitlement| !includes(plan, **entitlement)) {
        Some(missing) => {
            let detail = format!("The plan {plan} does not include {}. Upgrade the plan.", missing.0);
            Err(Problem::new(PLAN_LACKS_ENTITLEMENT, detail))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_allows_only_its_own_entitlements_and_limits() {
        let free = WorkspacePlan::named("free".to_owned());
        assert_eq!(free.limit(Limit::named("channels")), 3);
        assert_eq!(free.limit(Limit::named("moons")), 0, "an unknown limit must be 0");
        assert_eq!(
            WorkspacePlan::named(String::new()).limit(Limit::named("channels")),
            0,
            "a limit without a plan must be 0"
        );
    }

    #[test]
    fn each_higher_plan_includes_all_of_the_lower_one() {
        let ladder = ["free", "starter", "growth", "studio", "agency", "scale", "enterprise"];
        assert_eq!(plans().len(), ladder.len());
        for pair in ladder.windows(2) {
            let (lower, higher) = (&plans()[pair[0]], &plans()[pair[1]]);
            assert!(lower.entitlements.is_subset(&higher.entitlements), "{} takes away from {}", pair[1], pair[0]);
            for (name, limit) in &lower.limits {
                assert!(
                    higher.limits.get(name) >= Some(limit),
                    "{} has a lower limit {name} than {}",
                    pair[1],
                    pair[0]
                );
            }
        }
    }
}
