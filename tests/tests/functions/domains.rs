//! The domains and all their functions.

use shared::function::{Declared, Function, Level, Listed};
use shared::http::{Method, Route, RouteDeclaration, UserLimit, WarmCalls};
use shared::table::Versioned;
use shared::tenancy::Entitlement;

use crate::none;

/// A function, and the domain that lists it.
#[derive(Clone, Copy)]
pub struct DomainFunction {
    pub domain: &'static str,
    pub listed: &'static Listed,
}

impl DomainFunction {
    pub fn function(self) -> &'static Function {
        self.listed.function
    }

    pub fn name(self) -> &'static str {
        self.function().name()
    }
}

/// A declared route.
#[derive(Clone, Copy)]
pub struct Endpoint {
    pub entry: DomainFunction,
    pub route: Route,
    pub needs: &'static [Entitlement],
    pub access: Level,
    pub limit: Option<UserLimit>,
    pub status: u16,
    pub is_repeatable: bool,
    pub is_without_effect: bool,
    pub warm_calls: WarmCalls,
    pub versioned: Option<&'static Versioned>,
}

impl Endpoint {
    pub fn name(&self) -> &'static str {
        self.entry.name()
    }

    /// The status of its response to its sample.
    pub fn success(&self) -> u16 {
        // Every path is unknown to the route of all methods: 404 is its success.
        if self.route.method == Method::Any { 404 } else { self.status }
    }

    /// Whether it changes nothing, for every caller.
    pub fn only_reads(&self) -> bool {
        self.route.method == Method::Get || self.is_without_effect
    }

    /// Whether it reads its input from a body.
    pub fn has_body(&self) -> bool {
        self.route.method.has_body()
    }

    /// Whether requests may carry conditions.
    pub fn takes_conditions(&self) -> bool {
        self.versioned.is_some_and(|versioned| versioned.takes_conditions())
    }

    /// Whether it accepts any request: the routes for preflights and unknown paths.
    pub fn takes_anything(&self) -> bool {
        self.route.method.serves_any_path()
    }
}

pub fn functions() -> impl Iterator<Item = DomainFunction> {
    ::domains::all().map(|(domain, listed)| DomainFunction { domain: domain.name, listed })
}

pub fn endpoints() -> Vec<Endpoint> {
    let declared = functions().filter_map(|entry| match entry.function().declared() {
        Declared::Route(RouteDeclaration {
            route,
            needs,
            level: access,
            limit,
            status,
            repeatable,
            is_without_effect,
            versioned,
            warm_calls,
            ..
        }) => {
            let is_repeatable = repeatable.is_some();
            Some(Endpoint {
                entry,
                route,
                needs,
                access,
                limit,
                status,
                is_repeatable,
                is_without_effect,
                versioned,
                warm_calls,
            })
        }
        Declared::Job(_) => None,
    });
    declared.collect()
}

pub fn jobs() -> Vec<DomainFunction> {
    functions().filter(|entry| matches!(entry.function().declared(), Declared::Job(_))).collect()
}

#[test]
fn every_domain_is_listed() {
    let known: Vec<&str> = ::domains::DOMAINS.iter().map(|domain| domain.name).collect();
    let missing = system_tests::domains().into_iter().filter(|name| !known.contains(&name.as_str()));
    none(missing.map(|name| format!("{name} is not in domains::DOMAINS")).collect());
}
