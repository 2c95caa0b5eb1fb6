//! A request from API Gateway (payload format 2.0), reduced to the fields that the pipeline reads.

use http::HeaderMap;
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};

use crate::kernel::problems::Problem;

pub(crate) struct Incoming {
    pub(crate) method: String,
    /// The requested path, decoded.
    pub(crate) raw_path: String,
    pub(crate) request_id: String,
    /// The gateway's id of the API that received it.
    pub(crate) api_id: String,
    pub(crate) ip: String,
    pub(crate) headers: HeaderMap,
    pub(crate) path: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Incoming {
    /// An incomplete event is an error: without the IP address, all callers would share one limit.
    pub(crate) fn new(request: lambda_http::Request) -> Result<Self, Problem> {
        let RequestContext::ApiGatewayV2(context) = request.request_context() else {
            return Err(Problem::internal("an event of another source than the HTTP API"));
        };
        let request_id = context.request_id.ok_or_else(|| Problem::internal("an event without a request id"))?;
        let api_id = context.apiid.ok_or_else(|| Problem::internal("an event without the id of its API"))?;
        let ip = context.http.source_ip.ok_or_else(|| Problem::internal("an event without an address"))?;
        let pairs = |map: &lambda_http::aws_lambda_events::query_map::QueryMap| {
            let mut pairs: Vec<_> = map.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            // The map's order differs between processes. The values of one name keep their order.
            pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
            pairs
        };
        let path = pairs(&request.path_parameters());
        let query = pairs(&request.query_string_parameters());
        let raw_path = request.raw_http_path().to_owned();
        let (parts, body) = request.into_parts();
        let body = match body {
            Body::Empty => Vec::new(),
            Body::Text(text) => text.into_bytes(),
            Body::Binary(bytes) => bytes,
            _ => return Err(Problem::internal("a body of an unknown kind")),
        };
        let method = parts.method.to_string();
        Ok(Self { method, raw_path, request_id, api_id, ip, headers: parts.headers, path, query, body })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn path_parameter(&self, name: &str) -> Option<&str> {
        self.path.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The bearer token (RFC 6750, section 2.1); the scheme's case does not matter (RFC 9110, 11.1).
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: impl FnOnce(&mut serde_json::Value)) -> Result<Incoming, Problem> {
        let mut event = serde_json::json!({
            "version": "2.0",
            "routeKey": "GET /health",
            "rawPath": "/health",
            "headers": {},
            "requestContext": {
                "http": { "method": "GET", "path": "/health", "sourceIp": "192.0.2.1" },
                "requestId": "r-1",
                "apiId": "a-1",
            },
            "isBase64Encoded": false,
        });
        change(&mut event);
        let request = lambda_http::request::from_str(&event.to_string()).map_err(Problem::internal)?;
        Incoming::new(request)
    }

    #[test]
    fn an_event_without_an_address_an_id_or_an_api_is_an_internal_error() {
        assert!(
            read(|_| {})
                .is_ok_and(|incoming| (incoming.ip.as_str(), incoming.request_id.as_str()) == ("192.0.2.1", "r-1"))
        );
        let of_http = |event: &mut serde_json::Value| event["requestContext"]["http"]["sourceIp"].take();
        assert!(read(|event| drop(of_http(event))).is_err_and(|problem| problem.status() == 500));
        for id in ["requestId", "apiId"] {
            assert!(read(|event| drop(event["requestContext"][id].take())).is_err_and(|p| p.status() == 500), "{id}");
        }
    }
}
