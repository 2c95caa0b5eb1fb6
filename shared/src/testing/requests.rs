//! Requests and responses of a test, in terms of the route.

use http::{HeaderMap, HeaderName, HeaderValue};
use lambda_http::Body;
use serde_json::Value;

use super::person::Person;
use crate::function::{Declared, Function};
use crate::http::RouteDeclaration;
use crate::http::incoming::Incoming;
use crate::kernel::plane::Plane;

/// A request to one route.
#[derive(Clone)]
pub struct Request {
    function: &'static Function,
    method: Option<String>,
    raw_path: String,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Vec<u8>,
    ip: Option<String>,
    plane: Option<Plane>,
}

impl Request {
    pub fn to(function: &'static Function) -> Self {
        Self {
            function,
            method: None,
            raw_path: "/".to_owned(),
            path: Vec::new(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            ip: None,
            plane: None,
        }
    }

    pub fn function(&self) -> &'static Function {
        self.function
    }

    /// Uses another method and path than the route's own.
    pub fn asking(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        self.raw_path = path.to_owned();
        self
    }

    /// Sends the request as this person: with their token and, if the path has one, their workspace.
    pub fn by(self, person: &Person) -> Self {
        self.bearer(&person.token).path("workspace_id", person.workspace)
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Sets a path parameter; ignored if the route's path does not have it.
    pub fn path(mut self, name: &str, value: impl ToString) -> Self {
        if let Declared::Route(RouteDeclaration { route, .. }) = self.function.declared()
            && route.parameters().any(|known| known == name)
        {
            self.path.retain(|(known, _)| known != name);
            self.path.push((name.to_owned(), value.to_string()));
        }
        self
    }

    pub fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn json(self, body: Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            self.headers.insert(name, value);
        }
        self
    }

    /// By another plane than the first one of the route.
    pub fn on(mut self, plane: Plane) -> Self {
        self.plane = Some(plane);
        self
    }

    pub fn ip(mut self, ip: &str) -> Self {
        self.ip = Some(ip.to_owned());
        self
    }

    /// As a client sends it to an API at this address. Without the address of the client, and the plane.
    ///
    /// # Errors
    ///
    /// If the request is not to a route, or is not one of HTTP.
    pub fn into_http(self, base_url: &str) -> Result<http::Request<Vec<u8>>, http::Error> {
        let (method, mut path) = match self.function.declared() {
            Declared::Route(RouteDeclaration { route, .. }) => (route.method.name(), route.path.to_owned()),
            Declared::Job(_) => ("", String::new()),
        };
        for (name, value) in &self.path {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.query);
        let query = query.finish();
        let separator = if query.is_empty() { "" } else { "?" };
        let method = self.method.as_deref().unwrap_or(method);
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{base_url}{path}{separator}{query}"))
            .body(self.body)?;
        *request.headers_mut() = self.headers;
        Ok(request)
    }

    /// As the gateway passes it on, from this address unless the request has one.
    pub(crate) fn into_incoming(self, request_id: String, address: impl FnOnce() -> String) -> Incoming {
        let (method, first) = match self.function.declared() {
            Declared::Route(RouteDeclaration { route, planes, .. }) => {
                (self.method.unwrap_or_else(|| route.method.name().to_owned()), planes.first().copied())
            }
            Declared::Job(_) => (String::new(), None),
        };
        let api_id = self.plane.or(first).as_ref().map(super::api_id);
        Incoming {
            method,
            raw_path: self.raw_path,
            request_id,
            api_id: api_id.unwrap_or_default(),
            ip: self.ip.unwrap_or_else(address),
            headers: self.headers,
            path: self.path,
            query: self.query,
            body: self.body,
        }
    }
}

/// The response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    /// The JSON body; null if there is none.
    pub body: Value,
    pub text: String,
}

impl Response {
    pub(crate) fn read(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let text = match body {
            Body::Text(text) => text,
            Body::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => String::new(),
        };
        Self::new(parts.status.as_u16(), parts.headers, text)
    }

    pub fn new(status: u16, headers: HeaderMap, text: String) -> Self {
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, body, text }
    }

    pub fn none() -> Self {
        Self { status: 0, headers: HeaderMap::new(), body: Value::Null, text: String::new() }
    }

    /// The problem's code, or empty.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The names of the invalid fields of a problem.
    pub fn fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array();
        errors.into_iter().flatten().filter_map(|error| error["field"].as_str()).collect()
    }

    /// Panics with the whole response, unless the status is the expected one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert!(self.status == status, "expected {status}, got {}: {}", self.status, self.text);
        self
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
