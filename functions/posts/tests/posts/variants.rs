//! Variants of single channels, and the preview of what each channel would get.

use media::Media;
use posts::routes::{create_post, preview_post, schedule_post, update_post};
use serde_json::{Value, json};
use shared::tenancy::{Changes, Role};
use shared::testing::Request;

use crate::place::Place;

const TEXT: &str = "Hello @bob.test: https://example.com/a_(b) #märz";

/// The parts that a record marks, in the form of the preview. Mentions have the DID of the account.
fn marked(record: &Value) -> Vec<Value> {
    let parts = record["facets"].as_array().unwrap().iter();
    let part = |facet: &Value| {
        let feature = &facet["features"][0];
        let kind = feature["$type"].as_str().unwrap().rsplit('#').next().unwrap();
        let value = match kind {
            "mention" => json!(feature["did"].as_str().unwrap().replace("did:plc:bob", "bob.test")),
            _ => feature[if kind == "link" { "uri" } else { "tag" }].clone(),
        };
        let index = &facet["index"];
        json!({ "byte_start": index["byteStart"], "byte_end": index["byteEnd"], "kind": kind, "value": value })
    };
    parts.map(part).collect()
}

#[tokio::test]
async fn a_preview_shows_exactly_what_is_sent() {
    let at = Place::new().await;
    at.connect("bob.test").await;
    let options = json!({
        "platform": "bluesky", "languages": ["de", "pt-BR"], "labels": ["graphic-media"], "tags": ["frühling"],
    });
    let content = json!({
        "text": "for everyone else",
        "channel_ids": [at.channel],
        "variants": [{ "channel_id": at.channel, "text": TEXT, "options": options }],
    });
    let shown = at.call(&preview_post::FUNCTION, "", content.clone()).await.expect(200).body;
    let [shown] = shown["items"].as_array().unwrap().as_slice() else { panic!("{shown}") };
    let lengths = json!([
        { "measure": "graphemes", "count": 48, "limit": 300 },
        { "measure": "utf8_bytes", "count": 49, "limit": 3_000 },
    ]);
    assert_eq!(shown["lengths"], lengths);
    assert_eq!((&shown["platform"], &shown["picture_limit"]), (&json!("bluesky"), &json!(4)));
    assert_eq!((&shown["media_ids"], &shown["violations"], &shown["options"]), (&json!([]), &json!([]), &options));

    let post = at.call(&create_post::FUNCTION, "", content).await.expect(201).body;
    let variant = json!({ "channel_id": at.channel, "text": TEXT, "media_ids": null, "options": options });
    assert_eq!(post["variants"], json!([variant]));
    let post = post["id"].as_str().unwrap();
    at.call(&schedule_post::FUNCTION, post, at.in_seconds(30)).await.expect(200);
    at.advance(31);
    at.deliver().await;
    let records = at.server.records();
    let record = records.values().next().unwrap();
    assert_eq!(record["text"], shown["text"]);
    assert_eq!(marked(record), *shown["facets"].as_array().unwrap());
    assert_eq!((&record["langs"], &record["tags"]), (&json!(["de", "pt-BR"]), &json!(["frühling"])));
    assert_eq!(record["labels"]["values"], json!([{ "val": "graphic-media" }]));
}

#[tokio::test]
async fn every_violation_of_every_channel_is_named_with_its_numbers() {
    let at = Place::new().await;
    let bob = at.connect("bob.test").await;
    let family = "👨‍👩‍👧‍👦";
    let content = json!({
        "text": family.repeat(121),
        "channel_ids": [at.channel, bob],
        "variants": [
            { "channel_id": bob, "text": "é".repeat(301), "options": { "platform": "mastodon", "sensitive": true } },
        ],
    });
    let refused = at.call(&create_post::FUNCTION, "", content.clone()).await.expect(422);
    assert_eq!(refused.code(), "post_does_not_fit");
    let numbers =
        |error: &Value| json!([error["field"], error["resource_id"], error["measure"], error["count"], error["limit"]]);
    let errors = refused.body["errors"].as_array().unwrap().clone();
    assert_eq!(
        errors.iter().map(numbers).collect::<Vec<_>>(),
        [
            json!(["text", at.channel, "utf8_bytes", 3_025, 3_000]),
            json!(["variants.0.options", bob, null, null, null]),
            json!(["variants.0.text", bob, "graphemes", 301, 300]),
        ]
    );
    let post = at.draft("a").await;
    let updated = at.call(&update_post::FUNCTION, &post, content.clone()).await.expect(422);
    assert_eq!(updated.body["errors"], refused.body["errors"]);
    // A preview tells the same, and succeeds.
    let shown = at.call(&preview_post::FUNCTION, "", content).await.expect(200).body;
    let violations = shown["items"].as_array().unwrap().iter().flat_map(|item| item["violations"].as_array().unwrap());
    let told = |error: &Value| json!([error["field"], error["rule"], error["measure"], error["count"], error["limit"]]);
    assert_eq!(violations.map(told).collect::<Vec<_>>(), errors.iter().map(told).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_post_is_checked_again_when_it_is_scheduled() {
    let at = Place::new().await;
    let long = json!({ "text": "short", "variants": [], "channel_ids": [] });
    let post = at.call(&create_post::FUNCTION, "", long).await.expect(201).body["id"].as_str().unwrap().to_owned();
    let at_once = json!({
        "channel_ids": [at.channel],
        "variants": [{ "channel_id": at.channel, "text": "a", "options": { "platform": "bluesky" } }],
    });
    at.call(&update_post::FUNCTION, &post, at_once).await.expect(200);
    at.call(&update_post::FUNCTION, &post, json!({ "text": "é".repeat(301) })).await.expect(200);
    at.call(&schedule_post::FUNCTION, &post, at.in_seconds(3_600)).await.expect(200);
    // Without its variant, the channel gets the text of the post.
    let refused = at.call(&update_post::FUNCTION, &post, json!({ "variants": [] })).await.expect(422);
    assert_eq!(refused.fields(), ["text"]);
    let other = at.draft(&"é".repeat(301)).await;
    let refused = at.call(&schedule_post::FUNCTION, &other, at.in_seconds(3_600)).await.expect(422);
    assert_eq!((refused.fields(), &refused.body["errors"][0]["count"]), (vec!["text"], &json!(301)));
}

#[tokio::test]
async fn a_variant_of_a_channel_that_is_not_selected_is_refused_by_its_name() {
    let at = Place::new().await;
    let bob = at.connect("bob.test").await;
    let unknown = at.channel.replace(&at.channel[30..], &"0".repeat(at.channel.len() - 30));
    let stray = |channel: &str| json!({ "text": "a", "channel_ids": [at.channel], "variants": [{ "channel_id": channel, "text": "b" }] });
    for function in [&create_post::FUNCTION, &preview_post::FUNCTION] {
        let refused = at.call(function, "", stray(&bob)).await.expect(422);
        assert_eq!((refused.code(), refused.fields()), ("post_does_not_fit", vec!["variants.0.channel_id"]));
        assert!(refused.text.contains("bob.test (bluesky"), "{}", refused.text);
        let missing = at.call(function, "", stray(&unknown)).await.expect(422);
        assert_eq!((missing.code(), missing.fields()), ("invalid_input", vec!["variants.0.channel_id"]));
    }
    let post = at.draft("a").await;
    at.call(&update_post::FUNCTION, &post, stray(&bob)).await.expect(422);
    // A post that was scheduled for one of its channels keeps the variants of the others, and can be edited.
    let both = json!({ "channel_ids": [at.channel, bob], "variants": [{ "channel_id": bob, "text": "for bob" }] });
    at.call(&update_post::FUNCTION, &post, both).await.expect(200);
    at.call(&schedule_post::FUNCTION, &post, at.in_seconds(3_600)).await.expect(200);
    let same = json!({ "text": "edited", "channel_ids": [at.channel] });
    let edited = at.call(&update_post::FUNCTION, &post, same).await.expect(200).body;
    assert_eq!((&edited["channel_ids"], &edited["variants"][0]["text"]), (&json!([at.channel]), &json!("for bob")));
}

#[tokio::test]
async fn variants_are_replaced_as_a_whole_and_stay_if_they_are_omitted() {
    let at = Place::new().await;
    let bob = at.connect("bob.test").await;
    let variant = |channel: &str, text: &str| json!({ "channel_id": channel, "text": text });
    let content = json!({
        "text": "a",
        "channel_ids": [at.channel, bob],
        "variants": [variant(&at.channel, "one"), variant(&bob, "two")],
    });
    let post = at.call(&create_post::FUNCTION, "", content).await.expect(201).body;
    let id = post["id"].as_str().unwrap();
    let kept = at.call(&update_post::FUNCTION, id, json!({ "text": "b" })).await.expect(200).body;
    assert_eq!(kept["variants"], post["variants"]);
    let body = json!({ "variants": [variant(&bob, "three")] });
    let replaced = at.call(&update_post::FUNCTION, id, body).await.expect(200).body;
    assert_eq!(replaced["variants"].as_array().unwrap().len(), 1);
    assert_eq!(at.post(id).await["variants"], replaced["variants"]);
    let twice = json!({ "variants": [variant(&bob, "a"), variant(&bob, "b")] });
    let refused = at.call(&update_post::FUNCTION, id, twice).await.expect(422);
    assert_eq!((refused.code(), refused.fields()), ("invalid_input", vec!["variants"]));
    for malformed in [
        json!({ "channel_id": bob, "title": "x" }),
        json!({ "channel_id": bob, "text": "\u{200b}" }),
        json!({ "channel_id": bob, "options": { "platform": "bluesky", "visibility": "public" } }),
        json!({ "channel_id": bob, "options": { "languages": ["en"] } }),
    ] {
        let refused = at.call(&update_post::FUNCTION, id, json!({ "variants": [malformed] })).await.expect(422);
        assert!(refused.fields()[0].starts_with("variants.0"), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_reader_may_preview_and_a_channel_must_be_selected() {
    let at = Place::new().await;
    let reviewer = at.app.join(at.owner.workspace, Role::Reviewer).await.unwrap();
    let preview = |body: Value| at.app.call(Request::to(&preview_post::FUNCTION).by(&reviewer).json(body));
    preview(json!({ "text": "a", "channel_ids": [at.channel] })).await.expect(200);
    assert_eq!(preview(json!({ "text": "a", "channel_ids": [] })).await.expect(422).fields(), ["channel_ids"]);
    assert_eq!(preview(json!({ "text": "a" })).await.expect(422).fields(), ["channel_ids"]);
    let theirs = Place::new().await.channel;
    let refused = preview(json!({ "text": "a", "channel_ids": [theirs] })).await.expect(422);
    assert_eq!(refused.fields(), ["channel_ids"]);
}

#[tokio::test]
async fn a_channel_gets_the_pictures_of_its_variant_in_their_order() {
    let at = Place::new().await;
    let mut pictures = Vec::new();
    for bytes in [b"a".as_slice(), b"bb", b"ccc"] {
        let id = at.announced_picture(bytes).await;
        at.complete_picture(id, bytes).await;
        pictures.push(id);
    }
    let [one, two, three] = pictures[..] else { panic!("three pictures") };
    let content = json!({
        "text": "a",
        "media_ids": [one],
        "channel_ids": [at.channel],
        "variants": [{ "channel_id": at.channel, "media_ids": [three, two] }],
    });
    let shown = at.call(&preview_post::FUNCTION, "", content.clone()).await.expect(200).body;
    assert_eq!(shown["items"][0]["media_ids"], json!([three, two]));
    let post = at.call(&create_post::FUNCTION, "", content).await.expect(201).body;
    let post = post["id"].as_str().unwrap();
    at.call(&schedule_post::FUNCTION, post, at.in_seconds(30)).await.expect(200);
    at.advance(31);
    at.deliver().await;
    assert_eq!(at.server.calls("repo.uploadBlob").len(), 2);
    let record = at.server.records().into_values().next().unwrap();
    let images = record["embed"]["images"].as_array().unwrap();
    assert_eq!(images.iter().map(|image| image["image"]["size"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 2]);
}

#[tokio::test]
async fn a_picture_that_is_gone_fails_the_delivery_by_its_id_before_any_call() {
    let at = Place::new().await;
    let picture = at.announced_picture(b"one").await;
    at.complete_picture(picture, b"one").await;
    let content = json!({ "text": "a", "media_ids": [picture], "channel_ids": [at.channel] });
    let post = at.call(&create_post::FUNCTION, "", content).await.expect(201).body;
    let post = post["id"].as_str().unwrap();
    at.call(&schedule_post::FUNCTION, post, at.in_seconds(30)).await.expect(200);
    let workspace = at.app.scope(at.owner.workspace);
    let media = workspace.get::<Media>(&picture).await.unwrap();
    workspace.commit(Changes::default().delete(&media).unaudited("a fixture")).await.unwrap();
    at.advance(31);
    at.deliver().await;
    let delivery = at.deliveries(post).await.remove(0);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("failed"), &json!(1)));
    let text = delivery["last_error"]["text"].as_str().unwrap();
    assert!(text.contains(&picture.to_string()), "{text}");
    assert!(at.server.calls("repo.uploadBlob").is_empty() && at.server.calls("repo.putRecord").is_empty());
}

#[tokio::test]
async fn a_post_has_at_most_fifty_different_pictures_with_those_of_its_variants() {
    let at = Place::new().await;
    let picture = |number: usize| format!("media_01890a5d00007000800000000000{number:04x}");
    let ten = |from: usize| (from..from + 10).map(picture).collect::<Vec<_>>();
    let mut channels = vec![at.channel.clone()];
    for number in 0..4 {
        channels.push(at.connect(&format!("c{number}.test")).await);
    }
    let variants = |count: usize| -> Vec<Value> {
        let variant = |(number, channel)| json!({ "channel_id": channel, "media_ids": ten(10 * (number + 1)) });
        channels.iter().enumerate().take(count).map(variant).collect()
    };
    for (count, rule) in [(4, "must be pictures of this workspace"), (5, "must have at most 50 different pictures")] {
        let content = json!({ "text": "a", "media_ids": ten(0), "channel_ids": channels, "variants": variants(count) });
        let refused = at.call(&create_post::FUNCTION, "", content).await.expect(422);
        assert_eq!((refused.code(), refused.fields()), ("invalid_input", vec!["media_ids"]));
        assert!(refused.text.contains(rule), "{}", refused.text);
    }
}
