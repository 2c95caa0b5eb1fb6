//! `OPTIONS` of every path: answers CORS preflights with the allowed origins, methods and headers. The pipeline sets
//! these headers, as on every response.

use shared::http::Plane;
use shared::prelude::route::*;

/// Accepts any path and query: a browser sends those of the request that it wants to make.
#[derive(Deserialize, ToSchema)]
pub struct AnswerPreflight {}

pub static FUNCTION: Function = Function::route::<AnswerPreflight>();

impl Endpoint for AnswerPreflight {
    const ROUTE: Route = Route::options("answer-preflight", "/{path+}").on(Plane::ALL);
    type Access = Anyone;
    type Output = NoContent;

    async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
        Ok(NoContent)
    }
}
