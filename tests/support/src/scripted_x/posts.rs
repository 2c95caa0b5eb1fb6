//! The pictures and posts of the scripted X.

use serde_json::{Value, json};
use shared::crypto::digest::{base64url, from_base64, sha256};
use shared::kernel::time::{SignedDuration, Timestamp, after};

use super::{Answered, Call, Post, State, refused};

/// For how long a post with the same text is refused; the vendor states no time.
const DUPLICATES_FOR: SignedDuration = SignedDuration::from_hours(24);
/// `media/upload-media`: images of at most 5 MB.
const MOST_PICTURE_BYTES: usize = 5 * 1024 * 1024;
/// The most posts that a page has.
const PAGE: usize = 100;

impl State {
    pub(super) fn upload(&mut self, call: &Call) -> Answered {
        self.account(call)?;
        let media = call.body["media"].as_str().and_then(from_base64);
        let media = media.ok_or_else(|| refused(400, "Invalid Request", "media is missing"))?;
        if media.len() > MOST_PICTURE_BYTES {
            return Err(refused(400, "Invalid Request", "File size exceeds 5242880 bytes."));
        }
        assert_eq!(call.body["media_category"], "tweet_image");
        let id = self.issue_id();
        self.media.insert(id.clone(), None);
        Ok((200, json!({ "data": { "id": id, "media_key": format!("3_{id}"), "expires_after_secs": 86_400 } })))
    }

    fn issue_id(&mut self) -> String {
        (1_880_028_106_020_515_840 + self.issue()).to_string()
    }

    pub(super) fn describe(&mut self, call: &Call) -> Answered {
        self.account(call)?;
        let text = call.body["metadata"]["alt_text"]["text"].as_str().unwrap_or_default();
        let media = self.media.get_mut(call.body["id"].as_str().unwrap_or_default());
        let media = media.ok_or_else(|| refused(404, "Not Found", "no such media"))?;
        if text.is_empty() || text.chars().count() > 1_000 {
            return Err(refused(400, "Invalid Request", "alt_text must have 1 to 1000 characters"));
        }
        *media = Some(text.to_owned());
        Ok((200, json!({ "data": { "id": call.body["id"] } })))
    }

    pub(super) fn publish(&mut self, call: &Call) -> Answered {
        let account = self.account(call)?;
        let text = call.body["text"].as_str().unwrap_or_default().to_owned();
        let ids = call.body["media"]["media_ids"].as_array().cloned().unwrap_or_default();
        let ids: Vec<String> = ids.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if ids.iter().any(|id| !self.media.contains_key(id)) || ids.len() > 4 || (text.is_empty() && ids.is_empty()) {
            return Err(refused(400, "Invalid Request", "One or more parameters to your request was invalid."));
        }
        let recent = |post: &&Post| post.account == account && self.now < after(post.created_at, DUPLICATES_FOR);
        if self.posts.iter().filter(recent).any(|post| post.text == text && post.media_ids == ids) {
            let detail = "You are not allowed to create a Tweet with duplicate content.";
            return Err(refused(403, "Forbidden", detail));
        }
        let id = self.write(account, &text, ids);
        Ok((201, json!({ "data": { "id": id, "text": text } })))
    }

    pub(super) fn write(&mut self, account: &'static str, text: &str, media_ids: Vec<String>) -> String {
        let id = self.issue_id();
        let descriptions = media_ids.iter().map(|id| self.media.get(id).cloned().flatten()).collect();
        let (text, created_at) = (text.to_owned(), self.now);
        self.posts.push(Post { id: id.clone(), account, text, media_ids, descriptions, created_at });
        id
    }

    /// Newest first, in pages.
    pub(super) fn list(&mut self, call: &Call) -> Answered {
        let account = self.account(call)?;
        let since: Timestamp = call.query["start_time"].parse().unwrap();
        let skipped: usize = call.query.get("pagination_token").map_or(0, |token| token.parse().unwrap());
        let own: Vec<&Post> =
            self.posts.iter().rev().filter(|post| post.account == account && post.created_at >= since).collect();
        let page: Vec<Value> = own.iter().skip(skipped).take(PAGE).map(|post| shown(post)).collect();
        let mut answer = json!({ "meta": { "result_count": page.len() } });
        if !page.is_empty() {
            answer["data"] = json!(page);
        }
        if own.len() > skipped + PAGE {
            answer["meta"]["next_token"] = json!((skipped + PAGE).to_string());
        }
        Ok((200, answer))
    }
}

/// A post as it is listed: links are shortened, one is added for pictures, and some characters are entities of HTML.
fn shown(post: &Post) -> Value {
    let mut urls = Vec::new();
    let words = post.text.split(' ').map(|word| {
        let is_link = word.starts_with("https://") || word.starts_with("http://") || word.ends_with(".example");
        if !is_link {
            return word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        }
        let short = format!("https://t.co/{}", &base64url(&sha256(word.as_bytes()))[..10].replace(['-', '_'], "x"));
        let expanded = if word.starts_with("http") { word.to_owned() } else { format!("http://{word}") };
        urls.push(json!({ "url": short, "expanded_url": expanded, "display_url": word }));
        short
    });
    let mut text = words.collect::<Vec<_>>().join(" ");
    let keys: Vec<String> = post.media_ids.iter().map(|id| format!("3_{id}")).collect();
    if let Some(key) = keys.first() {
        text.push_str(" https://t.co/picture001");
        let expanded = format!("https://x.com/alice/status/{}/photo/1", post.id);
        urls.push(json!({ "url": "https://t.co/picture001", "expanded_url": expanded, "media_key": key }));
    }
    let mut shown = json!({ "id": post.id, "text": text.trim(), "created_at": post.created_at });
    if !urls.is_empty() {
        shown["entities"] = json!({ "urls": urls });
    }
    if !keys.is_empty() {
        shown["attachments"] = json!({ "media_keys": keys });
    }
    shown
}
