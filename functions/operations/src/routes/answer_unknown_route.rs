//! Whatever no other route answers: 405 where the path is known under another method, otherwise 404.

use serde::Deserialize;
use shared::function::Function;
use shared::http::{Endpoint, NoContent, Route};
use shared::identity::Anyone;
use shared::kernel::problem_codes;
use shared::kernel::problems::{Problem, ProblemCode};
use utoipa::ToSchema;

use crate::known_paths::methods_of;

/// What was asked for.
#[derive(Deserialize, ToSchema)]
pub struct AnswerUnknownRoute {
    method: String,
    path: String,
}

pub static FUNCTION: Function = Function::route::<AnswerUnknownRoute>();

impl Endpoint for AnswerUnknownRoute {
    const ROUTE: Route = Route::fallback("answer-unknown-route");
    const PROBLEMS: &'static [ProblemCode] = &[problem_codes::NOT_FOUND, problem_codes::METHOD_NOT_ALLOWED];
    type Access = Anyone;
    // It never succeeds.
    type Output = NoContent;

    async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
        let allowed = methods_of(&self.path)?;
        // A method that the path has was asked for in a way that the gateway does not match.
        if allowed.is_empty() || allowed.contains(&self.method) {
            return Err(Problem::not_found());
        }
        Err(Problem::method_not_allowed(&allowed))
    }
}
