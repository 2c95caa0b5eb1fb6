//! Authentication by passkey: sign-in, step-up and refusals.

use passkeys::routes::{sign_in_with_passkey, start_passkey_registration, step_up_with_passkey};
use serde_json::{Value, json};
use shared::aws::wire::Fault;
use shared::crypto::digest::{base64url, from_base64url};
use shared::identity::AccountKey;
use shared::kernel::time::{SignedDuration, Timestamp};
use shared::testing::{Response, TestApp};
use sign_in::history::{SignIn, SignInOutcome};
use sign_in::letters::sign_in_method_added;

use crate::observed_response::{ObservedResponse, observe_step_up, refuse_step_up, refused};
use test_support::authenticator::{Authenticator, BACKED_UP, BACKUP_ELIGIBLE, USER_PRESENT};
use test_support::passkey_owner::{Caller, events, sign_in, sign_in_as, start, with};
use test_support::people::{PASSWORD, get_me, letters, login, refresh, user};

#[tokio::test]
async fn a_passkey_signs_in_without_another_factor() {
    let app = TestApp::new();
    for mut authenticator in [Authenticator::es256(), Authenticator::eddsa(), Authenticator::rs256()] {
        let caller = Caller::new(&app).await;
        authenticator.flags |= BACKUP_ELIGIBLE;
        let added = caller.add(&mut authenticator).await;
        assert_eq!(
            (&added["name"], &added["backed_up"], &added["last_used_at"]),
            (&"Laptop".into(), &false.into(), &Value::Null)
        );

        authenticator.flags |= BACKED_UP;
        let tokens = sign_in(&app, &mut authenticator).await.expect(200).body;
        assert_eq!(tokens["user_id"], caller.user.to_string());
        get_me(&app, &tokens["access_token"]).await.expect(200);
        refresh(&app, &tokens["refresh_token"]).await.expect(200);

        let listed = caller.list().await;
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &added["id"]));
        assert_eq!(listed[0]["backed_up"], true);
        assert!(listed[0]["last_used_at"].is_string(), "{listed}");
        let letters = letters(&app, caller.user).await;
        let added = sign_in_method_added(app.now(), "passkey “Laptop”");
        assert!(letters.iter().any(|sent| sent.letter.paragraphs().eq(added.paragraphs())), "{letters:?}");
    }
}

/// A fault of an authenticator.
type Change = fn(&mut Authenticator);
/// A change to the bytes of a response.
type Damage = fn(&[u8]) -> Vec<u8>;

/// An app whose clock starts at a whole second, so that no header differs because time passed.
fn app_at_a_whole_second() -> TestApp {
    TestApp::at(Timestamp::from_second(Timestamp::now().as_second()).unwrap())
}

#[tokio::test]
async fn every_refused_sign_in_gets_the_same_response() {
    let app = app_at_a_whole_second();
    let since = app.now();
    let caller = Caller::new(&app).await;
    let (mut own, mut never_added) = (Authenticator::es256(), Authenticator::es256());
    own.counter = 41;
    caller.add(&mut own).await;
    let stranger = Caller::new(&app).await;
    let mut strangers = Authenticator::rs256();
    stranger.add(&mut strangers).await;
    never_added.user_handle = own.user_handle.clone();

    let wrong_signature = |credential: &Value| with(credential, "signature", &[0x30, 6, 2, 1, 1, 2, 1, 1]);
    // The reference for the others: an unknown user.
    let expected = refused(&app, |options| with(&own.get(options), "userHandle", &[7; 16])).await;
    assert_eq!((expected.status, &expected.body["code"]), (401, &"passkey_refused".into()));
    assert_eq!(expected.body["detail"], "The passkey was not accepted. Use another passkey or another way to sign in.");
    let mut responses = vec![
        ("a known user, an unknown passkey", refused(&app, |options| never_added.get(options)).await),
        ("a wrong signature", refused(&app, |options| wrong_signature(&own.get(options))).await),
        ("an unknown user's wrong signature", {
            refused(&app, |options| wrong_signature(&with(&own.get(options), "userHandle", &[7; 16]))).await
        }),
    ];
    for handle in [&[7; 15][..], &[], &[7; 64], &[0; 16]] {
        responses
            .push(("another handle", refused(&app, |options| with(&own.get(options), "userHandle", handle)).await));
    }
    let handle = std::mem::replace(&mut strangers.user_handle, own.user_handle.clone());
    responses.push(("a stranger's passkey with the victim's user handle", refused(&app, |o| strangers.get(o)).await));
    let id = std::mem::replace(&mut strangers.id, own.id.clone());
    responses.push(("a stranger's key with the victim's credential id", refused(&app, |o| strangers.get(o)).await));
    (strangers.user_handle, strangers.id) = (handle, id);

    let changes: [(&str, Change); 6] = [
        ("another origin", |own| own.origin = "https://evil.example".to_owned()),
        ("another domain", |own| own.rp_id = Some("evil.example".to_owned())),
        ("an unverified user", |own| own.flags = USER_PRESENT),
        ("a backup that was not possible", |own| own.flags |= BACKUP_ELIGIBLE),
        ("a counter that does not increase", |own| own.counter = 40),
        ("another challenge", |_| ()),
    ];
    for (name, change) in changes {
        let (counter, flags) = (own.counter + 1, own.flags);
        change(&mut own);
        let response = refused(&app, |options| {
            let mut options = options.clone();
            if name == "another challenge" {
                options["challenge"] = base64url(&[7; 32]).into();
            }
            own.get(&options)
        });
        responses.push((name, response.await));
        (own.counter, own.flags, own.rp_id) = (counter, flags, None);
        own.origin = "https://app.example.com".to_owned();
    }
    let damages: [Damage; 3] = [|bytes| bytes[..bytes.len() - 1].to_vec(), |_| vec![], |_| vec![0xff; 200]];
    for member in ["clientDataJSON", "authenticatorData", "signature"] {
        for damage in damages {
            let response = refused(&app, |options| {
                let sound = own.get(options);
                let bytes = from_base64url(sound["response"][member].as_str().unwrap()).unwrap();
                with(&sound, member, &damage(&bytes))
            });
            responses.push((member, response.await));
        }
    }
    for (name, response) in responses {
        assert_eq!(response, expected, "{name}");
    }
    // Only a response with a known passkey is recorded in its user's history.
    let history = app.accounts().list::<SignIn>(&AccountKey::User(caller.user)).await.unwrap();
    let refusals = history.iter().filter(|entry| entry.outcome == SignInOutcome::PasskeyRefused).count();
    assert_eq!(refusals, 1 + 1 + 6 + 9, "wrong signature, stranger's key, changes, bytes");
    let raised = events(&app, since, caller.user).await;
    assert_eq!(raised.iter().filter(|name| *name == "passkey_counter_regressed").count(), 1, "{raised:?}");
    sign_in(&app, &mut own).await.expect(200);
}

#[tokio::test]
async fn a_malformed_sign_in_names_its_field_and_does_not_end_the_ceremony() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let mut own = Authenticator::es256();
    caller.add(&mut own).await;
    let started = start(&app).await;
    let sound = own.get(&started["options"]);
    for (member, value) in [("signature", json!("a".repeat(1367))), ("userHandle", Value::Null)] {
        let mut malformed = sound.clone();
        malformed["response"][member] = value;
        let refused = sign_in_as(&app, &started, malformed).await.expect(422);
        assert_eq!(refused.fields(), [format!("credential.response.{member}")]);
    }
    sign_in_as(&app, &started, sound.clone()).await.expect(200);
}

#[tokio::test]
async fn a_ceremony_ends_with_its_first_response_even_an_invalid_one() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let mut own = Authenticator::es256();
    caller.add(&mut own).await;
    let over = |answer: Response| {
        let answer = answer.expect(422);
        assert_eq!((answer.code(), answer.fields()), ("ceremony_over", vec!["ceremony"]));
    };
    let wrong = |credential: &Value| with(credential, "signature", &[0; 70]);

    let started = start(&app).await;
    let sound = own.get(&started["options"]);
    sign_in_as(&app, &started, sound.clone()).await.expect(200);
    over(sign_in_as(&app, &started, sound).await);
    for handle in [own.user_handle.clone(), vec![7; 16]] {
        let started = start(&app).await;
        let sound = own.get(&started["options"]);
        let refused = with(&wrong(&sound), "userHandle", &handle);
        assert_eq!(sign_in_as(&app, &started, refused).await.expect(401).code(), "passkey_refused");
        over(sign_in_as(&app, &started, sound).await);
    }
    let started = start(&app).await;
    let sound = own.get(&started["options"]);
    let step_up = |credential: Value| {
        caller
            .post(&step_up_with_passkey::FUNCTION, json!({ "ceremony": started["ceremony"], "credential": credential }))
    };
    assert_eq!(step_up(wrong(&sound)).await.expect(403).code(), "passkey_refused");
    over(step_up(sound).await);
    let started = caller.start().await;
    let elsewhere = with(&Authenticator::es256().create(&started["options"]), "clientDataJSON", b"{}");
    assert_eq!(caller.register(&started, elsewhere).await.expect(422).code(), "passkey_invalid");
    over(caller.register(&started, Authenticator::es256().create(&started["options"])).await);
}

#[tokio::test]
async fn an_unknown_used_or_expired_ceremony_is_refused_before_any_account_is_read() {
    let app = app_at_a_whole_second();
    let caller = Caller::new(&app).await;
    let mut own = Authenticator::es256();
    caller.add(&mut own).await;
    let unknown = json!({ "ceremony": base64url(&[7; 32]), "options": start(&app).await["options"] });
    let used = start(&app).await;
    sign_in_as(&app, &used, own.get(&used["options"])).await.expect(200);
    let expired = start(&app).await;
    let of_a_registration = json!({ "ceremony": caller.start().await["ceremony"], "options": used["options"] });
    app.advance(SignedDuration::from_mins(5));
    let token = sign_in(&app, &mut own).await.expect(200).body["access_token"].clone();
    let caller = Caller { token: token.as_str().unwrap().to_owned(), ..caller };
    caller.step_up(&mut own).await.expect(200);

    let (mut responses, mut step_ups) = (Vec::new(), Vec::new());
    for started in [&unknown, &used, &expired, &of_a_registration] {
        for handle in [own.user_handle.clone(), vec![7; 16]] {
            let credential = with(&own.get(&started["options"]), "userHandle", &handle);
            app.wire(&sign_in_with_passkey::FUNCTION).take();
            let answer = sign_in_as(&app, started, credential.clone()).await.expect(422);
            responses.push(ObservedResponse::of(answer, app.wire(&sign_in_with_passkey::FUNCTION).take()));
            step_ups.push(observe_step_up(&caller, started, credential).await);
        }
    }
    let over = |response: &ObservedResponse| response.status == 422 && response.body["code"] == "ceremony_over";
    // Two limits are counted, after a session check for a step-up; then the ceremony is read.
    let calls = ["DynamoDB.UpdateItem", "DynamoDB.UpdateItem", "DynamoDB.GetItem"];
    assert!(
        responses.iter().all(|response| over(response) && *response == responses[0] && response.calls == calls),
        "{responses:#?}"
    );
    let calls = [&["DynamoDB.UpdateItem", "DynamoDB.BatchGetItem"], &calls[..]].concat();
    assert!(
        step_ups.iter().all(|response| over(response) && *response == step_ups[0] && response.calls == calls),
        "{step_ups:#?}"
    );
}

#[tokio::test]
async fn parallel_uses_of_a_ceremony_open_one_session() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let mut authenticator = Authenticator::es256();
    caller.add(&mut authenticator).await;
    let started = start(&app).await;
    let answer = authenticator.get(&started["options"]);
    let attempts = (0..8).map(|_| sign_in_as(&app, &started, answer.clone()));
    let answers = futures::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 409 | 422)), "{answers:?}");
}

#[tokio::test]
async fn a_sign_in_succeeds_despite_a_lost_answer_from_the_store() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let mut authenticator = Authenticator::es256();
    caller.add(&mut authenticator).await;
    for call in 1..=8 {
        app.wire(&sign_in_with_passkey::FUNCTION).arm(Fault::LoseAnswer(call));
        sign_in(&app, &mut authenticator).await.expect(200);
    }
}

#[tokio::test]
async fn a_cloned_passkey_is_refused_and_reported() {
    let app = TestApp::new();
    let since = app.now();
    let caller = Caller::new(&app).await;
    let mut authenticator = Authenticator::es256();
    authenticator.counter = 41;
    caller.add(&mut authenticator).await;
    sign_in(&app, &mut authenticator).await.expect(200);
    assert_eq!(authenticator.counter, 42);
    for behind in [41, 40] {
        authenticator.counter = behind;
        assert_eq!(sign_in(&app, &mut authenticator).await.expect(401).code(), "passkey_refused");
    }
    authenticator.counter = 0;
    assert_eq!(sign_in(&app, &mut authenticator).await.expect(401).code(), "passkey_refused");
    let raised = events(&app, since, caller.user).await;
    assert_eq!(raised.iter().filter(|name| *name == "passkey_counter_regressed").count(), 3, "{raised:?}");
    // An attacker without the key cannot raise the alarm.
    let started = start(&app).await;
    let mut forged = Authenticator::es256();
    (forged.id, forged.user_handle) = (authenticator.id.clone(), authenticator.user_handle.clone());
    sign_in_as(&app, &started, forged.get(&started["options"])).await.expect(401);
    assert_eq!(events(&app, since, caller.user).await.len(), raised.len());
    authenticator.counter = 99;
    sign_in(&app, &mut authenticator).await.expect(200);
}

#[tokio::test]
async fn a_passkey_steps_up_its_own_users_session() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let (mut own, mut strangers) = (Authenticator::es256(), Authenticator::es256());
    caller.add(&mut own).await;
    Caller::new(&app).await.add(&mut strangers).await;
    app.advance(SignedDuration::from_mins(11));
    let stale = caller.post(&start_passkey_registration::FUNCTION, json!({})).await.expect(401);
    assert_eq!(stale.code(), "fresh_factor_needed");
    assert_eq!(caller.step_up(&mut strangers).await.expect(403).code(), "passkey_refused");
    caller.post(&start_passkey_registration::FUNCTION, json!({})).await.expect(401);
    let stepped = caller.step_up(&mut own).await.expect(200).body;
    assert_eq!(stepped["fresh_until"], shared::kernel::time::sortable(app.now() + SignedDuration::from_mins(10)));
    caller.start().await;
}

#[tokio::test]
async fn every_refused_step_up_gets_the_same_403_and_keeps_the_session() {
    let app = app_at_a_whole_second();
    let caller = Caller::new(&app).await;
    let (mut own, mut never_added, mut strangers) =
        (Authenticator::es256(), Authenticator::es256(), Authenticator::es256());
    caller.add(&mut own).await;
    Caller::new(&app).await.add(&mut strangers).await;
    never_added.user_handle = own.user_handle.clone();
    caller.step_up(&mut own).await.expect(200);
    let responses = [
        refuse_step_up(&caller, |options| strangers.get(options)).await,
        refuse_step_up(&caller, |options| never_added.get(options)).await,
        refuse_step_up(&caller, |options| with(&own.get(options), "signature", &[0; 70])).await,
        refuse_step_up(&caller, |options| with(&never_added.get(options), "userHandle", &[7; 16])).await,
        refuse_step_up(&caller, |options| with(&never_added.get(options), "userHandle", &[])).await,
    ];
    assert!(responses.iter().all(|response| *response == responses[0]), "{responses:#?}");
    assert_eq!((responses[0].status, &responses[0].body["code"]), (403, &"passkey_refused".into()));
    assert_eq!(responses[0].body["errors"][0]["field"], "credential");
    assert!(responses[0].headers.iter().all(|(name, _)| name != "www-authenticate"), "{:?}", responses[0]);
    get_me(&app, &json!(caller.token)).await.expect(200);
}

#[tokio::test]
async fn a_user_with_a_passkey_cannot_sign_in_by_password_only() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let before = Caller::of(&app, &login(&app, &email, PASSWORD).await.expect(200).body);
    let caller = Caller::of(&app, &login(&app, &email, PASSWORD).await.expect(200).body);
    let begun_before = before.start().await;
    let mut authenticator = Authenticator::es256();
    let passkey = caller.add(&mut authenticator).await;
    let challenged = login(&app, &email, PASSWORD).await.expect(200).body;
    assert_eq!(challenged["second_factor"]["methods"], json!(["passkey"]), "{challenged}");
    // A session opened by password only cannot change the passkeys.
    assert_eq!(before.delete(&passkey).await.expect(401).code(), "fresh_factor_needed");
    let refused = before.post(&start_passkey_registration::FUNCTION, json!({})).await.expect(401);
    assert_eq!(refused.code(), "fresh_factor_needed");
    let made = Authenticator::es256().create(&begun_before["options"]);
    assert_eq!(before.register(&begun_before, made).await.expect(401).code(), "fresh_factor_needed");
    // The session that added the passkey can: it counts as opened with it.
    caller.delete(&passkey).await.expect(204);
}
