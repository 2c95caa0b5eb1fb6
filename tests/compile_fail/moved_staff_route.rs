//! A staff route cannot be moved to another plane.

use serde::Deserialize;
use shared::function::Function;
use shared::http::{Endpoint, NoContent, Plane, Route};
use shared::identity::Staff;
use shared::kernel::problems::Problem;
use shared::staff_permissions;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
pub struct Elsewhere {}

pub static ELSEWHERE: Function = Function::route::<Elsewhere>();

impl Endpoint for Elsewhere {
    const ROUTE: Route = Route::get("elsewhere", "/elsewhere").on(&[Plane::PRODUCT]);
    type Access = Staff<ReadStaff>;
    type Output = NoContent;

    async fn handle(self, _: &Staff<ReadStaff>) -> Result<NoContent, Problem> {
        Ok(NoContent)
    }
}

staff_permissions! {
    /// Sees who is on the staff.
    ReadStaff;
}
