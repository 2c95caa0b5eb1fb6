//! The answers that a stranger gets about an address, and the number of letters sent to it: the same in every state of
//! the address.

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
pub enum Asked {
    Register,
    Resend,
    RequestReset,
    LogIn,
    /// With a made-up token.
    Verify,
    Reset,
    /// For the stranger's own account.
    WantAddress,
    Wait,
}

pub fn requests() -> impl Strategy<Value = Vec<Asked>> {
    let asked = prop_oneof![
        3 => Just(Asked::Register),
        3 => Just(Asked::Resend),
        3 => Just(Asked::RequestReset),
        3 => Just(Asked::LogIn),
        1 => Just(Asked::Verify),
        1 => Just(Asked::Reset),
        2 => Just(Asked::WantAddress),
        1 => Just(Asked::Wait),
    ];
    prop::collection::vec(asked, 4..=20)
}

/// The states of an address.
#[derive(Clone, Copy, Debug)]
enum Standing {
    Unknown,
    Registered,
    Owned,
    Deleted,
}

const STANDINGS: [Standing; 4] = [Standing::Unknown, Standing::Registered, Standing::Owned, Standing::Deleted];

async fn address(app: &TestApp, standing: Standing) -> String {
    match standing {
        Standing::Unknown => email(app),
        Standing::Registered => {
            let address = email(app);
            test_support::people::register(app, &address).await.expect(202);
            address
        }
        Standing::Owned => test_support::people::user(app).await.0,
        Standing::Deleted => {
            let address = test_support::people::user(app).await.0;
            let tokens = test_support::people::login(app, &address, PASSWORD).await.expect(200).body;
            let token = tokens["access_token"].as_str().unwrap();
            app.call(Request::to(&delete_account::FUNCTION).bearer(token)).await.expect(200);
            address
        }
    }
}

async fn ask(app: &TestApp, address: &str, own: &Value, asked: Asked) -> Option<Response> {
    // A new network for each request, so that limits do not differ between addresses.
    app.move_address();
    let made_up = json!({ "token": "bWFkZQ.dXA", "password": PASSWORD });
    let (route, body) = match asked {
        Asked::Register => (&register::FUNCTION, json!({ "email": address })),
        Asked::Resend => (&resend_verification::FUNCTION, json!({ "email": address })),
        Asked::RequestReset => (&request_password_reset::FUNCTION, json!({ "email": address })),
        Asked::LogIn => (&login::FUNCTION, json!({ "email": address, "password": "not the right password" })),
        Asked::Verify => {
            (&verify_email::FUNCTION, json!({ "token": "bWFkZQ.dXA", "name": "Eve", "password": PASSWORD }))
        }
        Asked::Reset => (&reset_password::FUNCTION, made_up),
        Asked::WantAddress => {
            let request = Request::to(&change_email::FUNCTION).bearer(own["access_token"].as_str().unwrap());
            return Some(app.call(request.json(json!({ "email": address }))).await);
        }
        Asked::Wait => return None,
    };
    Some(app.call(Request::to(route).json(body)).await)
}

/// Everything in an answer except what is unique to each request.
fn face(answer: &Response) -> (u16, Value, BTreeMap<String, String>) {
    let mut body = answer.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("instance");
    }
    let headers = answer.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let headers = headers.map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()));
    (answer.status, body, headers.collect())
}

pub async fn compare(app: &TestApp, requests: &[Asked]) -> Result<(), String> {
    let mut cases = Vec::new();
    for standing in STANDINGS {
        cases.push((standing, address(app, standing).await));
    }
    // What the owners did no longer counts in any budget.
    app.advance(SignedDuration::from_hours(2));
    let mut strangers = Vec::new();
    for _ in STANDINGS {
        strangers.push(signed_in(app).await);
    }
    for (at, asked) in requests.iter().copied().enumerate() {
        if matches!(asked, Asked::Wait) {
            app.advance(SignedDuration::from_mins(4));
            continue;
        }
        app.advance(SignedDuration::from_secs(1));
        let mut faces = Vec::new();
        for ((standing, address), own) in cases.iter().zip(&strangers) {
            let before = letters_to(app, address).await.len();
            let Some(answer) = ask(app, address, own, asked).await else { continue };
            let letters = letters_to(app, address).await.len() - before;
            faces.push((*standing, face(&answer), letters));
        }
        for pair in faces.windows(2) {
            let [(left, one, one_letters), (right, other, other_letters)] = pair else { continue };
            if (one, one_letters) != (other, other_letters) {
                return Err(format!(
                    "{at}, {asked:?}: {left:?} and {right:?} differ:\n{one:?}, {one_letters} letters\n{other:?}, \
                     {other_letters} letters"
                ));
            }
        }
    }
    Ok(())
}
