//! A secret is not serialised: it is neither stored nor answered.

use serde::Serialize;
use shared::kernel::secrets::SecretText;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct Credentials {
    app_password: SecretText,
}
