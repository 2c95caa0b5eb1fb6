//! The table of plans, `plans.json`: every feature and limit of the product, and what each plan has of it.
//!
//! A feature names the lowest plan that includes it, and a limit has a value for each plan, so a higher plan never has
//! less. A name that no route uses yet is reserved for the domain that will use it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The whole table.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanTable {
    /// The names of the plans, lowest first.
    pub plans: Vec<String>,
    pub features: BTreeMap<String, Feature>,
    pub limits: BTreeMap<String, Terms>,
}

/// A feature that plans from a certain one on include.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// The lowest plan that includes it.
    pub from: String,
    /// What it allows, in one sentence.
    pub allows: String,
    /// The domain that will use it, if no route does yet.
    pub reserved: Option<String>,
}

/// A limit of the plans.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    pub unit: Unit,
    pub kind: LimitKind,
    /// What is counted.
    pub counts: String,
    /// The value of each plan, in the order of the plans.
    pub values: Vec<u64>,
    /// The domain that will use it, if no route does yet.
    pub reserved: Option<String>,
}

/// The unit of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Count,
    Bytes,
    Days,
    Months,
}

/// What a limit limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// How much there may be at the same time. What is removed is freed.
    Ceiling,
    /// How much there may be in a calendar month (UTC). Nothing is given back.
    Period,
    /// How long something is kept.
    Retention,
    /// How large one thing may be.
    Size,
}

impl LimitKind {
    /// Whether use of it is counted.
    pub fn is_counted(self) -> bool {
        matches!(self, Self::Ceiling | Self::Period)
    }
}

impl PlanTable {
    /// The table of this build.
    pub fn current() -> &'static Self {
        static TABLE: OnceLock<PlanTable> = OnceLock::new();
        // An unreadable table grants nothing; a test reads it.
        TABLE.get_or_init(|| serde_json::from_str(include_str!("plans.json")).unwrap_or_default())
    }

    fn rank(&self, plan: &str) -> Option<usize> {
        self.plans.iter().position(|name| name == plan)
    }

    /// The plans that include a feature, lowest first; none for an unknown feature.
    pub fn plans_with(&self, feature: &str) -> &[String] {
        let from = self.features.get(feature).and_then(|feature| self.rank(&feature.from));
        from.map_or(&[], |from| &self.plans[from..])
    }

    pub(crate) fn includes(&self, plan: &str, feature: &str) -> bool {
        self.plans_with(feature).iter().any(|name| name == plan)
    }

    /// The value of a limit in a plan: 0 if the table has none.
    pub(crate) fn value(&self, plan: &str, limit: &str) -> u64 {
        let value = self.rank(plan).and_then(|rank| self.limits.get(limit)?.values.get(rank));
        value.copied().unwrap_or_default()
    }

    /// The limits whose use is counted and that a route enforces, by name.
    pub fn counted(&self) -> impl Iterator<Item = (&str, &Terms)> {
        let limits = self.limits.iter().map(|(name, terms)| (name.as_str(), terms));
        limits.filter(|(_, terms)| terms.kind.is_counted() && terms.reserved.is_none())
    }

    /// The names that are reserved, each with its domain.
    pub fn reserved(&self) -> impl Iterator<Item = (&str, &str)> {
        let features = self.features.iter().map(|(name, feature)| (name, &feature.reserved));
        let limits = self.limits.iter().map(|(name, terms)| (name, &terms.reserved));
        features.chain(limits).filter_map(|(name, domain)| Some((name.as_str(), domain.as_deref()?)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_higher_plan_includes_all_of_the_lower_one() {
        let table: PlanTable = serde_json::from_str(include_str!("plans.json")).unwrap();
        assert_eq!(table.plans, ["free", "starter", "growth", "studio", "agency", "scale", "enterprise"]);
        for (name, feature) in &table.features {
            assert!(table.rank(&feature.from).is_some(), "{name} begins with an unknown plan");
            assert!(table.includes("enterprise", name), "enterprise lacks {name}");
        }
        for (name, terms) in &table.limits {
            assert_eq!(terms.values.len(), table.plans.len(), "{name} lacks a value");
            assert!(terms.values.is_sorted(), "{name} is lower in a higher plan");
            assert!(terms.values.last() > Some(&0), "{name} is 0 in every plan");
        }
    }

    #[test]
    fn the_unit_of_a_limit_fits_its_kind() {
        for (name, terms) in &PlanTable::current().limits {
            let fits = match terms.kind {
                LimitKind::Retention => matches!(terms.unit, Unit::Days | Unit::Months),
                LimitKind::Size => terms.unit == Unit::Bytes,
                LimitKind::Ceiling | LimitKind::Period => matches!(terms.unit, Unit::Count | Unit::Bytes),
            };
            assert!(fits, "{name}: {:?} in {:?}", terms.kind, terms.unit);
        }
    }
}
