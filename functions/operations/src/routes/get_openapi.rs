//! `GET /openapi.json`: the description of every route, as the generator wrote it.

use serde::Deserialize;
use serde_json::Value;
use shared::function::Function;
use shared::http::{Document, Endpoint, Route};
use shared::identity::Anyone;
use shared::kernel::problems::Problem;
use utoipa::ToSchema;

/// The OpenAPI document of every route, in JSON.
const OPENAPI: &str = include_str!("../../../../infra/generated/openapi.json");

/// Gives this description.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetOpenapi {}

pub static FUNCTION: Function = Function::route::<GetOpenapi>();

impl Endpoint for GetOpenapi {
    const ROUTE: Route = Route::get("get-openapi", "/openapi.json");
    type Access = Anyone;
    type Output = Document<Value>;

    async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
        serde_json::from_str(OPENAPI).map(Document).map_err(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_json_and_describes_its_own_route() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap_or_default();
        assert!(document["paths"]["/openapi.json"]["get"].is_object(), "infra/generated/openapi.json is incomplete");
    }
}
