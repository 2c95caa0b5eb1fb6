//! The problems that a route may answer: what follows from its declaration, and what its handler adds.

use super::declaration::RouteDeclaration;
use super::method::Method;
use crate::aws::grants::Grant;
use crate::identity::admission::Level;
use crate::kernel::plane::Plane;
use crate::kernel::problem_codes::*;
use crate::kernel::problems::ProblemCode;

/// Those on these planes, in the order of their statuses and codes.
pub(crate) fn problems(entry: &RouteDeclaration, grants: &[Grant], planes: &[Plane]) -> Vec<ProblemCode> {
    let method = entry.route.method;
    let mut all = vec![INTERNAL, UNAVAILABLE, TIMED_OUT, TOO_MANY_REQUESTS];
    if method != Method::Any {
        all.extend([BODY_TOO_LARGE, INVALID_INPUT]);
    }
    if method.has_body() {
        if !entry.body.media_types(method).is_empty() {
            all.push(UNSUPPORTED_MEDIA_TYPE);
        }
        if entry.body.is_text() {
            all.push(BODY_NOT_UTF8);
        }
    }
    if entry.route.path.contains('{') && method != Method::Options {
        all.push(NOT_FOUND);
    }
    if entry.level.is_of_user() {
        all.push(NOT_SIGNED_IN);
        if entry.token.is_some() {
            all.push(SCOPE_MISSING);
        }
        // A token of a workspace is refused outside of it, and an override session by most routes.
        if entry.token.is_none() || !entry.serves_overrides {
            all.push(SESSION_NEEDED);
        }
    }
    if entry.serves_overrides {
        all.push(OVERRIDE_PENDING);
        if !entry.reads() {
            all.push(OVERRIDE_READ_ONLY);
        }
    }
    // To a caller from another network, a plane is empty.
    if planes.iter().any(|plane| plane.has_networks) {
        all.push(NOT_FOUND);
    }
    if matches!(entry.level, Level::Staff(_)) {
        all.extend([NOT_FOUND, NOT_SIGNED_IN, PASSKEY_NEEDED, PERMISSION_MISSING]);
    }
    if entry.is_fresh {
        all.push(FRESH_FACTOR_NEEDED);
    }
    let in_workspace = matches!(entry.level, Level::Workspace(_));
    if in_workspace {
        all.extend([WORKSPACE_LIVES_ELSEWHERE, PERMISSION_MISSING, SECOND_FACTOR_NEEDED, WORKSPACE_SUSPENDED]);
        all.extend([NETWORK_NOT_ALLOWED, SESSION_TOO_OLD]);
        if entry.token.is_some() {
            all.push(PERSONAL_TOKENS_BLOCKED);
        }
        if !entry.only_reads() {
            all.push(OVER_PLAN_LIMIT);
        }
        if !entry.in_trash {
            all.push(WORKSPACE_TRASHED);
        }
    }
    if !entry.needs.is_empty() {
        all.push(PLAN_LACKS_ENTITLEMENT);
    }
    if entry.versioned.is_some_and(|versioned| versioned.takes_conditions()) {
        all.push(PRECONDITION_FAILED);
    }
    if !entry.reads() && !grants.is_empty() {
        all.push(MODIFIED_CONCURRENTLY);
    }
    if entry.sender.is_some() {
        all.push(SIGNATURE_INVALID);
    } else if !entry.is_without_effect {
        all.push(if entry.repeatable.is_some() { IDEMPOTENCY_KEY_REUSED } else { IDEMPOTENCY_KEY_UNSUPPORTED });
    }
    all.extend(entry.problems.iter().chain(entry.access_problems));
    all.sort_by_key(|problem| (problem.status, problem.code));
    all.dedup();
    all
}
