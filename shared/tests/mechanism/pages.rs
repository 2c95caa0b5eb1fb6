//! Pages: complete lists, and cursors that are valid only for their own list.

use serde_json::json;
use shared::testing::{Request, TestApp};

use super::notes::{LIST, WRITE};

#[tokio::test]
async fn pages_form_the_whole_list_and_cursors_are_bound_to_it() {
    let app = TestApp::new();
    let (owner, stranger) = (app.owner().await.unwrap(), app.owner().await.unwrap());
    for text in ["a", "b", "c", "d", "e"] {
        app.advance(jiff::SignedDuration::from_millis(1));
        app.call(Request::to(&WRITE).by(&owner).json(json!({ "text": text }))).await.expect(201);
    }
    let (mut seen, mut cursor, mut first) = (String::new(), None::<String>, None);
    loop {
        let mut request = Request::to(&LIST).by(&owner).query("limit", 2);
        if let Some(cursor) = &cursor {
            request = request.query("cursor", cursor);
        }
        let page = app.call(request).await.expect(200);
        for note in page.body["items"].as_array().unwrap() {
            seen.push_str(note["text"].as_str().unwrap());
        }
        cursor = page.body["next_cursor"].as_str().map(str::to_owned);
        first = first.or_else(|| cursor.clone());
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, "abcde");
    let cursor = first.unwrap();
    let colleague = app.join(owner.workspace, shared::tenancy::Role::Owner).await.unwrap();
    for other in [&stranger, &colleague] {
        let answer =
            app.call(Request::to(&LIST).by(other).query("limit", 2).query("cursor", &cursor)).await.expect(422);
        assert_eq!(answer.fields(), ["cursor"]);
    }
    let mut changed = cursor.clone().into_bytes();
    changed[10] = if changed[10] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    app.call(Request::to(&LIST).by(&owner).query("limit", 2).query("cursor", changed)).await.expect(422);
    app.call(Request::to(&LIST).by(&owner).query("limit", 2).query("cursor", &cursor)).await.expect(200);
}
