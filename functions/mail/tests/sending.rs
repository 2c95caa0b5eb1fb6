//! The job `send-email`, from a message on its queue to a mail at SES.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use mail::jobs::send_email;
use mail::{Letter, SendEmail};
use serde_json::Value;
use shared::aws::wire::Fault;
use shared::crypto::link::LinkClaims;
use shared::kernel::time::{SignedDuration, after};
use shared::outbox::{Envelope, Message};
use shared::testing::{Posted, TestApp};

fn message(app: &TestApp, letter: Letter) -> (String, Posted) {
    let id = format!("{:032x}", u128::from_le_bytes(app.entropy().bytes()));
    let to = format!("ada.{id}@example.com");
    let payload = serde_json::to_value(SendEmail { to: to.parse().unwrap(), letter }).unwrap();
    let name = SendEmail::NAME.to_owned();
    let envelope = Envelope {
        id,
        name,
        payload,
        not_before: None,
        posted_at: app.now(),
        cause: "test".to_owned(),
        traceparent: None,
    };
    (to, Posted { partition: format!("U#user_{:032x}", 1), envelope })
}

fn verify_email(app: &TestApp) -> Letter {
    let (user, binding) = (app.new_id(), "digest".to_owned());
    let expires_at = after(app.now(), SignedDuration::from_hours(24));
    Letter::VerifyEmail { link: LinkClaims { purpose: "verify-email".to_owned(), user, binding, expires_at } }
}

async fn mails_to(address: &str) -> Vec<Value> {
    let url = format!("{}/_ministack/ses/messages", std::env::var("AWS_ENDPOINT_URL").unwrap());
    let kept: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    let mails = kept["messages"].as_object().unwrap().values().flat_map(|mails| mails.as_array().unwrap().clone());
    mails.filter(|mail| mail["To"][0] == address).collect()
}

#[tokio::test]
async fn a_message_is_one_mail_however_often_it_comes() {
    let app = TestApp::new();
    let (address, message) = message(&app, verify_email(&app));
    for _ in 0..2 {
        app.deliver(&send_email::FUNCTION, std::slice::from_ref(&message)).await.unwrap();
    }
    app.forget_warm();
    app.deliver(&send_email::FUNCTION, std::slice::from_ref(&message)).await.unwrap();

    let mails = mails_to(&address).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(
        (&mails[0]["Source"], &mails[0]["Subject"]),
        (&"Bulkhead <no-reply@example.com>".into(), &"Confirm your email address".into())
    );
    let link = "https://app.example.com/verify-email#token=";
    assert!(
        mails[0]["BodyText"].as_str().unwrap().contains(link) && mails[0]["BodyHtml"].as_str().unwrap().contains(link)
    );
    assert!(!message.envelope.payload.to_string().contains("token"), "the queue carries a secret");
    assert_eq!(app.wire(&send_email::FUNCTION).refused(), Vec::<String>::new());
}

#[tokio::test]
async fn a_lost_answer_of_ses_is_a_second_mail_and_no_failure() {
    let app = TestApp::new();
    let (address, message) = message(&app, Letter::AlreadyRegistered);
    // The first call is the record of the run.
    app.wire(&send_email::FUNCTION).arm(Fault::LoseAnswer(2));
    app.deliver(&send_email::FUNCTION, &[message]).await.unwrap();
    assert_eq!(mails_to(&address).await.len(), 2, "mail is at least once");
}

#[tokio::test]
async fn a_mail_that_ses_rejects_is_given_up() {
    let mut app = TestApp::new();
    app.configure(|config| config.mail_from = "nobody@unverified.example".to_owned());
    let (address, message) = message(&app, Letter::AlreadyRegistered);
    app.deliver(&send_email::FUNCTION, std::slice::from_ref(&message)).await.expect("it does not come back");
    // Given up is for good: it is not sent when the sender becomes known.
    app.configure(|config| config.mail_from = "no-reply@example.com".to_owned());
    app.deliver(&send_email::FUNCTION, &[message]).await.unwrap();
    assert!(mails_to(&address).await.is_empty());
}

#[tokio::test]
async fn a_link_that_expired_on_the_way_is_not_mailed() {
    let app = TestApp::new();
    let (address, message) = message(&app, verify_email(&app));
    app.advance(SignedDuration::from_hours(24));
    app.deliver(&send_email::FUNCTION, &[message]).await.expect("it does not come back");
    assert!(mails_to(&address).await.is_empty());
}

#[tokio::test]
async fn a_message_of_another_shape_does_not_stop_the_batch() {
    let app = TestApp::new();
    let (address, whole) = message(&app, Letter::AlreadyRegistered);
    let (_, mut broken) = message(&app, Letter::AlreadyRegistered);
    broken.envelope.payload["letter"]["kind"] = "no_such_letter".into();
    app.deliver(&send_email::FUNCTION, &[broken, whole]).await.expect("a person is told; it does not come back");
    assert_eq!(mails_to(&address).await.len(), 1);
}
