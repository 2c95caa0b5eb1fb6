//! Registration of a passkey: its options, and which responses are accepted.

use serde_json::{Value, json};
use shared::crypto::digest::{base64url, from_base64url};
use shared::kernel::time::SignedDuration;
use shared::testing::TestApp;

use test_support::authenticator::{
    Authenticator, BACKED_UP, USER_PRESENT, USER_VERIFIED, array, bytes, integer, map, text,
};
use test_support::passkey_owner::{Caller, sign_in, sign_in_as, start, with};
use test_support::people::{PASSWORD, login, user};

#[tokio::test]
async fn options_require_user_verification_and_exclude_known_passkeys() {
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

/// Starts a registration for each response, and asserts that it is refused.
async fn assert_refused(caller: &Caller<'_>, answers: impl IntoIterator<Item = Box<dyn Fn(&Value) -> Value>>) {
    for answer in answers {
        let started = caller.start().await;
        let credential = answer(&started["options"]);
        caller.app.move_address();
        let refused = caller.register(&started, credential.clone()).await.expect(422);
        assert_eq!((refused.code(), refused.fields()), ("passkey_invalid", vec!["credential"]), "{credential}");
    }
}

#[tokio::test]
async fn an_invalid_registration_adds_no_passkey() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let changed = |change: fn(&mut Authenticator)| -> Box<dyn Fn(&Value) -> Value> {
        Box::new(move |options| {
            let mut authenticator = Authenticator::es256();
            change(&mut authenticator);
            authenticator.create(options)
        })
    };
    let other_challenge: Box<dyn Fn(&Value) -> Value> = Box::new(|options| {
        let mut options = options.clone();
        options["challenge"] = base64url(&[7; 32]).into();
        Authenticator::es256().create(&options)
    });
    assert_refused(
        &caller,
        [
            changed(|wrong| wrong.origin = "https://app.example.com.evil.example".to_owned()),
            changed(|wrong| wrong.origin = "http://app.example.com".to_owned()),
            changed(|wrong| wrong.rp_id = Some("evil.example".to_owned())),
            changed(|wrong| wrong.flags = USER_PRESENT),
            changed(|wrong| wrong.flags = USER_VERIFIED),
            changed(|wrong| wrong.flags |= BACKED_UP),
            changed(|wrong| wrong.id = vec![1; 15]),
            other_challenge,
        ],
    )
    .await;
    let damaged = |member: &'static str, damage: fn(&[u8]) -> Vec<u8>| -> Box<dyn Fn(&Value) -> Value> {
        Box::new(move |options| {
            let sound = Authenticator::es256().create(options);
            let bytes = from_base64url(sound["response"][member].as_str().unwrap()).unwrap();
            with(&sound, member, &damage(&bytes))
        })
    };
    assert_refused(
        &caller,
        [
            damaged("attestationObject", |_| vec![]),
            damaged("attestationObject", |whole| whole[..1].to_vec()),
            damaged("attestationObject", |whole| whole[..30].to_vec()),
            damaged("attestationObject", |whole| whole[..whole.len() / 2].to_vec()),
            damaged("attestationObject", |whole| whole[..whole.len() - 1].to_vec()),
            damaged("attestationObject", |whole| [whole, &[0]].concat()),
            damaged("attestationObject", |_| vec![0xff; 64]),
            damaged("attestationObject", |_| vec![0x9f; 16_384]),
            damaged("attestationObject", |_| vec![0x81; 16_384]),
            damaged("attestationObject", |_| b"\xbf\x63fmt".to_vec()),
            damaged("clientDataJSON", |_| vec![]),
            damaged("clientDataJSON", |_| b"{".to_vec()),
            damaged("clientDataJSON", |_| b"[]".to_vec()),
            damaged("clientDataJSON", |_| b"null".to_vec()),
            damaged("clientDataJSON", |_| vec![b'['; 4096]),
        ],
    )
    .await;
    // A malformed response is refused with the name of its field.
    let started = caller.start().await;
    let sound = Authenticator::es256().create(&started["options"]);
    for (member, value) in [
        ("attestationObject", json!("a".repeat(21_848))),
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
    caller.register(&started, sound.clone()).await.expect(201);
    assert_eq!(caller.register(&started, sound).await.expect(422).code(), "ceremony_over");
    assert_eq!(caller.list().await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_unrequested_attestation_statement_is_ignored() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let (alg, sig) = ((text("alg"), integer(-7)), (text("sig"), bytes(&[9; 71])));
    let x5c = |certificates: usize| (text("x5c"), array(&vec![bytes(&[0x30; 900]); certificates]));
    let version = (text("ver"), text("2.0"));
    let tpm = [(text("certInfo"), bytes(&[1; 161])), (text("pubArea"), bytes(&[1; 86]))];
    let packed = map(&[alg.clone(), sig.clone(), x5c(2)]);
    let part = map(&[(text("fmt"), text("packed")), (text("attStmt"), packed.clone())]);
    let statements = [
        ("packed", packed),
        ("packed", map(&[alg.clone(), sig.clone()])),
        ("packed", map(&[alg.clone(), sig.clone(), x5c(16)])),
        ("fido-u2f", map(&[sig.clone(), x5c(1)])),
        ("tpm", map(&[version.clone(), alg.clone(), x5c(2), sig.clone(), tpm[0].clone(), tpm[1].clone()])),
        ("android-key", map(&[alg, sig, x5c(3)])),
        ("android-safetynet", map(&[version, (text("response"), bytes(&[b'e'; 6000]))])),
        ("apple", map(&[x5c(2)])),
        ("compound", array(&[part.clone(), part])),
        ("none", map(&[(text("unexpected"), integer(1))])),
        ("unknown-format", map(&[(text("proof"), array(&[map(&[(text("deep"), array(&[integer(1)]))])]))])),
    ];
    for (format, statement) in statements {
        let mut authenticator = Authenticator::es256();
        let started = caller.start().await;
        let credential = authenticator.create_attested(&started["options"], format, &statement);
        app.move_address();
        let added = caller.register(&started, credential).await;
        assert_eq!(added.status, 201, "{format}: {}", added.text);
        sign_in(&app, &mut authenticator).await.expect(200);
    }
    // A statement is still required: without one it is not an attestation object.
    let of = |statement: Vec<u8>| -> Box<dyn Fn(&Value) -> Value> {
        Box::new(move |options| Authenticator::es256().create_attested(options, "none", &statement))
    };
    let twice = [&[0xa2][..], &text("x"), &integer(1), &text("x"), &integer(2)].concat();
    let tagged = [&[0xa1][..], &text("x"), &[0xc0], &text("2026-01-01T00:00:00Z")].concat();
    assert_refused(&caller, [of(text("none")), of(integer(0)), of(bytes(&[])), of(vec![0xf6]), of(twice), of(tagged)])
        .await;
}

#[tokio::test]
async fn a_ceremony_of_another_session_or_kind_is_refused() {
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
async fn an_authenticator_is_registered_once_per_user() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    let mut authenticator = Authenticator::es256();
    caller.add(&mut authenticator).await;
    let started = caller.start().await;
    let refused = caller.register(&started, authenticator.create(&started["options"])).await.expect(409);
    assert_eq!(refused.code(), "passkey_already_registered");
    // For another account it is another passkey: the user handles differ.
    let stranger = Caller::new(&app).await;
    stranger.add(&mut authenticator).await;
    let tokens = sign_in(&app, &mut authenticator).await.expect(200).body;
    assert_eq!(tokens["user_id"], stranger.user.to_string());
}
