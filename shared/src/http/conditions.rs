//! The conditions of a request (RFC 9110, section 13), before its caller is known.

use std::sync::Arc;

use super::declaration::RouteDeclaration;
use super::incoming::Incoming;
use super::method::Method;
use super::output::Answer;
use super::pipeline::Exchange;
use crate::kernel::problems::Problem;
use crate::table::version::{Condition, Conditions, Shown, Watch};

/// Tracks the version of the route's resource. Its refusals are for admitted callers only.
pub(crate) fn watch(entry: &RouteDeclaration, incoming: &Incoming) -> Result<Option<Arc<Watch>>, Problem> {
    let method = entry.route.method;
    if method.serves_any_path() {
        return Ok(None);
    }
    let is_read = method == Method::Get;
    let Some(versioned) = entry.versioned.filter(|versioned| versioned.takes_conditions()) else {
        let is_given = |name: &str| incoming.headers.contains_key(name);
        // Without a tag, If-None-Match is true for every read (section 13.1.2).
        let ignored = if is_given("if-match") {
            Some("If-Match")
        } else {
            (is_given("if-none-match") && !is_read).then_some("If-None-Match")
        };
        return match ignored {
            Some(name) => Err(Problem::invalid(name, "is not supported by this route, which has no versions")),
            None => Ok(entry.versioned.map(|made| Arc::new(Watch::new(*made, is_read, Conditions::default())))),
        };
    };
    let conditions =
        Conditions { if_match: condition(incoming, "If-Match")?, if_none_match: condition(incoming, "If-None-Match")? };
    Ok(Some(Arc::new(Watch::new(*versioned, is_read, conditions))))
}

/// Adds the location and the version of the resource. 304 without a body if the client already has this version.
pub(crate) fn complete(exchange: &Exchange<'_>, method: Method, mut answer: Answer) -> Result<Answer, Problem> {
    if let Some(location) = answer.location.take() {
        answer.fields.push(("location", location.path(exchange.incoming)?));
    }
    // The response to a deletion is not the resource.
    let Some(watch) = exchange.watch.as_ref().filter(|_| method != Method::Delete) else { return Ok(answer) };
    match watch.shown()? {
        Shown::Tag(tag) => answer.fields.push(("etag", tag)),
        Shown::NotModified(tag) => answer = Answer::not_modified(tag),
    }
    Ok(answer)
}

/// Several lines of one field are one list (section 5.3).
fn condition(incoming: &Incoming, name: &str) -> Result<Option<Condition>, Problem> {
    let lines: Vec<_> = incoming.headers.get_all(name).iter().collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let lines: Result<Vec<_>, _> = lines.into_iter().map(|line| line.to_str()).collect();
    let condition = lines.ok().and_then(|lines| Condition::parse(&lines.join(", ")));
    condition.map(Some).ok_or_else(|| Problem::invalid(name, "must be * or a list of entity tags in double quotes"))
}
