//! Passkeys through the routes. The authenticator is our own software, so that it can send invalid responses;
//! authenticators of others are tested in `tests/peers`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod authenticating;
mod managing;
mod observed_response;
mod registering;

use passkeys::routes::{
    delete_passkey, list_passkeys, register_passkey, rename_passkey, start_passkey_registration, step_up_with_passkey,
};
use shared::testing::{Request, TestApp};

#[tokio::test]
async fn every_route_but_sign_in_requires_a_session() {
    let app = TestApp::new();
    for route in [
        &start_passkey_registration::FUNCTION,
        &register_passkey::FUNCTION,
        &list_passkeys::FUNCTION,
        &rename_passkey::FUNCTION,
        &delete_passkey::FUNCTION,
        &step_up_with_passkey::FUNCTION,
    ] {
        let request = Request::to(route).path("passkey_id", format!("pk_{}", "0".repeat(32)));
        assert_eq!(app.call(request).await.expect(401).code(), "not_signed_in");
    }
}
