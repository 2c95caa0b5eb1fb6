//! A secret cannot be serialised, so that it is neither stored nor returned.

use serde::Serialize;
use shared::kernel::secrets::SecretText;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct Credentials {
    app_password: SecretText,
}
