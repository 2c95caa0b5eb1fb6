//! Adding a passkey: what the options ask for, and which answers are taken.

use serde_json::{Value, json};
use shared::crypto::digest::{base64url, from_base64url};
use shared::kernel::time::SignedDuration;
use shared::testing::TestApp;

use crate::authenticator::{Authenticator, BACKED_UP, USER_PRESENT, USER_VERIFIED};
use crate::caller::{Caller, reworded, sign_in, sign_in_as, start, with};
use crate::support::{PASSWORD, login, user};

#[tokio::test]
async fn the_options_ask_for_what_is_required() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let mut authenticator = Authenticator::es256();
    caller.add(&mut authenticator).await;
    let started = caller.start().await;
    let options = &started["options"];
    assert_eq!(started["expires_in_s"], 300);
    assert_eq!(options["rp"], json!({ "id": "app.example.com", "name": "Bulkhead" }));
    assert_eq!(from_base64url(options["user"]["id"].as_str().unwrap()).unwrap(), caller.user.as_bytes());
    assert_eq!(options["user"]["displayName"], "Ada Lovelace");
    let algorithms: Vec<_> = options["pubKeyCredParams"].as_array().unwrap().iter().map(|one| &one["alg"]).collect();
    assert_eq!(algorithms, [-8, -7, -257]);
    assert_eq!((&options["timeout"], &options["attestation"]), (&300_000.into(), &"none".into()));
    let selection = json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
    assert_eq!(options["authenticatorSelection"], selection);
    let known =
        json!([{ "type": "public-key", "id": base64url(&authenticator.id), "transports": ["internal", "hybrid"] }]);
    assert_eq!(options["excludeCredentials"], known);

    let (one, other) = (start(&app).await, start(&app).await);
    assert_ne!((&one["ceremony"], &one["options"]["challenge"]), (&other["ceremony"], &other["options"]["challenge"]));
    let mut options = one["options"].clone();
    assert_eq!(from_base64url(options["challenge"].take().as_str().unwrap()).unwrap().len(), 32);
    let expected = json!({
        "challenge": null, "timeout": 300_000, "rpId": "app.example.com", "allowCredentials": [],
        "userVerification": "required",
    });
    assert_eq!(options, expected);
}

#[tokio::test]
async fn a_registration_that_is_not_sound_adds_nothing() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let started = caller.start().await;
    let options = &started["options"];
    let mut tried = Vec::new();
    let mut attempt = |change: &dyn Fn(&mut Authenticator)| {
        let mut authenticator = Authenticator::es256();
        change(&mut authenticator);
        tried.push(authenticator.create(options));
    };
    attempt(&|wrong| wrong.origin = "https://app.example.com.evil.example".to_owned());
    attempt(&|wrong| wrong.origin = "http://app.example.com".to_owned());
    attempt(&|wrong| wrong.rp_id = Some("evil.example".to_owned()));
    attempt(&|wrong| wrong.flags = USER_PRESENT);
    attempt(&|wrong| wrong.flags = USER_VERIFIED);
    attempt(&|wrong| wrong.flags |= BACKED_UP);
    attempt(&|wrong| wrong.id = vec![1; 15]);
    let mut other_challenge = options.clone();
    other_challenge["challenge"] = base64url(&[7; 32]).into();
    tried.push(Authenticator::es256().create(&other_challenge));
    let sound = Authenticator::es256().create(options);
    let object = from_base64url(sound["response"]["attestationObject"].as_str().unwrap()).unwrap();
    for length in [0, 1, 30, object.len() / 2, object.len() - 1] {
        tried.push(with(&sound, "attestationObject", &object[..length]));
    }
    for garbage in [&[0xff; 64][..], &[0x9f; 8192], &[0x81; 8192], b"\xbf\x63fmt", &[&object[..], &[0]].concat()] {
        tried.push(with(&sound, "attestationObject", garbage));
    }
    for garbage in [&b""[..], b"{", b"[]", b"null", &[b'['; 4096]] {
        tried.push(with(&sound, "clientDataJSON", garbage));
    }
    // A signature of itself that covers another browser's words.
    let mut foreign = Authenticator::es256().create_self_attested(options);
    foreign["response"]["clientDataJSON"] = base64url(&reworded(&foreign)).into();
    tried.push(foreign);
    for credential in tried {
        let refused = caller.register(&started, credential.clone()).await.expect(422);
        assert_eq!((refused.code(), refused.fields()), ("passkey_invalid", vec!["credential"]), "{credential}");
    }
    // What is no browser's object is told by its field.
    for (member, value) in [
        ("attestationObject", json!("a".repeat(10_924))),
        ("attestationObject", json!("not base64!")),
        ("clientDataJSON", Value::Null),
        ("transports", json!("internal")),
    ] {
        let mut wrong = sound.clone();
        wrong["response"][member] = value;
        let refused = caller.register(&started, wrong).await.expect(422);
        assert_eq!(refused.fields(), [format!("credential.response.{member}")]);
    }
    assert_eq!(caller.list().await, json!([]));
    let attested = Authenticator::eddsa().create_self_attested(options);
    // The ceremony is still there for the answer that it waits for; then it is over.
    caller.register(&started, attested).await.expect(201);
    assert_eq!(caller.register(&started, sound).await.expect(422).code(), "ceremony_over");
    assert_eq!(caller.list().await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_ceremony_is_its_sessions_and_its_kinds() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let caller = Caller::of(&app, &login(&app, &email, PASSWORD).await.expect(200).body);
    let elsewhere = Caller::of(&app, &login(&app, &email, PASSWORD).await.expect(200).body);
    let stranger = Caller::new(&app).await;
    let started = caller.start().await;
    let sound = Authenticator::es256().create(&started["options"]);
    for other in [&elsewhere, &stranger] {
        assert_eq!(other.register(&started, sound.clone()).await.expect(422).code(), "ceremony_over");
    }
    let for_signing_in = start(&app).await;
    let mut options = started["options"].clone();
    options["challenge"] = for_signing_in["options"]["challenge"].clone();
    let crossed = Authenticator::es256().create(&options);
    assert_eq!(caller.register(&for_signing_in, crossed).await.expect(422).code(), "ceremony_over");

    app.advance(SignedDuration::from_mins(5));
    assert_eq!(caller.register(&started, sound).await.expect(422).code(), "ceremony_over");
    let mut authenticator = Authenticator::es256();
    caller.add(&mut authenticator).await;
    let for_registering = caller.start().await;
    let mut options = start(&app).await["options"].clone();
    options["challenge"] = for_registering["options"]["challenge"].clone();
    let refused = sign_in_as(&app, &for_registering, authenticator.get(&options)).await.expect(422);
    assert_eq!((refused.code(), refused.fields()), ("ceremony_over", vec!["ceremony"]));
    let late = start(&app).await;
    app.advance(SignedDuration::from_mins(5));
    let refused = sign_in_as(&app, &late, authenticator.get(&late["options"])).await.expect(422);
    assert_eq!(refused.code(), "ceremony_over");
}

#[tokio::test]
async fn one_authenticator_is_added_once() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let mut authenticator = Authenticator::es256();
    caller.add(&mut authenticator).await;
    let started = caller.start().await;
    let refused = caller.register(&started, authenticator.create(&started["options"])).await.expect(409);
    assert_eq!(refused.code(), "passkey_already_registered");
    // Under another account it is another passkey: the user handle tells them apart.
    let stranger = Caller::new(&app).await;
    stranger.add(&mut authenticator).await;
    let tokens = sign_in(&app, &mut authenticator).await.expect(200).body;
    assert_eq!(tokens["user_id"], stranger.user.to_string());
}
