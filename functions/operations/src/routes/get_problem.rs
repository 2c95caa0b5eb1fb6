//! `GET /problems/{code}`: describes a problem code. The `type` of each problem document links here.

use serde_json::Value;
use shared::http::Document;
use shared::prelude::route::*;

/// The descriptions by code, in JSON.
const PROBLEMS: &str = include_str!("../../../../infra/generated/problems.json");

/// Describes a problem code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetProblem {
    #[schema(example = "invalid_input")]
    code: String,
}

/// The description of a problem code.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ProblemDescription {
    #[schema(example = "invalid_input")]
    code: String,
    /// The HTTP statuses of the problem.
    #[schema(example = json!([422]))]
    statuses: Vec<u16>,
    #[schema(example = "Invalid input")]
    title: String,
    #[schema(example = "A field of the request breaks a rule.")]
    meaning: String,
    /// What the client or its user should do.
    #[schema(example = "Correct the fields and send the request again.")]
    remedy: String,
}

pub static FUNCTION: Function = Function::route::<GetProblem>();

impl Endpoint for GetProblem {
    const ROUTE: Route = Route::get("get-problem", "/problems/{code}");
    type Access = Anyone;
    type Output = Document<ProblemDescription>;

    async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
        let mut all: Value = serde_json::from_str(PROBLEMS).map_err(Problem::internal)?;
        let described = all.get_mut(&self.code).map(Value::take).ok_or_else(Problem::not_found)?;
        serde_json::from_value(described).map(Document).map_err(Problem::internal)
    }
}
