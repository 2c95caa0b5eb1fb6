//! The job `send-email`, from a message on its queue to a mail at SES.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use mail::jobs::send_email;
use mail::{EmailAddress, Letter, Page, SendEmail};
use serde::{Deserialize, Serialize};
use shared::aws::wire::Fault;
use shared::crypto::link::LinkClaims;
use shared::identity::{AccountChanges, AccountKey, AccountRecord};
use shared::kernel::ids::UserId;
use shared::kernel::time::{SignedDuration, after};
use shared::outbox::{Envelope, Message};
use shared::testing::{Posted, TestApp};

/// A user's record, as far as mail knows it, and with more than that.
#[derive(Serialize, Deserialize)]
struct User {
    id: UserId,
    email: EmailAddress,
    name: String,
    deleted_at: Option<String>,
}

impl AccountRecord for User {
    const KIND: &'static str = "USER";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.id)
    }
}

fn address(app: &TestApp) -> EmailAddress {
    format!("ada.{:032x}@example.com", u128::from_le_bytes(app.entropy().bytes())).parse().unwrap()
}

async fn user(app: &TestApp) -> User {
    let user = User { id: app.new_id(), email: address(app), name: "Ada".to_owned(), deleted_at: None };
    app.accounts().commit(AccountChanges::default().insert(&user)).await.unwrap();
    user
}

/// A message in a user's outbox.
fn posted(app: &TestApp, user: UserId, message: &SendEmail) -> Posted {
    let envelope = Envelope {
        id: format!("{:032x}", u128::from_le_bytes(app.entropy().bytes())),
        name: SendEmail::NAME.to_owned(),
        payload: serde_json::to_value(message).unwrap(),
        not_before: None,
        posted_at: app.now(),
        cause: "test".to_owned(),
        traceparent: None,
    };
    Posted { partition: format!("U#{user}"), envelope }
}

fn notice() -> Letter {
    Letter::about("Your password was changed").greets().says("The password of your account was changed.")
}

/// A letter whose link works for a day.
fn linked(app: &TestApp) -> Letter {
    let (user, binding) = (app.new_id(), "digest".to_owned());
    let expires_at = after(app.now(), SignedDuration::from_hours(24));
    let link = LinkClaims { purpose: "verify-email".to_owned(), user, binding, expires_at };
    let letter = Letter::about("Confirm your email address").says("Confirm that the address is yours.");
    letter.offers_link("Confirm", Page::named("verify-email"), link)
}

/// A letter to an address without an account.
async fn to_an_address(app: &TestApp, letter: Letter) -> (EmailAddress, Posted) {
    let (outbox, email) = (app.new_id(), address(app));
    let message = SendEmail::to_address(&app.accounts(), outbox, &email, None, letter, &[]).await.unwrap();
    (email, posted(app, outbox, &message))
}

async fn deliver(app: &TestApp, message: &Posted) {
    app.deliver(&send_email::FUNCTION, std::slice::from_ref(message)).await.unwrap();
}

#[tokio::test]
async fn a_message_is_one_mail_however_often_it_comes() {
    let app = TestApp::new();
    let (address, message) = to_an_address(&app, linked(&app)).await;
    for _ in 0..2 {
        deliver(&app, &message).await;
    }
    app.forget_warm();
    deliver(&app, &message).await;

    let mails = app.cloud().mails_to(address.as_str());
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(
        (mails[0].from.as_str(), mails[0].subject.as_str()),
        ("Bulkhead <no-reply@example.com>", "Confirm your email address")
    );
    let link = "https://app.example.com/verify-email#token=";
    assert!(mails[0].text.contains(link) && mails[0].html.contains(link));
}

#[tokio::test]
async fn a_letter_to_an_address_cannot_be_read_on_its_way() {
    let app = TestApp::new();
    let (address, message) = to_an_address(&app, linked(&app)).await;
    let row = serde_json::to_string(&message.envelope).unwrap();
    for readable in [address.as_str(), address.local_part(), "example.com", "Confirm", "verify-email", "token"] {
        assert!(!row.contains(readable), "{readable} can be read: {row}");
    }
    let (_, short) = to_an_address(&app, Letter::about("No account")).await;
    assert_eq!(serde_json::to_string(&short.envelope).unwrap().len(), row.len(), "its size tells which it is");
}

#[tokio::test]
async fn a_sealed_letter_in_another_outbox_is_not_sent() {
    let app = TestApp::new();
    let (address, mut message) = to_an_address(&app, notice()).await;
    let another: UserId = app.new_id();
    message.partition = format!("U#{another}");
    app.deliver(&send_email::FUNCTION, &[message]).await.expect_err("it opened");
    assert!(app.cloud().mails_to(address.as_str()).is_empty());
}

#[tokio::test]
async fn a_letter_to_a_user_goes_to_the_address_and_name_that_they_have_when_it_is_sent() {
    let app = TestApp::new();
    let ada = user(&app).await;
    let message = posted(&app, ada.id, &SendEmail::to_user(ada.id, notice()));
    let row = serde_json::to_string(&message.envelope).unwrap();
    assert!(!row.contains(ada.email.as_str()) && !row.contains("Ada"), "{row}");
    let moved = User { email: address(&app), name: "Ada King".to_owned(), ..ada };
    app.accounts().commit(AccountChanges::default().overwrite(&moved)).await.unwrap();
    deliver(&app, &message).await;
    assert!(app.cloud().mails_to(ada.email.as_str()).is_empty());
    let mails = app.cloud().mails_to(moved.email.as_str());
    assert!(mails[0].text.contains("Hello Ada King,"), "{mails:?}");
}

#[tokio::test]
async fn a_letter_to_the_address_before_a_change_still_goes_there() {
    let app = TestApp::new();
    let ada = user(&app).await;
    let message =
        SendEmail::to_address(&app.accounts(), ada.id, &ada.email, Some(&ada.name), notice(), &[]).await.unwrap();
    let message = posted(&app, ada.id, &message);
    let moved = User { email: address(&app), ..ada };
    app.accounts().commit(AccountChanges::default().overwrite(&moved)).await.unwrap();
    deliver(&app, &message).await;
    let mails = app.cloud().mails_to(ada.email.as_str());
    assert!(mails[0].text.contains("Hello Ada,"), "{mails:?}");
    assert!(app.cloud().mails_to(moved.email.as_str()).is_empty());
}

#[tokio::test]
async fn a_user_in_the_trash_is_written_to_and_an_erased_one_is_not() {
    let app = TestApp::new();
    let ada = user(&app).await;
    let trashed = User { deleted_at: Some(app.now().to_string()), ..ada };
    app.accounts().commit(AccountChanges::default().overwrite(&trashed)).await.unwrap();
    let message = SendEmail::to_user(ada.id, notice());
    deliver(&app, &posted(&app, ada.id, &message)).await;
    assert_eq!(app.cloud().mails_to(trashed.email.as_str()).len(), 1);

    let erased = AccountChanges::default().forget::<User>(&AccountKey::User(ada.id), &"");
    app.accounts().commit(erased).await.unwrap();
    deliver(&app, &posted(&app, ada.id, &message)).await;
    assert_eq!(app.cloud().mails_to(trashed.email.as_str()).len(), 1);
}

#[tokio::test]
async fn a_link_leads_to_the_path_that_the_deployment_gave_its_page() {
    let mut app = TestApp::new();
    app.configure(|config| {
        let paths = [("verify-email", "/welcome/confirm"), ("support", "/help")];
        config.app_paths = paths.map(|(page, path)| (page.to_owned(), path.to_owned())).into();
    });
    let (address, message) = to_an_address(&app, linked(&app)).await;
    deliver(&app, &message).await;
    let mail = app.cloud().mails_to(address.as_str())[0].text.to_owned();
    assert!(mail.contains("https://app.example.com/welcome/confirm#token="), "{mail}");
    assert!(mail.contains("Help: https://app.example.com/help"), "{mail}");
}

#[tokio::test]
async fn a_lost_answer_of_ses_is_a_second_mail_and_no_failure() {
    let app = TestApp::new();
    let ada = user(&app).await;
    // The calls before are the record of the run and the user's.
    app.wire(&send_email::FUNCTION).arm(Fault::LoseAnswer(3));
    deliver(&app, &posted(&app, ada.id, &SendEmail::to_user(ada.id, notice()))).await;
    assert_eq!(app.cloud().mails_to(ada.email.as_str()).len(), 2, "mail is at least once");
}

#[tokio::test]
async fn a_mail_that_ses_rejects_is_given_up() {
    let mut app = TestApp::new();
    app.configure(|config| config.mail_from = "no-reply@unverified.example".to_owned());
    let ada = user(&app).await;
    let message = posted(&app, ada.id, &SendEmail::to_user(ada.id, notice()));
    deliver(&app, &message).await;
    // Given up is for good: it is not sent when the sender becomes known.
    app.configure(|config| config.mail_from = "no-reply@example.com".to_owned());
    deliver(&app, &message).await;
    assert!(app.cloud().mails_to(ada.email.as_str()).is_empty());
}

#[tokio::test]
async fn a_link_that_expired_on_the_way_is_not_mailed() {
    let app = TestApp::new();
    let (address, message) = to_an_address(&app, linked(&app)).await;
    app.advance(SignedDuration::from_hours(24));
    deliver(&app, &message).await;
    assert!(app.cloud().mails_to(address.as_str()).is_empty());
}

#[tokio::test]
async fn a_message_of_another_shape_does_not_stop_the_batch() {
    let app = TestApp::new();
    let (address, whole) = to_an_address(&app, notice()).await;
    let (_, mut broken) = to_an_address(&app, notice()).await;
    broken.envelope.payload = serde_json::json!({ "to_unknown": {} });
    app.deliver(&send_email::FUNCTION, &[broken, whole]).await.expect("it does not come back");
    assert_eq!(app.cloud().mails_to(address.as_str()).len(), 1);
}
