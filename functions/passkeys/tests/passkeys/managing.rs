//! Managing passkeys: names, deletion and the limit.

use passkeys::routes::{rename_passkey, start_passkey_registration};
use serde_json::{Value, json};
use shared::testing::{Request, TestApp};
use sign_in::letters::sign_in_method_removed;

use test_support::authenticator::Authenticator;
use test_support::passkey_owner::{Caller, events, sign_in};
use test_support::people::letters;

#[tokio::test]
async fn only_the_owner_renames_and_deletes_a_passkey() {
    let app = TestApp::new();
    let since = app.now();
    let (caller, stranger) = (Caller::new(&app).await, Caller::new(&app).await);
    let (mut laptop, mut phone) = (Authenticator::es256(), Authenticator::eddsa());
    let (first, second) = (caller.add(&mut laptop).await, caller.add(&mut phone).await);
    let listed = caller.list().await;
    assert_eq!((&listed[0]["id"], &listed[1]["id"]), (&first["id"], &second["id"]));

    let rename = |id: &Value, name: &str| {
        let request = Request::to(&rename_passkey::FUNCTION).path("passkey_id", id.as_str().unwrap());
        request.json(json!({ "name": name }))
    };
    assert_eq!(caller.call(rename(&second["id"], " Phone ")).await.expect(200).body["name"], "Phone");
    assert_eq!(caller.call(rename(&second["id"], "a\nb")).await.expect(422).fields(), ["name"]);
    assert_eq!(caller.call(rename(&second["id"], "\u{2060}")).await.expect(422).fields(), ["name"]);
    assert_eq!(caller.call(rename(&second["id"], &"x".repeat(61))).await.expect(422).fields(), ["name"]);
    for id in [&second["id"], &json!(format!("pk_{}", "0".repeat(32))), &json!("pk_1")] {
        assert_eq!(stranger.call(rename(id, "Mine")).await.expect(404).code(), "not_found");
        stranger.delete(&json!({ "id": id })).await.expect(404);
    }
    assert_eq!(caller.list().await[1]["name"], "Phone");

    caller.delete(&second).await.expect(204);
    caller.delete(&second).await.expect(404);
    assert_eq!(sign_in(&app, &mut phone).await.expect(401).code(), "passkey_refused");
    sign_in(&app, &mut laptop).await.expect(200);
    let letters = letters(&app, caller.user).await;
    let removed = sign_in_method_removed(app.now(), "passkey “Phone”");
    assert!(letters.iter().any(|sent| sent.letter.paragraphs().eq(removed.paragraphs())), "{letters:?}");
    let raised = events(&app, since, caller.user).await;
    assert_eq!(raised.iter().filter(|name| *name == "passkey_added").count(), 2, "{raised:?}");
    assert_eq!(raised.iter().filter(|name| *name == "passkey_deleted").count(), 1, "{raised:?}");
}

#[tokio::test]
async fn a_21st_passkey_is_refused_even_in_parallel() {
    let app = TestApp::new();
    let caller = Caller::new(&app).await;
    for _ in 0..18 {
        caller.add(&mut Authenticator::eddsa()).await;
        app.move_address();
    }
    // Started below the limit, and each valid for one response.
    let mut started = Vec::new();
    for _ in 0..24 {
        started.push(caller.start().await);
    }
    let mut last = Vec::new();
    for started in started.chunks(6) {
        let attempts =
            started.iter().map(|started| caller.register(started, Authenticator::eddsa().create(&started["options"])));
        let answers = futures::future::join_all(attempts).await;
        assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 409)), "{answers:?}");
        last = answers;
    }
    assert!(last.iter().all(|answer| answer.code() == "too_many_passkeys"), "{last:?}");
    assert_eq!(caller.list().await.as_array().unwrap().len(), 20);
    let refused = caller.post(&start_passkey_registration::FUNCTION, json!({})).await.expect(409);
    assert_eq!(refused.code(), "too_many_passkeys");
    let listed = caller.list().await;
    caller.delete(&listed[0]).await.expect(204);
    caller.add(&mut Authenticator::eddsa()).await;
}
