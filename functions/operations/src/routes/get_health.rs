//! `GET /health`: whether the API answers. It calls nothing but the rate lease, so that it tells of the edge and of this
//! function alone; what depends on what is the alarms' business.

use serde::{Deserialize, Serialize};
use shared::function::Function;
use shared::http::{Endpoint, Reply, Route};
use shared::identity::Anyone;
use shared::kernel::problems::Problem;
use utoipa::ToSchema;

/// Tells whether the API answers.
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
    const ROUTE: Route = Route::get("get-health", "/health");
    type Access = Anyone;
    type Output = Reply<Health>;

    async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
        Ok(Reply(Health { status: "ok" }))
    }
}
