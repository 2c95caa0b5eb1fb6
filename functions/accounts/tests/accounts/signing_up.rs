//! From a registration to a verified account, without revealing anything to strangers.

use accounts::address::Address;
use accounts::letters;
use accounts::routes::{register, request_password_reset, resend_verification};
use accounts::user::PasswordRecord;
use mail::SendEmail;
use serde_json::json;
use shared::function::Function;
use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, Response, TestApp};
use test_support::people::*;

#[tokio::test]
async fn a_verified_registration_creates_an_account() {
    let app = TestApp::new();
    let email = email(&app);
    let answer = register(&app, &format!(" {}", email.to_uppercase())).await.expect(202);
    assert_eq!(answer.text, "");
    let user = registered(&app, &email).await;
    assert_eq!(login(&app, &email, PASSWORD).await.expect(401).code(), "wrong_credentials");

    let token = mailed_token(&app, &email, user, "verify-email").await;
    let verified = verify_email(&app, &token, PASSWORD).await.expect(200);
    assert_eq!(verified.body, json!({ "email": email }));
    // The same request is a retry after a lost response; with another password, it is refused.
    verify_email(&app, &token, PASSWORD).await.expect(200);
    assert_eq!(verify_email(&app, &token, "9 grey crows under a lamp").await.expect(422).code(), "link_invalid");

    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    let me = get_me(&app, &tokens["access_token"]).await.expect(200).body;
    assert_eq!((&me["email"], &me["name"]), (&json!(email), &json!("Ada Lovelace")));
    assert_eq!((&me["id"], &me["recovery_ready_at"]), (&json!(user.to_string()), &json!(null)));
}

/// A stranger who registers the address again at that moment changes its record, on which the commit depends.
#[tokio::test]
async fn a_link_opened_while_the_address_is_registered_again_creates_the_account() {
    let app = TestApp::new();
    let email = email(&app);
    let token = registration_token(&app, &email).await;
    let body = json!({ "token": token, "name": "Ada Lovelace", "password": PASSWORD });
    let opening = Request::to(&accounts::routes::verify_email::FUNCTION).json(body);
    let (opened, reached) = app.call_while(opening, async { drop(register(&app, &email).await.expect(202)) }).await;
    assert_eq!(reached, Some(()));
    opened.expect(200);
    login(&app, &email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn registering_an_address_with_an_account_gets_the_same_response() {
    let app = TestApp::new();
    let (known, user) = user(&app).await;
    let unknown = email(&app);
    let ledger = app.wire(&register::FUNCTION);

    ledger.take();
    let to_known = register(&app, &known).await;
    let calls_for_known = ledger.take();
    let to_unknown = register(&app, &unknown).await;
    assert_eq!((to_known.status, &to_known.text), (to_unknown.status, &to_unknown.text));
    assert_eq!(calls_for_known, ledger.take(), "the AWS calls reveal whether an account exists");

    assert_eq!(last_subject(&app, user).await, letters::ALREADY_REGISTERED);
    login(&app, &known, PASSWORD).await.expect(200);
}

/// An attacker who registers a victim's address gains nothing, before and after its owner registers.
#[tokio::test]
async fn registering_a_victims_address_gives_no_access_to_their_account() {
    let app = TestApp::new();
    let email = email(&app);
    register(&app, &email).await.expect(202);
    let stranger = login(&app, &email, "the attacker's own password").await.expect(401);
    let token = registration_token(&app, &email).await;
    verify_email(&app, &token, PASSWORD).await.expect(200);

    let after = login(&app, &email, "the attacker's own password").await.expect(401);
    assert_eq!((stranger.code(), &stranger.body["detail"]), (after.code(), &after.body["detail"]));
    register(&app, &email).await.expect(202);
    let late = verify_email(&app, &token, "the attacker's own password").await.expect(422);
    assert_eq!((late.code(), late.fields()), ("link_invalid", vec!["token"]));
    login(&app, &email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn two_parallel_uses_of_a_link_set_one_password() {
    let app = TestApp::new();
    let email = email(&app);
    let token = registration_token(&app, &email).await;
    let other = "9 grey crows under a lamp";
    let (one, two) = futures::join!(verify_email(&app, &token, PASSWORD), verify_email(&app, &token, other));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422], "{} {}", one.text, two.text);
    let right = if one.status == 200 { PASSWORD } else { other };
    login(&app, &email, right).await.expect(200);
}

#[tokio::test]
async fn a_wrong_password_gets_the_same_response_as_an_unknown_address() {
    let app = TestApp::new();
    let (known, _) = user(&app).await;
    let (waits, unknown) = (email(&app), email(&app));
    register(&app, &waits).await.expect(202);
    let ledger = app.wire(&sign_in::routes::login::FUNCTION);
    login(&app, &unknown, PASSWORD).await.expect(401);
    let mut responses = Vec::new();
    for email in [&known, &waits, &unknown] {
        ledger.take();
        let refused = login(&app, email, "not the right password").await.expect(401);
        responses.push((refused.code().to_owned(), refused.body["detail"].clone(), ledger.take()));
    }
    assert_eq!((&responses[0], &responses[1]), (&responses[1], &responses[2]));
}

#[tokio::test]
async fn resending_a_verification_has_equal_effects_for_every_address() {
    let app = TestApp::new();
    let (known, user) = user(&app).await;
    let (waits, unknown) = (email(&app), email(&app));
    register(&app, &waits).await.expect(202);
    // The first request fetches the key that letters are sealed with.
    post(&app, &resend_verification::FUNCTION, json!({ "email": email(&app) })).await.expect(202);
    app.wire(&resend_verification::FUNCTION).take();
    let mut responses = Vec::new();
    for email in [&waits, &known, &unknown] {
        let answer = post(&app, &resend_verification::FUNCTION, json!({ "email": email })).await.expect(202);
        responses.push((answer.text, app.wire(&resend_verification::FUNCTION).take()));
    }
    assert_eq!((&responses[0], &responses[1]), (&responses[1], &responses[2]));
    let newcomer = registered(&app, &waits).await;
    assert_eq!(letters(&app, newcomer).await.len(), 2);
    assert_eq!(last_subject(&app, user).await, letters::ALREADY_REGISTERED);
    let told = letters_to(&app, &unknown).await;
    assert_eq!(told.iter().map(|sent| sent.letter.subject()).collect::<Vec<_>>(), [letters::NO_ACCOUNT]);
}

/// Sends one of the kinds of unauthenticated requests for an address.
async fn ask(app: &TestApp, email: &str, kind: usize) -> Response {
    let routes: [&'static Function; 3] =
        [&register::FUNCTION, &resend_verification::FUNCTION, &request_password_reset::FUNCTION];
    post(app, routes[kind], json!({ "email": email })).await
}

/// The longest address that there can be.
fn longest_email(app: &TestApp) -> String {
    let id = format!("{:032x}", u128::from_le_bytes(app.entropy().bytes()));
    format!("{id}{0}@{1}.{1}.{1}.com", "a".repeat(32), "b".repeat(61))
}

#[tokio::test]
async fn a_requested_letter_is_stored_with_as_much_for_every_address() {
    let app = TestApp::new();
    let [unknown, waits, owned, deleted] = std::array::from_fn(|_| longest_email(&app));
    register(&app, &waits).await.expect(202);
    for email in [&owned, &deleted] {
        let mut address = Address::new(email.parse().unwrap());
        address.claim(app.new_id()).unwrap();
        if email == &deleted {
            address.account_was_deleted(app.now());
        }
        app.accounts().commit(AccountChanges::default().insert(&address)).await.unwrap();
    }
    let mut sizes = Vec::new();
    for kind in [1, 2, 0] {
        for email in [&unknown, &waits, &owned, &deleted] {
            app.empty_outbox().await.unwrap();
            ask(&app, email, kind).await.expect(202);
            let posted = app.whole_outbox::<SendEmail>().await.unwrap();
            assert_eq!(letters_to(&app, email).await.len(), 1);
            let row = posted[0].envelope.payload.to_string();
            assert!(!row.contains(email.as_str()) && !row.contains("@"), "{row}");
            sizes.push(row.len());
        }
    }
    assert!(sizes.iter().all(|size| *size == sizes[0]), "{sizes:?}");
}

#[tokio::test]
async fn each_kind_of_request_has_its_own_letter_budget() {
    let app = TestApp::new();
    let began = app.now();
    let (known, _) = user(&app).await;
    let unknown = email(&app);
    for email in [&known, &unknown] {
        let before = letters_to(&app, email).await.len();
        for _ in 0..7 {
            ask(&app, email, 0).await.expect(202);
        }
        let sent = letters_to(&app, email).await.len() - before;
        assert!(sent == 5 || (sent == 4 && before > 0), "{sent} letters of registrations, {before} before");
        for kind in [1, 2] {
            let before = letters_to(&app, email).await.len();
            ask(&app, email, kind).await.expect(202);
            assert_eq!(letters_to(&app, email).await.len(), before + 1, "a letter of kind {kind} was not sent");
        }
    }
    let withheld = app.events_since(began).await.unwrap();
    let withheld = withheld.iter().filter(|event| event.name == "letter_withheld");
    let digests: Vec<_> = withheld.map(|event| (event.subject.clone(), event.detail["request"].clone())).collect();
    for email in [&known, &unknown] {
        let told = (AccountKey::email_digest(email), json!("registration"));
        assert!(digests.contains(&told), "operators got no event: {digests:?}");
    }
}

/// Parallel requests for one address get the usual response.
#[tokio::test]
async fn parallel_requests_get_the_same_response_for_every_address() {
    let app = TestApp::new();
    let (known, _) = user(&app).await;
    let unknown = email(&app);
    for kind in 0..3 {
        for email in [&known, &unknown] {
            let requests = (0..64).map(|_| ask(&app, email, kind));
            for answer in futures::future::join_all(requests).await {
                assert_eq!((answer.status, answer.text.as_str()), (202, ""));
            }
        }
    }
}

#[tokio::test]
async fn parallel_wrong_passwords_get_the_same_response_for_every_address() {
    let app = TestApp::new();
    let (known, _) = user(&app).await;
    let unknown = email(&app);
    for email in [&known, &unknown] {
        let attempts = (0..64).map(|_| login(&app, email, "not the right password"));
        for answer in futures::future::join_all(attempts).await {
            assert_eq!((answer.status, answer.code()), (401, "wrong_credentials"), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_forged_or_day_old_verification_link_is_refused() {
    let app = TestApp::new();
    let email = email(&app);
    let token = registration_token(&app, &email).await;
    for forged in [format!("{token}A"), token.replace('.', ""), String::new(), "x".repeat(5000)] {
        assert_eq!(verify_email(&app, &forged, PASSWORD).await.expect(422).code(), "link_invalid");
    }
    app.advance(SignedDuration::from_hours(24));
    assert_eq!(verify_email(&app, &token, PASSWORD).await.expect(422).code(), "link_invalid");
    login(&app, &email, PASSWORD).await.expect(401);
}

#[tokio::test]
async fn an_undeliverable_address_is_refused() {
    let app = TestApp::new();
    for domain in ["accounts.invalid", "host.localhost", "printer.local", "site.onion"] {
        for kind in 0..3 {
            let refused = ask(&app, &format!("ada@{domain}"), kind).await.expect(422);
            assert_eq!(refused.fields(), ["email"], "{}", refused.text);
        }
    }
}

#[tokio::test]
async fn an_invalid_field_is_named_and_does_not_use_up_the_link() {
    let app = TestApp::new();
    let email = email(&app);
    for (value, rule) in [(json!("mike@localhost"), "must end in the name of a domain"), (json!(7), "must be")] {
        let refused = post(&app, &register::FUNCTION, json!({ "email": value })).await.expect(422);
        assert_eq!(refused.fields(), ["email"], "{}", refused.text);
        assert!(refused.text.contains(rule), "{}", refused.text);
    }
    assert!(address(&app, &email).await.is_none(), "an address was stored");
    let token = registration_token(&app, &email).await;
    let whole = json!({ "token": token, "password": PASSWORD, "name": "Ada" });
    for (field, value, rule) in [
        ("password", json!("k7#mQ2vx"), "must have 15 to 128 characters"),
        ("password", json!("x".repeat(1025)), "must have at most 1024 bytes"),
        ("password", json!(format!("1 {}", email.split('@').next().unwrap())), "must not consist mainly of your e"),
        ("password", json!("123123123123123123"), "must not repeat"),
        ("name", json!("see https://example.com"), "must not contain any of"),
        ("name", json!(""), "must have 1 to 80 characters"),
    ] {
        let mut body = whole.clone();
        body[field] = value;
        let refused = post(&app, &accounts::routes::verify_email::FUNCTION, body).await.expect(422);
        assert_eq!(refused.fields(), [field], "{}", refused.text);
        assert!(refused.text.contains(rule), "{}", refused.text);
    }
    verify_email(&app, &token, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_sixth_attempt_from_one_ip_address_is_refused() {
    let app = TestApp::new();
    app.move_address();
    let attempt = || {
        let body = json!({ "email": "unknown@example.com", "password": PASSWORD });
        app.call(shared::testing::Request::to(&sign_in::routes::login::FUNCTION).json(body))
    };
    for _ in 0..5 {
        attempt().await.expect(401);
    }
    let refused = attempt().await.expect(429);
    assert_eq!(refused.header("retry-after"), "300");
    app.advance(SignedDuration::from_secs(300));
    attempt().await.expect(401);
}

#[tokio::test]
async fn a_damaged_hash_refuses_sign_ins_and_is_reported_once() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let (accounts, began) = (app.accounts(), app.now());
    let key = AccountKey::User(user);
    let mut password = accounts.find::<PasswordRecord>(&key).await.unwrap().unwrap();
    password.hash = serde_json::from_value(json!({ "phc": "$argon2id$v=19$m=8,t=1", "pepper": 1 })).unwrap();
    accounts.commit(AccountChanges::default().replace(&password)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(login(&app, &email, PASSWORD).await.expect(401).code(), "wrong_credentials");
    }
    let digest = AccountKey::email_digest(&email);
    let told = app.events_since(began).await.unwrap();
    let told: Vec<_> = told.iter().filter(|event| event.subject == digest).collect();
    let count = |name: &str| told.iter().filter(|event| event.name == name).count();
    assert_eq!((count("password_hash_damaged"), count("sign_in_failed")), (1, 2), "reported once an hour");
}

#[tokio::test]
async fn the_decoy_account_never_signs_in() {
    let app = TestApp::new();
    login(&app, "ada@example.com", PASSWORD).await.expect(401);
    // The decoy now exists, but no route treats it as an account.
    for _ in 0..2 {
        login(&app, "decoy@accounts.invalid", PASSWORD).await.expect(401);
        login(&app, "ada@example.com", PASSWORD).await.expect(401);
    }
    register(&app, "decoy@accounts.invalid").await.expect(422);
    login(&app, "decoy@accounts.invalid", PASSWORD).await.expect(401);
    assert!(letters_to(&app, "decoy@accounts.invalid").await.is_empty());
}
