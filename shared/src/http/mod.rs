//! HTTP: a route's declaration, and the pipeline that every request goes through.

pub(crate) mod answers;
pub mod body;
pub(crate) mod body_check;
pub(crate) mod calls;
pub(crate) mod conditions;
pub mod cookie;
pub(crate) mod declaration;
pub mod distinct;
pub mod endpoint;
pub(crate) mod exact;
pub(crate) mod headers;
pub(crate) mod idempotency;
pub(crate) mod incoming;
pub(crate) mod input;
pub mod method;
pub mod output;
pub mod patch;
pub(crate) mod pipeline;
pub(crate) mod rates;
pub mod redirect;
pub mod repeatable;

pub use crate::kernel::plane::Plane;
pub use body::{BodyKind, RawBody};
pub use calls::WarmCalls;
pub use cookie::Cookie;
pub use declaration::RouteDeclaration;
pub use distinct::{Distinct, repeated};
pub use endpoint::{Endpoint, Route, UserLimit};
pub use method::Method;
pub use output::{
    Accepted, Created, Document, Download, Html, Located, NoContent, Output, Redirect, Reply, SeeOther, Text,
    WithCookie,
};
pub use patch::Patch;
pub use redirect::RedirectTarget;
pub use repeatable::Repeatable;
