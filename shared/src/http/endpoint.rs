//! A route as its file declares it.

use std::future::Future;

use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::body::BodyKind;
use super::calls::WarmCalls;
use super::method::Method;
use super::output::Output;
use super::repeatable::Repeatable;
use crate::aws::grants::Grant;
use crate::identity::{Access, TokenScope};
use crate::kernel::plane::Plane;
use crate::kernel::problems::{Problem, ProblemCode};
use crate::table::Versioned;
use crate::tenancy::{DeclaredPermission, Entitlement, Limit};

/// One route. The struct is the input: a field that is named in the path comes from the path, the rest from the JSON
/// body, or from the query for GET and DELETE.
pub trait Endpoint: DeserializeOwned + ToSchema + Send + 'static {
    const ROUTE: Route;
    const GRANTS: &'static [Grant] = &[];
    const NEEDS: &'static [Entitlement] = &[];
    /// The scope that a token needs, a personal one or one of the workspace. Without it, tokens are refused.
    const TOKEN: Option<TokenScope> = None;
    /// Permissions that some inputs need on top of the access: `handle` calls `Workspace::permit`.
    const SOME_NEED: &'static [DeclaredPermission] = &[];
    /// The problems of `handle`, in addition to those that follow from the rest of the declaration
    /// (`Function::problems`).
    const PROBLEMS: &'static [ProblemCode] = &[];
    /// The limits of the plan that `handle` checks.
    const PLAN_LIMITS: &'static [Limit] = &[];
    /// A limit for each user, or token of a workspace, on top of the limit for each address.
    const LIMIT: Option<UserLimit> = None;
    /// Whether a POST accepts an Idempotency-Key. A route that creates a resource of a workspace must.
    const REPEATABLE: Repeatable<Self> = Repeatable::Never;
    /// The item that stores the resource. Its version is the `ETag` of the response, and is compared with the request's
    /// conditions (RFC 9110, section 13). Without it, a request with conditions is refused.
    const VERSIONED: Option<Versioned> = None;
    /// The format of the body.
    const BODY: BodyKind = BodyKind::Json;
    /// The calls to AWS of a warm request.
    const WARM_CALLS: WarmCalls = WarmCalls::TWO;
    type Access: Access;
    type Output: Output;

    /// Handles the request. 401, 402, 403, 404 of the workspace, 413, 415, 422 of the shape and 429 are already
    /// decided.
    fn handle(self, access: &Self::Access) -> impl Future<Output = Result<Self::Output, Problem>> + Send;
}

/// A route's place in the API, and the size of its function.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub method: Method,
    /// The function's name: `create-post`.
    pub name: &'static str,
    /// With the names of its parameters: `/workspaces/{workspace_id}/posts`.
    pub path: &'static str,
    pub memory_mb: u32,
    /// Below the 29 seconds after which API Gateway gives up.
    pub timeout_s: u32,
    /// The largest body that is read.
    pub max_body_bytes: usize,
    /// The planes that it is declared on; without them, that of its access.
    pub planes: Option<&'static [Plane]>,
}

impl Route {
    const fn new(method: Method, name: &'static str, path: &'static str) -> Self {
        Self { method, name, path, memory_mb: 256, timeout_s: 15, max_body_bytes: 64 * 1024, planes: None }
    }

    pub const fn get(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::Get, name, path)
    }

    pub const fn post(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::Post, name, path)
    }

    pub const fn put(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::Put, name, path)
    }

    pub const fn patch(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::Patch, name, path)
    }

    pub const fn delete(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::Delete, name, path)
    }

    pub const fn options(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::Options, name, path)
    }

    /// The names of the path's parameters, in path order.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }

    pub const fn fallback(name: &'static str) -> Self {
        Self::new(Method::Any, name, "$default")
    }

    /// On other planes than that of its access, which must allow it (`Admit::MAY_MOVE`): an OAuth callback by `Anyone`
    /// is on `&[Plane::HOOKS]`.
    pub const fn on(mut self, planes: &'static [Plane]) -> Self {
        self.planes = Some(planes);
        self
    }

    pub const fn memory_mb(mut self, memory_mb: u32) -> Self {
        self.memory_mb = memory_mb;
        self
    }

    pub const fn timeout_s(mut self, timeout_s: u32) -> Self {
        assert!(timeout_s < 29, "API Gateway gives up after 29 seconds");
        self.timeout_s = timeout_s;
        self
    }
}

/// At most so many requests of one user in any span of so many seconds. Exact.
#[derive(Clone, Copy, Debug)]
pub struct UserLimit {
    pub requests: u32,
    pub seconds: u32,
}
