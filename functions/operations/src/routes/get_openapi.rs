//! `GET /openapi.json`: returns the generated OpenAPI document of the plane.

use serde_json::{Value, json};
use shared::http::{Document, Plane};
use shared::prelude::route::*;

use crate::documents::document_of;

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
    const ROUTE: Route = Route::get("get-openapi", "/openapi.json").on(Plane::ALL);
    type Access = Anyone;
    type Output = Document<OpenApiDocument>;

    async fn handle(self, anyone: &Anyone) -> Result<Self::Output, Problem> {
        let text = document_of(anyone.plane()).ok_or_else(|| Problem::internal("a plane without a document"))?;
        let mut document: Value = serde_json::from_str(text).map_err(Problem::internal)?;
        document["servers"] = json!([{ "url": anyone.plane_url()? }]);
        Ok(Document(OpenApiDocument(document)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_document_is_json_and_describes_its_own_route() {
        for plane in Plane::ALL {
            let document: Value = serde_json::from_str(document_of(*plane).unwrap_or_default()).unwrap_or_default();
            assert!(
                document["paths"]["/openapi.json"]["get"].is_object(),
                "the document of {} is incomplete",
                plane.name
            );
        }
    }
}
