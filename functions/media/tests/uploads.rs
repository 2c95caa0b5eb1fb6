//! An upload, from its declaration to a picture that can be published.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, GrayImage, Rgb, RgbImage, RgbaImage};
use media::media::{Sha256, StoredPicture};
use media::publishable::Accepted;
use media::rendition::Format;
use media::routes::{complete_upload, create_upload, get_media};
use media::{Media, MediaId, picture, publishable};
use serde_json::{Value, json};
use shared::kernel::time::SignedDuration;
use shared::tenancy::Changes;
use shared::testing::{Person, Request, Response, TestApp};

fn encoded(image: &DynamicImage, format: image::ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn picture() -> Vec<u8> {
    encoded(&RgbImage::from_pixel(40, 30, Rgb([200, 60, 20])).into(), image::ImageFormat::Jpeg)
}

/// A photograph larger than Bluesky accepts.
fn photograph() -> Vec<u8> {
    let mut state = 7_u32;
    let image = RgbImage::from_fn(1_300, 1_300, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, red, green, blue] = state.to_le_bytes();
        Rgb([red, green, blue])
    });
    encoded(&image.into(), image::ImageFormat::Png)
}

fn within(max_bytes: u64) -> Accepted {
    Accepted { max_bytes, formats: vec![Format::Jpeg, Format::Png] }
}

async fn announce(app: &TestApp, person: &Person, file: &[u8]) -> Response {
    let body = json!({ "size_bytes": file.len(), "sha256": Sha256::of(file), "alt_text": "A wall" });
    app.call(Request::to(&create_upload::FUNCTION).by(person).json(body)).await
}

/// Declares and uploads a file; returns the id of the picture that awaits completion.
async fn uploaded(app: &TestApp, person: &Person, file: &[u8]) -> MediaId {
    let made = announce(app, person, file).await.expect(201);
    app.upload(&made.body["upload"], file.to_vec()).expect(200);
    made.body["media"]["id"].as_str().unwrap().parse().unwrap()
}

async fn complete(app: &TestApp, person: &Person, id: MediaId) -> Response {
    app.call(Request::to(&complete_upload::FUNCTION).by(person).path("media_id", id)).await
}

async fn get(app: &TestApp, person: &Person, id: MediaId) -> Response {
    app.call(Request::to(&get_media::FUNCTION).by(person).path("media_id", id)).await
}

#[tokio::test]
async fn a_completed_upload_becomes_a_picture() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let file = picture();
    let made = announce(&app, &owner, &file).await.expect(201);
    let (media, upload) = (&made.body["media"], &made.body["upload"]);
    assert_eq!((media["state"].as_str(), &media["picture"]), (Some("awaiting_upload"), &Value::Null));
    assert_eq!(upload["method"], "PUT");
    let (url, id) = (upload["url"].as_str().unwrap(), media["id"].as_str().unwrap());
    assert!(url.contains(&format!("/q/{}/{id}?", owner.workspace)), "{url}");

    let id: MediaId = id.parse().unwrap();
    assert_eq!(get(&app, &owner, id).await.expect(200).body, *media);
    app.upload(upload, file).expect(200);
    let done = complete(&app, &owner, id).await.expect(200).body;
    assert_eq!(done["state"], "ready");
    assert_eq!(done["expires_at"], Value::Null);
    assert_eq!(done["picture"]["content_type"], "image/jpeg");
    assert_eq!((&done["picture"]["width"], &done["picture"]["height"]), (&json!(40), &json!(30)));
    assert_eq!(get(&app, &owner, id).await.expect(200).body, done);

    let read = publishable::read(&app.object_scope(owner.workspace), &id, &within(2_000_000)).await.unwrap();
    assert_eq!((read.content_type, read.alt_text.as_deref()), ("image/jpeg", Some("A wall")));
    assert_eq!(done["picture"]["sha256"], json!(Sha256::of(&read.bytes)));
}

#[tokio::test]
async fn the_signature_binds_size_checksum_and_key() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let made = announce(&app, &owner, &picture()).await.expect(201);
    let upload = &made.body["upload"];
    let signed = url_parameter(upload["url"].as_str().unwrap(), "X-Amz-SignedHeaders");
    assert!(signed.contains("content-length") && signed.contains("x-amz-checksum-sha256"), "{signed}");
    assert_eq!(upload["headers"]["content-length"], picture().len().to_string());
    assert_eq!(upload["headers"]["x-amz-checksum-sha256"], json!(Sha256::of(&picture())));
}

fn url_parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let pair = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap();
    pair.replace("%3B", ";")
}

#[tokio::test]
async fn a_repeated_completion_has_one_effect() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let id = uploaded(&app, &owner, &picture()).await;
    // Audit entries are ordered by their milliseconds.
    app.advance(SignedDuration::from_secs(1));
    let (first, second) = tokio::join!(complete(&app, &owner, id), complete(&app, &owner, id));
    let third = complete(&app, &owner, id).await.expect(200);
    assert_eq!(first.expect(200).body, third.body);
    assert_eq!(second.expect(200).body, third.body);

    let page = shared::tenancy::Page { limit: 50, cursor: None, newest_first: false };
    let entries = app.scope(owner.workspace).audit_entries(&page).await.unwrap().items;
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["media.upload_created", "media.completed"]);
    let version = entries[1].target.detail.as_ref().unwrap()["ready"]["full"]["version"].as_str().unwrap();
    assert!(!version.is_empty());
}

#[tokio::test]
async fn a_later_upload_under_the_same_signature_does_not_change_the_picture() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let file = picture();
    let made = announce(&app, &owner, &file).await.expect(201);
    let id: MediaId = made.body["media"]["id"].as_str().unwrap().parse().unwrap();
    app.upload(&made.body["upload"], file.clone()).expect(200);
    let before = complete(&app, &owner, id).await.expect(200).body;
    app.upload(&made.body["upload"], file).expect(200);
    assert_eq!(complete(&app, &owner, id).await.expect(200).body, before);
}

#[tokio::test]
async fn a_large_photograph_has_a_compact_rendition() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let id = uploaded(&app, &owner, &photograph()).await;
    let full = complete(&app, &owner, id).await.expect(200).body["picture"]["size_bytes"].as_u64().unwrap();
    assert!(full > 2_000_000);
    let scope = app.object_scope(owner.workspace);
    assert_eq!(publishable::read(&scope, &id, &within(8_000_000)).await.unwrap().bytes.len() as u64, full);
    let compact = publishable::read(&scope, &id, &within(2_000_000)).await.unwrap();
    assert!(compact.bytes.len() <= 2_000_000 && compact.width < 1_300);
    let refused = publishable::read(&scope, &id, &within(1_000)).await.err().unwrap();
    assert_eq!(refused.code(), "media_too_large");
}

#[tokio::test]
async fn a_png_is_stored_as_jpeg_for_a_platform_that_takes_nothing_else() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let clear = RgbaImage::from_pixel(40, 30, image::Rgba([200, 60, 20, 0]));
    let id = uploaded(&app, &owner, &encoded(&clear.into(), image::ImageFormat::Png)).await;
    complete(&app, &owner, id).await.expect(200);
    let scope = app.object_scope(owner.workspace);
    let only_jpeg = Accepted { max_bytes: 2_000_000, formats: vec![Format::Jpeg] };
    let first = publishable::read(&scope, &id, &only_jpeg).await.unwrap();
    let again = publishable::read(&scope, &id, &only_jpeg).await.unwrap();
    assert_eq!((first.content_type, first.width, first.height), ("image/jpeg", 40, 30));
    assert!(first.bytes == again.bytes, "the same bytes each time");
    assert_eq!(image::load_from_memory(&first.bytes).unwrap().to_rgb8().get_pixel(20, 15), &Rgb([255, 255, 255]));
    let stored = scope.read_object(&format!("{id}.flat.jpg"), None, 2_000_000).await.unwrap().unwrap();
    assert!(stored.bytes == first.bytes);
    // The picture itself stays what it was.
    assert_eq!(publishable::read(&scope, &id, &within(2_000_000)).await.unwrap().content_type, "image/png");
}

#[tokio::test]
async fn completing_before_the_upload_is_refused() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let made = announce(&app, &owner, &picture()).await.expect(201);
    let id: MediaId = made.body["media"]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(complete(&app, &owner, id).await.expect(409).code(), "media_not_uploaded");
    let refused = publishable::read(&app.object_scope(owner.workspace), &id, &within(2_000_000)).await.err().unwrap();
    assert_eq!(refused.code(), "media_not_ready");

    app.advance(SignedDuration::from_hours(25));
    assert_eq!(app.scope(owner.workspace).find::<Media>(&id).await.unwrap().map(drop), None);
}

#[tokio::test]
async fn an_upload_with_other_bytes_is_refused() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let made = announce(&app, &owner, &picture()).await.expect(201);
    let id: MediaId = made.body["media"]["id"].as_str().unwrap().parse().unwrap();
    // Other bytes under the same name, as if S3 had not enforced the signature.
    let other = photograph();
    let sha256 = Sha256::of(&other);
    let scope = app.object_scope(owner.workspace);
    let signed = scope.sign_upload(&id.to_string(), other.len() as u64, sha256.as_str()).await.unwrap();
    app.upload(&json!({ "url": signed.url, "headers": signed.headers }), other).expect(200);
    assert_eq!(complete(&app, &owner, id).await.expect(422).code(), "media_upload_differs");
    assert_eq!(get(&app, &owner, id).await.expect(200).body["state"], "awaiting_upload");
}

#[tokio::test]
async fn a_file_that_is_no_picture_is_refused_and_not_stored() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let cut = picture()[..200].to_vec();
    for (file, code) in [(b"PK\x03\x04 holiday.png".to_vec(), "not_a_picture"), (cut, "picture_damaged")] {
        let id = uploaded(&app, &owner, &file).await;
        for _ in 0..2 {
            assert_eq!(complete(&app, &owner, id).await.expect(422).code(), code);
        }
        assert_eq!(get(&app, &owner, id).await.expect(200).body["state"], "awaiting_upload");
        for name in [format!("{id}.png"), format!("{id}.jpg")] {
            assert!(app.object_scope(owner.workspace).read_object(&name, None, 1_000).await.unwrap().is_none());
        }
    }
}

#[tokio::test]
async fn an_invalid_declaration_is_refused() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let sha256 = Sha256::of(b"");
    for (body, field) in [
        (json!({ "size_bytes": 0, "sha256": sha256 }), "size_bytes"),
        (json!({ "size_bytes": 20_000_001, "sha256": sha256 }), "size_bytes"),
        (json!({ "size_bytes": 1, "sha256": "abc" }), "sha256"),
        (json!({ "size_bytes": 1, "sha256": sha256, "alt_text": " " }), "alt_text"),
        (json!({ "size_bytes": 1, "sha256": sha256, "alt_text": "\u{2800}\u{200B}" }), "alt_text"),
        (json!({ "size_bytes": 1, "sha256": sha256, "file_name": "a.png" }), "file_name"),
    ] {
        let refused = app.call(Request::to(&create_upload::FUNCTION).by(&owner).json(body)).await.expect(422);
        assert_eq!(refused.fields(), [field]);
    }
    let modest = app.founder_on("free").await.unwrap();
    let body = json!({ "size_bytes": 10_000_001, "sha256": sha256 });
    let refused = app.call(Request::to(&create_upload::FUNCTION).by(&modest).json(body)).await.expect(422);
    assert_eq!((refused.code(), refused.fields()), ("media_over_plan_limit", vec!["size_bytes"]));
}

#[tokio::test]
async fn creating_more_than_thirty_uploads_in_five_minutes_is_refused() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    for _ in 0..30 {
        announce(&app, &owner, &picture()).await.expect(201);
        app.move_address();
    }
    announce(&app, &owner, &picture()).await.expect(429);
    app.advance(SignedDuration::from_secs(601));
    announce(&app, &owner, &picture()).await.expect(201);
}

#[tokio::test]
async fn completing_more_than_thirty_uploads_in_five_minutes_is_refused() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let (damaged, good) = (uploaded(&app, &owner, &picture()[..200]).await, uploaded(&app, &owner, &picture()).await);
    for _ in 0..30 {
        assert_eq!(complete(&app, &owner, damaged).await.expect(422).code(), "picture_damaged");
        app.move_address();
    }
    let wire = app.wire(&complete_upload::FUNCTION);
    wire.take();
    let refused = complete(&app, &owner, damaged).await.expect(429);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() <= 300);
    assert!(!wire.take().contains(&"S3.GetObject".to_owned()), "a file was read for a request that is refused");
    complete(&app, &owner, good).await.expect(429);
    app.advance(SignedDuration::from_secs(301));
    complete(&app, &owner, good).await.expect(200);
}

#[tokio::test]
async fn a_repeated_declaration_returns_the_same_picture() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let body = json!({ "size_bytes": 9, "sha256": Sha256::of(b"") });
    let request = Request::to(&create_upload::FUNCTION).by(&owner).json(body).header("idempotency-key", "holiday-1");
    let first = app.call(request.clone()).await.expect(201);
    let again = app.call(request).await.expect(201);
    assert_eq!(first.body["media"], again.body["media"]);
    assert_eq!(again.body["upload"]["method"], "PUT");
}

#[tokio::test]
async fn a_missing_version_is_replaced_only_by_the_same_bytes() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let scope = app.object_scope(owner.workspace);
    let id: MediaId = app.new_id();
    let (file, size) = (picture(), json!(picture().len()));
    let mut media = Media::announced(
        id,
        serde_json::from_value(size).unwrap(),
        Sha256::of(&file),
        None,
        owner.user.into(),
        app.now(),
    );
    let name = format!("{id}.jpg");
    let gone = StoredPicture {
        name: name.clone(),
        version: "00000000-0000-0000-0000-000000000000".to_owned(),
        format: Format::Jpeg,
        size_bytes: file.len() as u64,
        width: 40,
        height: 30,
        sha256: Sha256::of(&file),
    };
    media.complete(gone, None);
    scope.commit(Changes::default().insert(&media).unaudited("a test's picture")).await.unwrap();

    scope.write_object(&name, "image/jpeg", file.clone()).await.unwrap();
    assert_eq!(publishable::read(&scope, &id, &within(2_000_000)).await.unwrap().bytes, file);
    scope.write_object(&name, "image/jpeg", b"something else".to_vec()).await.unwrap();
    assert_eq!(publishable::read(&scope, &id, &within(2_000_000)).await.err().unwrap().status(), 500);
}

#[tokio::test]
async fn the_sample_events_are_answered() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let id = uploaded(&app, &owner, &picture()).await;
    for (function, event, status) in [
        (&create_upload::FUNCTION, include_str!("../../../events/media/create-upload.json"), 201),
        (&complete_upload::FUNCTION, include_str!("../../../events/media/complete-upload.json"), 200),
        (&get_media::FUNCTION, include_str!("../../../events/media/get-media.json"), 200),
    ] {
        let event = event
            .replace("{{token}}", &owner.token)
            .replace("{{workspace_id}}", &owner.workspace.to_string())
            .replace("{{media_id}}", &id.to_string());
        app.answer_event(function, &serde_json::from_str(&event).unwrap()).await.expect(status);
    }
}

#[tokio::test]
async fn an_animated_or_too_large_picture_is_refused() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let mut animated = Vec::new();
    let mut encoder = GifEncoder::new(&mut animated);
    for _ in 0..2 {
        encoder.encode_frame(Frame::new(RgbaImage::new(8, 8))).unwrap();
    }
    drop(encoder);
    let wide = encoded(&GrayImage::new(picture::MAX_SIDE + 1, 1).into(), image::ImageFormat::Png);
    for (file, code) in [(animated, "picture_animated"), (wide, "picture_too_many_pixels")] {
        let id = uploaded(&app, &owner, &file).await;
        assert_eq!(complete(&app, &owner, id).await.expect(422).code(), code);
    }
}
