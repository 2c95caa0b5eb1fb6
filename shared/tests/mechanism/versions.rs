//! Versions of a resource: ETag, conditions and Location (RFC 9110, sections 8.8.3, 10.2.2 and 13).

use serde_json::json;
use shared::testing::{Person, Request, Response, TestApp};

use super::notes::{COUNT, DELETE, EMPTY, GET, GREET, LIST, REWRITE, WRITE};

/// An owner's note, and the answer that made it.
async fn note(app: &TestApp) -> (Person, Response, String) {
    let owner = app.owner().await.unwrap();
    let made = app.call(Request::to(&WRITE).by(&owner).json(json!({ "text": "a" }))).await.expect(201);
    let id = made.body["id"].as_str().unwrap().to_owned();
    (owner, made, id)
}

#[tokio::test]
async fn a_created_resource_is_found_at_its_location_with_the_same_tag() {
    let app = TestApp::new();
    let (owner, made, id) = note(&app).await;
    assert_eq!(made.header("location"), format!("/workspaces/{}/notes/{id}", owner.workspace));
    let read = app.call(Request::to(&GET).by(&owner).path("note_id", &id)).await.expect(200);
    let tag = read.header("etag");
    assert_eq!(made.header("etag"), tag);
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 20, "{tag} is no strong tag");
}

#[tokio::test]
async fn a_tag_changes_with_its_resource_and_only_then() {
    let app = TestApp::new();
    let (owner, made, id) = note(&app).await;
    let read = || app.call(Request::to(&GET).by(&owner).path("note_id", &id));
    assert_eq!(read().await.header("etag"), read().await.header("etag"));
    let rewrite = Request::to(&REWRITE).by(&owner).path("note_id", &id).json(json!({ "text": "b" }));
    let rewritten = app.call(rewrite).await.expect(200);
    assert_ne!(rewritten.header("etag"), made.header("etag"));
    assert_eq!(rewritten.header("etag"), read().await.header("etag"));
}

#[tokio::test]
async fn a_client_that_has_the_version_gets_304_without_a_body() {
    let app = TestApp::new();
    let (owner, made, id) = note(&app).await;
    let tag = made.header("etag");
    let read = |condition: &str| {
        app.call(Request::to(&GET).by(&owner).path("note_id", &id).header("if-none-match", condition))
    };
    for condition in [tag.to_owned(), "*".to_owned(), format!("W/{tag}"), format!("\"x,y\", {tag}")] {
        let answer = read(&condition).await.expect(304);
        assert_eq!((answer.text.as_str(), answer.header("etag")), ("", tag), "{condition}");
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), ("", "no-store"));
    }
    assert_eq!(read("\"x\"").await.expect(200).body["text"], "a");
    let head = Request::to(&GET).by(&owner).path("note_id", &id).asking("HEAD", "/").header("if-none-match", tag);
    app.call(head).await.expect(304);
    assert_eq!(read("x").await.expect(422).fields(), ["If-None-Match"]);
}

#[tokio::test]
async fn a_change_of_an_old_version_is_412_and_changes_nothing() {
    let app = TestApp::new();
    let (owner, made, id) = note(&app).await;
    let tag = made.header("etag");
    let rewrite = |condition: &str, text: &str| {
        let rewrite = Request::to(&REWRITE).by(&owner).path("note_id", &id).header("if-match", condition);
        app.call(rewrite.json(json!({ "text": text })))
    };
    for condition in ["\"x\"".to_owned(), format!("W/{tag}"), "\"x\", \"y\"".to_owned()] {
        assert_eq!(rewrite(&condition, "b").await.expect(412).code(), "precondition_failed", "{condition}");
    }
    assert_eq!(rewrite("x", "b").await.expect(422).fields(), ["If-Match"]);
    let second = rewrite(&format!("\"x\", {tag}"), "b").await.expect(200);
    assert_eq!(rewrite(tag, "c").await.expect(412).code(), "precondition_failed");
    rewrite("*", "d").await.expect(200);
    let read = Request::to(&GET).by(&owner).path("note_id", &id);
    assert_eq!(app.call(read.clone()).await.body["text"], "d");
    assert_eq!(
        app.call(read.header("if-match", second.header("etag"))).await.expect(412).code(),
        "precondition_failed"
    );
    let delete =
        |condition: &str| app.call(Request::to(&DELETE).by(&owner).path("note_id", &id).header("if-match", condition));
    delete(tag).await.expect(412);
    delete("*").await.expect(204);
    assert_eq!(delete("*").await.expect(404).header("etag"), "");
}

#[tokio::test]
async fn a_change_with_if_none_match_is_412_if_the_resource_exists() {
    let app = TestApp::new();
    let (owner, _, id) = note(&app).await;
    let rewrite = Request::to(&REWRITE).by(&owner).path("note_id", &id).header("if-none-match", "*");
    assert_eq!(app.call(rewrite.json(json!({ "text": "b" }))).await.expect(412).code(), "precondition_failed");
}

#[tokio::test]
async fn an_unchecked_condition_is_never_ignored() {
    let app = TestApp::new();
    let (owner, made, id) = note(&app).await;
    let empty = Request::to(&EMPTY).by(&owner).path("note_id", &id);
    for condition in [made.header("etag"), "*"] {
        app.call(empty.clone().header("if-match", condition)).await.expect(412);
    }
    app.call(empty).await.expect(204);
}

#[tokio::test]
async fn a_route_without_versions_refuses_conditions_of_admitted_callers() {
    let app = TestApp::new();
    let (owner, made, _) = note(&app).await;
    let list = Request::to(&LIST).by(&owner).query("limit", 1);
    let write = Request::to(&WRITE).by(&owner).json(json!({ "text": "b" }));
    for request in [list.clone(), write.clone(), Request::to(&GREET).by(&owner)] {
        assert_eq!(app.call(request.header("if-match", made.header("etag"))).await.expect(422).fields(), ["If-Match"]);
    }
    assert_eq!(app.call(write.header("if-none-match", "*")).await.expect(422).fields(), ["If-None-Match"]);
    app.call(list.header("if-none-match", made.header("etag"))).await.expect(200);
    app.call(Request::to(&GREET).header("if-match", "*")).await.expect(401);
}

#[tokio::test]
async fn a_repeated_key_is_answered_although_the_first_request_changed_the_version() {
    let app = TestApp::new();
    let (owner, made, id) = note(&app).await;
    let count = Request::to(&COUNT).by(&owner).path("note_id", &id).header("idempotency-key", "k-1");
    let count = count.header("if-match", made.header("etag"));
    let first = app.call(count.clone()).await.expect(200);
    let again = app.call(count).await.expect(200);
    assert_eq!((first.body["told"].as_u64(), again.body["told"].as_u64()), (Some(1), Some(1)));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.header("etag"), again.header("etag"));
}

#[tokio::test]
async fn two_changes_of_one_version_have_one_winner() {
    let app = TestApp::new();
    let (owner, made, id) = note(&app).await;
    let rewrite = |text: &str| {
        let rewrite = Request::to(&REWRITE).by(&owner).path("note_id", &id).header("if-match", made.header("etag"));
        app.call(rewrite.json(json!({ "text": text })))
    };
    let (one, other) = tokio::join!(rewrite("b"), rewrite("c"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}
