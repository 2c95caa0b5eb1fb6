//! Proving who one is by a passkey: signing in and stepping up, once, and by nobody else.

use mail::Letter;
use passkeys::{sign_in_with_passkey, start_passkey_registration};
use serde_json::{Value, json};
use shared::aws::wire::Fault;
use shared::crypto::digest::{base64url, from_base64url};
use shared::kernel::time::SignedDuration;
use shared::testing::TestApp;

use crate::FUNCTIONS;
use crate::authenticator::{Authenticator, BACKED_UP, BACKUP_ELIGIBLE, USER_PRESENT, USER_VERIFIED};
use crate::caller::{Caller, events, sign_in, sign_in_as, start, with};
use crate::support::{PASSWORD, assert_granted, get_me, letters, login, refresh, user};

#[tokio::test]
async fn a_passkey_signs_in_alone() {
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
        let told = letters.iter().any(
            |sent| matches!(&sent.letter, Letter::SecondFactorAdded { factor, .. } if factor == "passkey “Laptop”"),
        );
        assert!(told, "{letters:?}");
    }
    assert_granted(&app, &FUNCTIONS);
}

#[tokio::test]
async fn every_refused_sign_in_has_one_face() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let (mut own, mut never_added) = (Authenticator::es256(), Authenticator::es256());
    caller.add(&mut own).await;
    let stranger = Caller::new(&app).await;
    let mut strangers = Authenticator::es256();
    stranger.add(&mut strangers).await;
    never_added.user_handle = own.user_handle.clone();

    let started = start(&app).await;
    let options = &started["options"];
    let sound = own.get(options);
    let mut tried = vec![never_added.get(options)];
    // A stranger's passkey under the victim's name, and the stranger's key under the victim's credential.
    let handle = std::mem::replace(&mut strangers.user_handle, own.user_handle.clone());
    tried.push(strangers.get(options));
    let id = std::mem::replace(&mut strangers.id, own.id.clone());
    tried.push(strangers.get(options));
    (strangers.user_handle, strangers.id) = (handle, id);
    for handle in [&[7; 16][..], &[7; 15], &[], &[7; 64]] {
        tried.push(with(&sound, "userHandle", handle));
    }
    let mut wrong = |change: &dyn Fn(&mut Authenticator), back: &dyn Fn(&mut Authenticator)| {
        change(&mut own);
        tried.push(own.get(options));
        back(&mut own);
    };
    let origin = |text: &'static str| move |own: &mut Authenticator| own.origin = text.to_owned();
    wrong(&origin("https://evil.example"), &origin("https://app.example.com"));
    wrong(&|own| own.rp_id = Some("evil.example".to_owned()), &|own| own.rp_id = None);
    wrong(&|own| own.flags = USER_PRESENT, &|own| own.flags = USER_PRESENT | USER_VERIFIED);
    wrong(&|own| own.flags |= BACKUP_ELIGIBLE, &|own| own.flags = USER_PRESENT | USER_VERIFIED);
    let mut other_challenge = options.clone();
    other_challenge["challenge"] = base64url(&[7; 32]).into();
    tried.push(own.get(&other_challenge));
    for member in ["clientDataJSON", "authenticatorData", "signature"] {
        let bytes = from_base64url(sound["response"][member].as_str().unwrap()).unwrap();
        for changed in [&bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &[], &[0xff; 200]] {
            tried.push(with(&sound, member, changed));
        }
    }
    for credential in &tried {
        let refused = sign_in_as(&app, &started, credential.clone()).await.expect(401);
        assert_eq!((refused.code(), refused.fields().len()), ("passkey_refused", 0), "{credential}");
        assert_eq!(refused.body["detail"], "The passkey was not accepted.");
    }
    for (member, value) in [("signature", json!("a".repeat(1367))), ("userHandle", Value::Null)] {
        let mut malformed = sound.clone();
        malformed["response"][member] = value;
        let refused = sign_in_as(&app, &started, malformed).await.expect(422);
        assert_eq!(refused.fields(), [format!("credential.response.{member}")]);
    }
    sign_in_as(&app, &started, sound.clone()).await.expect(200);
    let replayed = sign_in_as(&app, &started, sound).await.expect(422);
    assert_eq!((replayed.code(), replayed.fields()), ("ceremony_over", vec!["ceremony"]));
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_session() {
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
async fn a_lost_answer_opens_one_session() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let mut authenticator = Authenticator::es256();
    caller.add(&mut authenticator).await;
    for call in 1..=4 {
        app.wire(&sign_in_with_passkey::FUNCTION).arm(Fault::LoseAnswer(call));
        sign_in(&app, &mut authenticator).await.expect(200);
    }
}

#[tokio::test]
async fn a_copy_of_a_passkey_is_found_out() {
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
    // A forger without the key cannot raise it.
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
    assert_eq!(caller.step_up(&mut strangers).await.expect(401).code(), "passkey_refused");
    caller.post(&start_passkey_registration::FUNCTION, json!({})).await.expect(401);
    let stepped = caller.step_up(&mut own).await.expect(200).body;
    assert_eq!(stepped["fresh_until"], (app.now() + SignedDuration::from_mins(10)).to_string());
    caller.start().await;
    assert_granted(&app, &FUNCTIONS);
}

#[tokio::test]
async fn who_has_a_passkey_is_not_let_in_by_the_password() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let before = Caller::of(&app, &login(&app, &email, PASSWORD).await.expect(200).body);
    let caller = Caller::of(&app, &login(&app, &email, PASSWORD).await.expect(200).body);
    let begun_before = before.start().await;
    let mut authenticator = Authenticator::es256();
    let passkey = caller.add(&mut authenticator).await;
    let challenged = login(&app, &email, PASSWORD).await.expect(200).body;
    assert_eq!(challenged["second_factor"]["methods"], json!(["passkey"]), "{challenged}");
    // Nor may a session that only the password opened change the passkeys.
    assert_eq!(before.delete(&passkey).await.expect(401).code(), "fresh_factor_needed");
    let refused = before.post(&start_passkey_registration::FUNCTION, json!({})).await.expect(401);
    assert_eq!(refused.code(), "fresh_factor_needed");
    let made = Authenticator::es256().create(&begun_before["options"]);
    assert_eq!(before.register(&begun_before, made).await.expect(401).code(), "fresh_factor_needed");
    // The session that added it may: it counts as opened with it.
    caller.delete(&passkey).await.expect(204);
}
