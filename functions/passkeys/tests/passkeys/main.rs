//! Passkeys through the routes. The authenticator is our own software, so that it can send invalid responses;
//! authenticators of others are tested in `tests/peers`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod authenticating;
mod managing;
mod observed_response;
mod registering;

use passkeys::routes::{
    delete_passkey, list_passkeys, register_passkey, rename_passkey, sign_in_with_passkey, start_passkey_registration,
    start_passkey_sign_in, step_up_with_passkey,
};
use shared::function::Function;
use shared::testing::{Request, TestApp};

const FUNCTIONS: [&Function; 8] = [
    &start_passkey_registration::FUNCTION,
    &register_passkey::FUNCTION,
    &list_passkeys::FUNCTION,
    &rename_passkey::FUNCTION,
    &delete_passkey::FUNCTION,
    &start_passkey_sign_in::FUNCTION,
    &sign_in_with_passkey::FUNCTION,
    &step_up_with_passkey::FUNCTION,
];

#[tokio::test]
async fn every_route_but_sign_in_requires_a_session() {
    let app = TestApp::new();
    for route in &FUNCTIONS[..5] {
        let request = Request::to(route).path("passkey_id", format!("pk_{}", "0".repeat(32)));
        assert_eq!(app.call(request).await.expect(401).code(), "not_signed_in");
    }
    let request = Request::to(&step_up_with_passkey::FUNCTION);
    assert_eq!(app.call(request).await.expect(401).code(), "not_signed_in");
}
