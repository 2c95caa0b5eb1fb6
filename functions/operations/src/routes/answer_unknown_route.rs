//! Whatever no other route answers: 404, also where the path is known under another method.

use serde::Deserialize;
use shared::function::Function;
use shared::http::{Endpoint, NoContent, Route};
use shared::identity::Anyone;
use shared::kernel::problems::Problem;
use utoipa::ToSchema;

/// Whatever the request says.
#[derive(Deserialize, ToSchema)]
pub struct AnswerUnknownRoute {}

pub static FUNCTION: Function = Function::route::<AnswerUnknownRoute>();

impl Endpoint for AnswerUnknownRoute {
    const ROUTE: Route = Route::fallback("answer-unknown-route");
    type Access = Anyone;
    // It never succeeds.
    type Output = NoContent;

    async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
        Err(Problem::not_found())
    }
}
