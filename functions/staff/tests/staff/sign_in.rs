//! Sign-in of the staff by passkey alone, and the end of their sessions.

use serde_json::{Value, json};
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, TestApp};
use staff::routes::{get_own_staff_member, sign_out_staff};
use test_support::authenticator::USER_PRESENT;
use test_support::passkey_owner::{self, Caller};
use test_support::people::get_me;
use test_support::staff_member::{authenticator, call, enrolled, post_as, sign_in, sign_in_as, signed_in, start};

async fn own(app: &TestApp, token: &str) -> u16 {
    call(app, token, Request::to(&get_own_staff_member::FUNCTION)).await.status
}

fn access_token(signed_in: &Value) -> String {
    signed_in["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_ends_after_an_hour_whatever_is_done_in_it() {
    let app = TestApp::new();
    let mut member = enrolled(&app, &["admin"]).await;
    let token = access_token(&sign_in(&app, &mut member.authenticator).await.expect(200).body);
    for _ in 0..5 {
        app.advance(SignedDuration::from_mins(11));
        assert_eq!(own(&app, &token).await, 200);
    }
    app.advance(SignedDuration::from_mins(6));
    assert_eq!(own(&app, &token).await, 401);
    assert_eq!(own(&app, &access_token(&sign_in(&app, &mut member.authenticator).await.expect(200).body)).await, 200);
}

#[tokio::test]
async fn signing_out_ends_that_session_alone() {
    let app = TestApp::new();
    let mut member = enrolled(&app, &["billing"]).await;
    let one = access_token(&sign_in(&app, &mut member.authenticator).await.expect(200).body);
    let other = access_token(&sign_in(&app, &mut member.authenticator).await.expect(200).body);
    post_as(&app, &one, &sign_out_staff::FUNCTION, json!({})).await.expect(204);
    assert_eq!((own(&app, &one).await, own(&app, &other).await), (401, 200));
}

#[tokio::test]
async fn a_passkey_of_a_user_signs_in_no_staff_and_one_of_the_staff_no_user() {
    let app = TestApp::new();
    let user = Caller::new(&app).await;
    let mut of_user = test_support::authenticator::Authenticator::es256();
    user.add(&mut of_user).await;
    let started = start(&app).await;
    assert_eq!(
        sign_in_as(&app, &started, of_user.get(&started["options"])).await.expect(401).code(),
        "passkey_refused"
    );
    // Nor on the console's own page.
    of_user.origin = "https://staff.example.com".to_owned();
    let started = start(&app).await;
    assert_eq!(
        sign_in_as(&app, &started, of_user.get(&started["options"])).await.expect(401).code(),
        "passkey_refused"
    );
    let mut member = enrolled(&app, &["admin"]).await;
    for origin in ["https://staff.example.com", "https://app.example.com"] {
        member.authenticator.origin = origin.to_owned();
        let answer = passkey_owner::sign_in(&app, &mut member.authenticator).await.expect(401);
        assert_eq!(answer.code(), "passkey_refused");
    }
}

#[tokio::test]
async fn a_session_of_the_staff_is_401_on_the_product_and_one_of_a_user_404_on_the_staffs_api() {
    let app = TestApp::new();
    let token = signed_in(&app, &["admin"]).await;
    get_me(&app, &json!(token)).await.expect(401);
    let user = Caller::new(&app).await;
    assert_eq!(own(&app, &user.token).await, 404);
}

#[tokio::test]
async fn every_refused_sign_in_gets_the_same_answer_and_is_recorded() {
    let app = TestApp::new();
    let mut member = enrolled(&app, &["admin"]).await;
    let mut stranger = authenticator();
    stranger.user_handle = vec![7; 16];
    let mut other = authenticator();
    other.user_handle.clone_from(&member.authenticator.user_handle);
    let mut answers = Vec::new();
    for refused in [&mut stranger, &mut other] {
        answers.push(sign_in(&app, refused).await.expect(401));
    }
    member.authenticator.flags = USER_PRESENT;
    answers.push(sign_in(&app, &mut member.authenticator).await.expect(401));
    member.authenticator.flags = test_support::authenticator::USER_VERIFIED | USER_PRESENT;
    member.authenticator.origin = "https://app.example.com".to_owned();
    answers.push(sign_in(&app, &mut member.authenticator).await.expect(401));
    let details: Vec<_> = answers.iter().map(|answer| (answer.code(), &answer.body["detail"])).collect();
    assert!(details.windows(2).all(|pair| pair[0] == pair[1]), "{details:?}");
    let events = app.events_since(app.now() - SignedDuration::from_mins(1)).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.name == "staff_sign_in_refused").count(), 4);
}

#[tokio::test]
async fn a_ceremony_allows_one_attempt_and_a_cloned_passkey_is_reported() {
    let app = TestApp::new();
    let mut member = enrolled(&app, &["admin"]).await;
    let started = start(&app).await;
    let credential = member.authenticator.get(&started["options"]);
    sign_in_as(&app, &started, credential.clone()).await.expect(200);
    assert_eq!(sign_in_as(&app, &started, credential).await.expect(422).code(), "ceremony_over");
    member.authenticator.counter = 5;
    sign_in(&app, &mut member.authenticator).await.expect(200);
    member.authenticator.counter = 5;
    sign_in(&app, &mut member.authenticator).await.expect(401);
    let events = app.events_since(app.now() - SignedDuration::from_mins(1)).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.name == "staff_passkey_counter_regressed").count(), 1);
}
