//! `GET /openapi.json`: returns the generated OpenAPI document.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::function::Function;
use shared::http::{Document, Endpoint, Route};
use shared::identity::Anyone;
use shared::kernel::problems::Problem;
use utoipa::ToSchema;

/// The OpenAPI document of every route, in JSON.
const OPENAPI: &str = include_str!("../../../../infra/generated/openapi.json");

/// Returns this OpenAPI document.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetOpenapi {}

/// An OpenAPI 3.1 document.
#[derive(Serialize, ToSchema)]
#[schema(value_type = Object)]
pub struct OpenApiDocument(Value);

pub static FUNCTION: Function = Function::route::<GetOpenapi>();

impl Endpoint for GetOpenapi {
    const ROUTE: Route = Route::get("get-openapi", "/openapi.json");
    type Access = Anyone;
    type Output = Document<OpenApiDocument>;

    async fn handle(self, accounts: &Anyone) -> Result<Self::Output, Problem> {
        let mut document: Value = serde_json::from_str(OPENAPI).map_err(Problem::internal)?;
        document["servers"] = json!([{ "url": accounts.base_url() }]);
        Ok(Document(OpenApiDocument(document)))
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
