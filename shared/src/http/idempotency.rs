//! The Idempotency-Key of a request, before its caller is known.

use super::declaration::RouteDeclaration;
use super::incoming::Incoming;
use crate::crypto::digest::sha256_hex;
use crate::identity::admission::IdempotencyKey;
use crate::kernel::problem_codes::IDEMPOTENCY_KEY_UNSUPPORTED;
use crate::kernel::problems::Problem;

/// The Idempotency-Key of a request (draft-ietf-httpapi-idempotency-key-header-07). Only admitted callers receive a
/// refusal; it is not revealed to others.
pub(crate) fn idempotency_key(
    entry: &RouteDeclaration,
    incoming: &Incoming,
) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(key) = incoming.headers.get("idempotency-key") else { return Ok(None) };
    let Some(kind) = entry.repeatable else {
        // A request without a route has no rules, signed calls have their senders' rules, and what changes nothing can be
        // repeated with any key.
        if entry.is_without_effect || entry.route.method.serves_any_path() || entry.sender.is_some() {
            return Ok(None);
        }
        let detail = "This route does not support Idempotency-Key: the key would not make the request safe to repeat.";
        return Err(
            Problem::new(IDEMPOTENCY_KEY_UNSUPPORTED, detail).at("Idempotency-Key", "must not be sent to this route")
        );
    };
    let key = key.as_bytes();
    if key.is_empty() || key.len() > 255 || !key.iter().all(u8::is_ascii_graphic) {
        return Err(Problem::invalid("Idempotency-Key", "must have 1 to 255 visible ASCII characters"));
    }
    let name = entry.route.name;
    // Each part as its digest, so that two different paths never give the same text; in the template's order, so that
    // every process computes the same fingerprint.
    let mut parts = vec![name.to_owned()];
    for parameter in entry.route.parameters() {
        let value = incoming.path_parameter(parameter);
        let value = value.ok_or_else(|| Problem::internal(format!("a request without its {parameter}")))?;
        parts.push(sha256_hex(value.as_bytes()));
    }
    parts.push(sha256_hex(&incoming.body));
    let fingerprint = sha256_hex(parts.join("|").as_bytes());
    let key = sha256_hex(format!("{name}|{}", sha256_hex(key)).as_bytes());
    Ok(Some(IdempotencyKey { key, fingerprint, kind, status: entry.status }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::BodyKind;
    use crate::http::endpoint::Route;
    use crate::identity::admission::Level;

    const ENTRY: RouteDeclaration = RouteDeclaration {
        route: Route::post("mark-line", "/workspaces/{workspace_id}/notes/{note_id}/lines/{line_id}"),
        level: Level::Anyone,
        planes: &[],
        settles: &[],
        sender: None,
        base: &[],
        is_fresh: false,
        in_trash: false,
        needs: &[],
        plan_limits: &[],
        body: BodyKind::Json,
        token: None,
        serves_overrides: false,
        some_need: &[],
        limit: None,
        problems: &[],
        access_problems: &[],
        status: 201,
        repeatable: Some("line"),
        is_without_effect: false,
        versioned: None,
        warm_calls: crate::http::WarmCalls::TWO,
        call: |_, _| Box::pin(async { Err(Problem::not_found()) }),
    };

    /// A request as API Gateway delivers it; its maps have a different order each time.
    fn fingerprint([workspace, note, line]: [&str; 3]) -> String {
        let event = serde_json::json!({
            "version": "2.0",
            "routeKey": "POST /",
            "rawPath": "/",
            "headers": { "idempotency-key": "k-1" },
            "pathParameters": { "workspace_id": workspace, "note_id": note, "line_id": line },
            "requestContext": { "http": { "method": "POST", "path": "/", "sourceIp": "192.0.2.1" }, "requestId": "r", "apiId": "a" },
            "isBase64Encoded": false,
        });
        let Ok(request) = lambda_http::request::from_str(&event.to_string()) else { unreachable!("a good event") };
        let Ok(Some(key)) = Incoming::new(request).and_then(|incoming| idempotency_key(&ENTRY, &incoming)) else {
            unreachable!("a good key")
        };
        key.fingerprint
    }

    #[test]
    fn the_same_request_has_the_same_fingerprint_in_every_process() {
        let first = fingerprint(["a", "b", "c"]);
        for process in 0..200 {
            assert_eq!(fingerprint(["a", "b", "c"]), first, "in process {process}");
        }
    }

    #[test]
    fn a_request_to_another_path_has_another_fingerprint() {
        let places = [["a", "b", "c"], ["c", "b", "a"], ["a", "c", "b"], ["a|b", "", "c"], ["a", "|b", "c"]];
        let distinct: std::collections::BTreeSet<_> = places.map(fingerprint).into_iter().collect();
        assert_eq!(distinct.len(), places.len());
    }
}
