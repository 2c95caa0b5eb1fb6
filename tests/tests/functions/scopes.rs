//! The scopes of personal access tokens are those that the routes ask for, each of them and no other.

use std::collections::BTreeSet;

use profiles::access_token::SCOPES;
use shared::function::{Declared, Requires};

use crate::domains::members;
use crate::none;

/// What a token needs for each route that takes one. Where a factor must be fresh none does: a token proves no factor.
fn asked_for() -> BTreeSet<(String, &'static str)> {
    let routes = members().filter_map(|member| match member.function().declared() {
        Declared::Route { route, access: Requires::Caller | Requires::Role(_), is_fresh: false, .. } => {
            let (noun, verb) = route.scope();
            Some((format!("{noun}:{verb}"), route.name))
        }
        _ => None,
    });
    routes.collect()
}

#[test]
fn a_token_can_be_for_what_the_routes_ask_for() {
    let asked_for = asked_for();
    let needed: BTreeSet<&str> = asked_for.iter().map(|(scope, _)| scope.as_str()).collect();
    let without_scope = asked_for.iter().filter(|(scope, _)| !SCOPES.contains(&scope.as_str()));
    let mut faults: Vec<String> = without_scope.map(|(scope, route)| format!("{route}: no scope {scope}")).collect();
    let without_route = SCOPES.iter().filter(|scope| !needed.contains(**scope));
    faults.extend(without_route.map(|scope| format!("{scope}: no route asks for it")));
    none(faults);
}

#[test]
fn a_scope_is_a_noun_and_a_verb() {
    let malformed = SCOPES.iter().filter(|scope| {
        let (noun, verb) = scope.split_once(':').unwrap_or_default();
        noun.is_empty()
            || !noun.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            || !["read", "write"].contains(&verb)
    });
    none(malformed.map(|scope| format!("{scope} is not like posts:read")).collect());
}
