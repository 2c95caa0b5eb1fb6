//! HTTP: a route's declaration, and the pipeline that every request goes through.

pub(crate) mod answers;
pub mod endpoint;
pub(crate) mod exact;
pub(crate) mod headers;
pub(crate) mod idempotency;
pub(crate) mod incoming;
pub(crate) mod input;
pub mod output;
pub(crate) mod pipeline;
pub(crate) mod rates;
pub mod repeatable;

pub use endpoint::{Endpoint, Method, Route, UserLimit};
pub use output::{Accepted, Created, Document, NoContent, Output, Reply};
pub use repeatable::Repeatable;
