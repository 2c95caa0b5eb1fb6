//! `GET /health`: reports whether the API of a plane responds. It calls only the rate lease, so that it covers just the edge
//! and this function; alarms cover the dependencies.

use shared::http::Plane;
use shared::prelude::route::*;

/// Reports whether the API responds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetHealth {}

/// The state of the API.
#[derive(Serialize, ToSchema)]
pub struct Health {
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
}

pub static FUNCTION: Function = Function::route::<GetHealth>();

impl Endpoint for GetHealth {
    const ROUTE: Route = Route::get("get-health", "/health").on(Plane::ALL);
    type Access = Anyone;
    type Output = Reply<Health>;

    async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
        Ok(Reply(Health { status: "ok" }))
    }
}
