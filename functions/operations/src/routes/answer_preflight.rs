//! `OPTIONS` of every path: tells a browser which origins, methods and headers the API takes. The headers that say so are
//! the pipeline's, as on every response.

use serde::Deserialize;
use shared::function::Function;
use shared::http::{Endpoint, NoContent, Route};
use shared::identity::Anyone;
use shared::kernel::problems::Problem;
use utoipa::ToSchema;

/// Whatever the request says: a browser sends the path and query of the request that it asks for.
#[derive(Deserialize, ToSchema)]
pub struct AnswerPreflight {}

pub static FUNCTION: Function = Function::route::<AnswerPreflight>();

impl Endpoint for AnswerPreflight {
    const ROUTE: Route = Route::options("answer-preflight", "/{path+}");
    type Access = Anyone;
    type Output = NoContent;

    async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
        Ok(NoContent)
    }
}
