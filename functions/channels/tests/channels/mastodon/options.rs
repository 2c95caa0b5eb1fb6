//! The options of a status, and its preview.

use channels::PlatformOptions;
use channels::publishing::{self, Draft};
use serde_json::json;
use shared::kernel::time::SignedDuration;

use super::connected;
use crate::oauth::code;

#[tokio::test]
async fn a_preview_shows_exactly_what_is_sent_and_options_are_sent_with_it() {
    let at = connected().await;
    let options = json!({
        "platform": "mastodon",
        "visibility": "unlisted",
        "spoiler_text": "Spoiler",
        "sensitive": true,
        "language": "de",
    });
    let options = Some(serde_json::from_value::<PlatformOptions>(options).unwrap());
    // The server strips these ends; the no-break space stays.
    let text = "\n \tHello https://example.com\u{a0} \n";
    let (preview, refused) = publishing::preview(&at.channel().await, text, options.as_ref());
    assert_eq!(refused, None);
    assert_eq!(preview.rendered.text, "Hello https://example.com\u{a0}");
    let [measured] = preview.measured[..] else { panic!("{preview:?}") };
    assert_eq!((measured.count, measured.limit), (7 + 6 + 23 + 1, 500));
    let since = at.place.app.now();
    let intent = at.prepare(Draft { options, ..at.draft(text) }).await.unwrap();
    assert_eq!(intent.request["text"], preview.rendered.text);
    let published = at.send(&intent).await.unwrap();
    let statuses = at.place.server.statuses();
    assert_eq!(statuses[0].text, preview.rendered.text);
    let sent = json!({ "visibility": "unlisted", "spoiler_text": "Spoiler", "sensitive": true, "language": "de" });
    assert_eq!(statuses[0].options, sent);
    // After the server forgot the key, it is recognised by text and content warning.
    at.place.advance(SignedDuration::from_hours(2));
    assert_eq!(at.reconcile(&intent, since).await.unwrap(), Some(published));
    let other = json!({ "platform": "mastodon", "spoiler_text": "Another" });
    let options = Some(serde_json::from_value(other).unwrap());
    let other = at.prepare(Draft { options, ..at.draft(text) }).await.unwrap();
    assert_eq!(at.reconcile(&other, since).await.unwrap(), None, "another content warning counted as ours");
}

#[tokio::test]
async fn a_request_that_an_earlier_release_stored_is_sent_and_found() {
    let at = connected().await;
    let since = at.place.app.now();
    let mut intent = at.prepare(at.draft("stored")).await.unwrap();
    let request = json!({
        "version": "v1", "idempotency_key": intent.request["idempotency_key"], "text": " stored ", "media_ids": [],
    });
    intent.request = request;
    let published = at.send(&intent).await.unwrap();
    at.place.advance(SignedDuration::from_hours(2));
    assert_eq!(at.reconcile(&intent, since).await.unwrap(), Some(published));
}

#[tokio::test]
async fn a_content_warning_counts_toward_the_limit_and_options_of_another_platform_are_refused() {
    let at = connected().await;
    let options = |options| Some(serde_json::from_value::<PlatformOptions>(options).unwrap());
    let warned = options(json!({ "platform": "mastodon", "spoiler_text": "ab" }));
    let fits = Draft { options: warned.clone(), ..at.draft(&"é".repeat(498)) };
    at.prepare(fits).await.unwrap();
    let long = Draft { options: warned, ..at.draft(&"é".repeat(499)) };
    assert_eq!(code(at.prepare(long).await), ("refused", "text_over_limit".to_owned()));
    let other = Draft { options: options(json!({ "platform": "bluesky" })), ..at.draft("a") };
    assert_eq!(code(at.prepare(other).await), ("refused", "options_of_another_platform".to_owned()));
}
