//! Every request without a route: answers 405 if the path has other methods, otherwise 404.

use shared::http::Plane;
use shared::prelude::route::*;

use crate::known_paths::methods_of;

/// The requested path.
#[derive(Deserialize, ToSchema)]
pub struct AnswerUnknownRoute {
    method: String,
    path: String,
}

pub static FUNCTION: Function = Function::route::<AnswerUnknownRoute>();

impl Endpoint for AnswerUnknownRoute {
    const ROUTE: Route = Route::fallback("answer-unknown-route").on(Plane::ALL);
    const PROBLEMS: &'static [ProblemCode] = &[problem_codes::NOT_FOUND, problem_codes::METHOD_NOT_ALLOWED];
    type Access = Anyone;
    // It never succeeds.
    type Output = NoContent;

    async fn handle(self, anyone: &Anyone) -> Result<Self::Output, Problem> {
        let allowed = methods_of(anyone.plane(), &self.path)?;
        // The path has this method, but the gateway did not match the request.
        if allowed.is_empty() || allowed.contains(&self.method) {
            return Err(Problem::not_found());
        }
        Err(Problem::method_not_allowed(&allowed))
    }
}
