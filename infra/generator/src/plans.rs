//! `docs/plans.md`: the features and limits of every plan on one page, and the faults of the table.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use domains::{DOMAINS, routes};
use shared::tenancy::plan_table::{LimitKind, PlanTable, Unit};

const HEAD: &str = "<!-- Written by infra/generator. Do not edit. -->

# Plans

`shared/src/tenancy/plans.json` is the table, and this page is generated from it. Code never asks for a plan by its name: it
asks for a feature or a limit, which an operator can override for one workspace until a date (`set-override`). A request
that needs a feature which the plan lacks gets 402 (`plan_lacks_entitlement`) with the plans that have it. A request that
would exceed a ceiling gets 409, one that would exceed a limit of a month 429, each with the current use, the limit and the
instant at which it resets. A limit in *italics* and a feature with a domain in the last column are reserved: no route uses
them yet.
";

/// The document.
pub fn document() -> String {
    let table = PlanTable::current();
    let (plans, rule) = (table.plans.join(" | "), "---|".repeat(table.plans.len()));
    let mut text = HEAD.to_owned();
    let _ = write!(text, "\n## Features\n\n| feature | {plans} | allows | reserved for |\n|---|{rule}---|---|\n");
    for (name, feature) in &table.features {
        let included = table.plans_with(name);
        let has: Vec<&str> = table.plans.iter().map(|plan| if included.contains(plan) { "yes" } else { "" }).collect();
        let reserved = feature.reserved.as_ref().map(|domain| format!("`{domain}`")).unwrap_or_default();
        let _ = writeln!(text, "| `{name}` | {} | {} | {reserved} |", has.join(" | "), feature.allows);
    }
    for (kind, title, meaning) in KINDS {
        let _ = write!(
            text,
            "\n## {title}\n\n{meaning}\n\n| limit | {plans} | counts | reserved for |\n|---|{rule}---|---|\n"
        );
        for (name, terms) in table.limits.iter().filter(|(_, terms)| terms.kind == *kind) {
            let name = if terms.reserved.is_some() { format!("*`{name}`*") } else { format!("`{name}`") };
            let values: Vec<String> = terms.values.iter().map(|value| shown(*value, terms.unit)).collect();
            let reserved = terms.reserved.as_ref().map(|domain| format!("`{domain}`")).unwrap_or_default();
            let _ = writeln!(text, "| {name} | {} | {} | {reserved} |", values.join(" | "), terms.counts);
        }
    }
    text
}

const KINDS: &[(LimitKind, &str, &str)] = &[
    (
        LimitKind::Ceiling,
        "Ceilings",
        "How much a workspace may have at the same time. Removing something frees its place.",
    ),
    (
        LimitKind::Period,
        "Limits of a month",
        "How much a workspace may do in a calendar month (UTC). The count of a month is never reset and nothing is given back; \
         the next month has another count.",
    ),
    (LimitKind::Size, "Sizes", "How large one thing may be."),
    (LimitKind::Retention, "Retention", "How long something is kept."),
];

/// A value with thousands separated, and its unit.
fn shown(value: u64, unit: Unit) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if unit == Unit::Count { grouped } else { format!("{grouped} {}", unit.name()) }
}

/// The faults between the table and the declarations of routes.
pub fn faults() -> Vec<String> {
    let (mut limits, mut features) = (BTreeSet::new(), BTreeSet::new());
    for (_, _, declared) in routes() {
        limits.extend(declared.plan_limits.iter().map(|limit| limit.name()));
        features.extend(declared.needs.iter().map(|needed| needed.name()));
    }
    let domains: BTreeSet<&str> = DOMAINS.iter().map(|domain| domain.name).collect();
    faults_of(PlanTable::current(), &limits, &features, &domains)
}

/// What is sold must be enforced: a name is declared by a route, or reserved for a domain that does not exist yet.
fn faults_of(
    table: &PlanTable,
    limits: &BTreeSet<&str>,
    features: &BTreeSet<&str>,
    domains: &BTreeSet<&str>,
) -> Vec<String> {
    let known_limits: BTreeSet<&str> = table.limits.keys().map(String::as_str).collect();
    let known_features: BTreeSet<&str> = table.features.keys().map(String::as_str).collect();
    let reserved: BTreeSet<&str> = table.reserved().map(|(name, _)| name).collect();
    let mut faults = Vec::new();
    let unknown = limits.difference(&known_limits);
    faults.extend(unknown.map(|name| format!("{name}: a route declares it as a limit, but plans.json has none")));
    for name in known_limits.union(&known_features) {
        let is_declared = limits.contains(name) || features.contains(name);
        match (is_declared, reserved.contains(name)) {
            (false, false) => {
                faults.push(format!("{name}: is in plans.json, but no route declares it: reserve it for a domain"));
            }
            (true, true) => faults.push(format!("{name}: plans.json reserves it, but a route declares it")),
            _ => {}
        }
    }
    let built = table.reserved().filter(|(_, domain)| domains.contains(domain));
    faults.extend(built.map(|(name, domain)| format!("{name}: is reserved for the domain {domain}, which exists")));
    faults
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn table(reserved: &str) -> PlanTable {
        let text = format!(
            r#"{{ "plans": ["free"],
                "features": {{ "Notes": {{ "from": "free", "allows": "Writes notes." }} }},
                "limits": {{ "notes": {{ "unit": "count", "kind": "ceiling", "counts": "Notes.", "values": [1]{reserved} }} }} }}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn faults_with(reserved: &str, limits: &[&str]) -> Vec<String> {
        let set = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
        faults_of(&table(reserved), &limits.iter().copied().collect(), &set(&["Notes"]), &set(&["archive"]))
    }

    #[test]
    fn a_limit_is_declared_by_a_route_or_reserved_for_a_domain_that_does_not_exist() {
        assert_eq!(faults_with("", &["notes"]), [""; 0]);
        assert_eq!(faults_with(r#", "reserved": "notes""#, &[]), [""; 0]);
        let undeclared = "notes: is in plans.json, but no route declares it: reserve it for a domain";
        assert_eq!(faults_with("", &[]), [undeclared]);
        let both = "notes: plans.json reserves it, but a route declares it";
        assert_eq!(faults_with(r#", "reserved": "notes""#, &["notes"]), [both]);
        let built = "notes: is reserved for the domain archive, which exists";
        assert_eq!(faults_with(r#", "reserved": "archive""#, &[]), [built]);
        let unknown = "moons: a route declares it as a limit, but plans.json has none";
        assert_eq!(faults_with("", &["moons", "notes"]), [unknown]);
    }

    #[test]
    fn a_value_shows_its_unit() {
        assert_eq!(shown(1_000_000, Unit::Bytes), "1,000,000 bytes");
        assert_eq!((shown(999, Unit::Count), shown(1000, Unit::Count)), ("999".to_owned(), "1,000".to_owned()));
    }
}
