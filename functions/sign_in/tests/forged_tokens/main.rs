//! Forged, malformed and altered tokens: each gets the same 401, whatever is wrong with it.
//!
//! Most are signed by a trusted key, which an attacker does not have: this tests each rule by itself, independent of
//! the signature check.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod claims;
mod forge;
mod headers;
mod personal;
mod signatures;
mod spelling;

use accounts::routes::get_me;
use accounts::{PersonName, User};
use serde_json::Value;
use shared::identity::AccountChanges;
use shared::testing::{Person, Request, Response, TestApp};

type Case = (String, String);

fn case(name: impl Into<String>, token: impl Into<String>) -> Case {
    (name.into(), token.into())
}

/// An app with its own tables and a signed-in user.
async fn app() -> (TestApp, Person) {
    let app = TestApp::new();
    let person = app.owner().await.unwrap();
    enter(&app, &person).await;
    (app, person)
}

async fn enter(app: &TestApp, person: &Person) {
    let email = format!("{}@example.com", person.user).parse().unwrap();
    let user = User::new(person.user, email, PersonName::parse("Ada Lovelace").unwrap(), app.now());
    app.accounts().commit(AccountChanges::default().insert(&user)).await.unwrap();
}

async fn present(app: &TestApp, token: &str) -> Response {
    app.move_address();
    app.call(Request::to(&get_me::FUNCTION).bearer(token)).await
}

/// The response without the id of the request.
fn told(answer: &Response) -> (u16, Value, String) {
    let mut body = answer.body.clone();
    assert!(body["instance"].take().is_string(), "{}", answer.text);
    (answer.status, body, answer.header("www-authenticate").to_owned())
}

/// Asserts that each token gets the same response as a request without a token.
async fn alike(app: &TestApp, cases: &[Case]) {
    app.move_address();
    let nothing = told(&app.call(Request::to(&get_me::FUNCTION)).await);
    assert_eq!((nothing.0, nothing.1["code"].as_str()), (401, Some("not_signed_in")));
    for (name, token) in cases {
        assert_eq!(told(&present(app, token).await), nothing, "{name}: {token:.200}");
    }
}

/// Asserts the same, and that no user's record is read.
async fn refused(app: &TestApp, cases: &[Case]) {
    let wire = app.wire(&get_me::FUNCTION);
    wire.take();
    for each in cases {
        alike(app, std::slice::from_ref(each)).await;
        // The leases of the IP addresses, and another read of the key set if a key is unknown.
        let calls = wire.take();
        let known = ["DynamoDB.UpdateItem", "DynamoDB.GetItem"];
        assert!(calls.iter().all(|call| known.contains(&call.as_str())), "{}: {calls:?}", each.0);
    }
}
