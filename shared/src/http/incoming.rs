//! A request as API Gateway hands it over (payload format 2.0), reduced to what the pipeline reads.

use http::HeaderMap;
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};

pub(crate) struct Incoming {
    pub(crate) method: String,
    /// The path as it was asked for, decoded.
    pub(crate) raw_path: String,
    pub(crate) request_id: String,
    pub(crate) ip: String,
    pub(crate) headers: HeaderMap,
    pub(crate) path: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Incoming {
    pub(crate) fn new(request: lambda_http::Request) -> Self {
        let (request_id, ip) = match request.request_context() {
            RequestContext::ApiGatewayV2(context) => {
                (context.request_id.unwrap_or_default(), context.http.source_ip.unwrap_or_default())
            }
            _ => Default::default(),
        };
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
            _ => Vec::new(),
        };
        Self { method: parts.method.to_string(), raw_path, request_id, ip, headers: parts.headers, path, query, body }
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
