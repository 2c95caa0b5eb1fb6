//! Entitlements: what a plan includes. A plan never stands in an `if`: code asks for an entitlement
//! or a limit, and `plans.json` is the one table that answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::Deserialize;

use crate::kernel::problem_codes::PLAN_LACKS_ENTITLEMENT;
use crate::kernel::problems::Problem;

/// Something that a plan includes or does not. Its owner names it:
/// `const POST_PUBLISHING: Entitlement = Entitlement::named("PostPublishing");`
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

#[derive(Deserialize)]
struct Plan {
    entitlements: BTreeSet<String>,
    limits: BTreeMap<String, u64>,
}

fn plans() -> &'static BTreeMap<String, Plan> {
    static PLANS: OnceLock<BTreeMap<String, Plan>> = OnceLock::new();
    // A table that cannot be read entitles to nothing; a test reads it.
    PLANS.get_or_init(|| serde_json::from_str(include_str!("plans.json")).unwrap_or_default())
}

/// Whether any plan includes this: a name that none does is a slip of the pen.
pub fn is_sold(entitlement: Entitlement) -> bool {
    plans().values().any(|plan| plan.entitlements.contains(entitlement.0))
}

pub(crate) fn includes(plan: &str, entitlement: Entitlement) -> bool {
    plans().get(plan).is_some_and(|plan| plan.entitlements.contains(entitlement.0))
}

/// 402 where a plan does not include what is needed.
pub(crate) fn require(plan: &str, needed: &[Entitlement]) -> Result<(), Problem> {
    match needed.iter().find(|entitlement| !includes(plan, **entitlement)) {
        Some(missing) => {
            let detail = format!("The plan {plan} does not include {}.", missing.0);
            Err(Problem::new(PLAN_LACKS_ENTITLEMENT, detail))
        }
        None => Ok(()),
    }
}

/// How many of something a plan allows. None where the table does not name the limit.
pub(crate) fn limit(plan: &str, name: &str) -> Option<u64> {
    plans().get(plan)?.limits.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_is_whole_and_never_takes_away() {
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
