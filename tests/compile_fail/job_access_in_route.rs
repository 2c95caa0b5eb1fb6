//! A route cannot use the access of a job.

use serde::Deserialize;
use shared::http::{Endpoint, NoContent, Route};
use shared::kernel::problems::Problem;
use shared::tenancy::Tenant;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
pub struct Enter {}

impl Endpoint for Enter {
    const ROUTE: Route = Route::get("enter-workspace", "/enter");
    type Access = Tenant;
    type Output = NoContent;

    async fn handle(self, _: &Tenant) -> Result<NoContent, Problem> {
        Ok(NoContent)
    }
}
