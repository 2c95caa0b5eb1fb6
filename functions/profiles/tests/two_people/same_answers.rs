//! Compares the responses that a stranger gets about an address, and the number of letters sent to it, across all
//! states of the address.

use std::collections::BTreeMap;

use accounts::routes::{register, request_password_reset, resend_verification, verify_email};
use profiles::routes::{change_email, delete_account};
use proptest::prelude::*;
use recovery::routes::reset_password;
use serde_json::{Value, json};
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, Response, TestApp};
use sign_in::routes::login;

use test_support::people::{PASSWORD, email, letters_to, signed_in};

#[derive(Clone, Copy, Debug)]
pub enum Action {
    Register,
    Resend,
    RequestReset,
    LogIn,
    /// With an invalid token.
    Verify,
    Reset,
    /// For the stranger's own account.
    WantAddress,
    Wait,
}

pub fn requests() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        3 => Just(Action::Register),
        3 => Just(Action::Resend),
        3 => Just(Action::RequestReset),
        3 => Just(Action::LogIn),
        1 => Just(Action::Verify),
        1 => Just(Action::Reset),
        2 => Just(Action::WantAddress),
        1 => Just(Action::Wait),
    ];
    prop::collection::vec(action, 4..=20)
}

/// The states of an address.
#[derive(Clone, Copy, Debug)]
enum State {
    Unknown,
    Registered,
    Owned,
    Deleted,
}

const STATES: [State; 4] = [State::Unknown, State::Registered, State::Owned, State::Deleted];

async fn address(app: &TestApp, state: State) -> String {
    match state {
        State::Unknown => email(app),
        State::Registered => {
            let address = email(app);
            test_support::people::register(app, &address).await.expect(202);
            address
        }
        State::Owned => test_support::people::user(app).await.0,
        State::Deleted => {
            let address = test_support::people::user(app).await.0;
            let tokens = test_support::people::login(app, &address, PASSWORD).await.expect(200).body;
            let token = tokens["access_token"].as_str().unwrap();
            app.call(Request::to(&delete_account::FUNCTION).bearer(token)).await.expect(200);
            address
        }
    }
}

async fn ask(app: &TestApp, address: &str, own: &Value, action: Action) -> Option<Response> {
    // A new IP address for each request, so that limits do not differ between email addresses.
    app.move_address();
    let invalid = json!({ "token": "bWFkZQ.dXA", "password": PASSWORD });
    let (route, body) = match action {
        Action::Register => (&register::FUNCTION, json!({ "email": address })),
        Action::Resend => (&resend_verification::FUNCTION, json!({ "email": address })),
        Action::RequestReset => (&request_password_reset::FUNCTION, json!({ "email": address })),
        Action::LogIn => (&login::FUNCTION, json!({ "email": address, "password": "not the right password" })),
        Action::Verify => {
            (&verify_email::FUNCTION, json!({ "token": "bWFkZQ.dXA", "name": "Eve", "password": PASSWORD }))
        }
        Action::Reset => (&reset_password::FUNCTION, invalid),
        Action::WantAddress => {
            let request = Request::to(&change_email::FUNCTION).bearer(own["access_token"].as_str().unwrap());
            return Some(app.call(request.json(json!({ "email": address }))).await);
        }
        Action::Wait => return None,
    };
    Some(app.call(Request::to(route).json(body)).await)
}

/// A response without the parts that are unique to each request.
fn comparable(answer: &Response) -> (u16, Value, BTreeMap<String, String>) {
    let mut body = answer.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("instance");
    }
    let headers = answer.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let headers = headers.map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()));
    (answer.status, body, headers.collect())
}

pub async fn compare(app: &TestApp, requests: &[Action]) -> Result<(), String> {
    let mut cases = Vec::new();
    for state in STATES {
        cases.push((state, address(app, state).await));
    }
    // Wait until the owners' actions no longer count towards any limit.
    app.advance(SignedDuration::from_hours(2));
    let mut strangers = Vec::new();
    for _ in STATES {
        strangers.push(signed_in(app).await);
    }
    for (at, action) in requests.iter().copied().enumerate() {
        if matches!(action, Action::Wait) {
            app.advance(SignedDuration::from_mins(4));
            continue;
        }
        app.advance(SignedDuration::from_secs(1));
        let mut responses = Vec::new();
        for ((state, address), own) in cases.iter().zip(&strangers) {
            let before = letters_to(app, address).await.len();
            let Some(answer) = ask(app, address, own, action).await else { continue };
            let letters = letters_to(app, address).await.len() - before;
            responses.push((*state, comparable(&answer), letters));
        }
        for pair in responses.windows(2) {
            let [(left, one, one_letters), (right, other, other_letters)] = pair else { continue };
            if (one, one_letters) != (other, other_letters) {
                return Err(format!(
                    "{at}, {action:?}: {left:?} and {right:?} differ:\n{one:?}, {one_letters} letters\n{other:?}, \
                     {other_letters} letters"
                ));
            }
        }
    }
    Ok(())
}
