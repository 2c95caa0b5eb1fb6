//! Pictures and statuses.
//!
//! Sources: <https://docs.joinmastodon.org/methods/media/>, <https://docs.joinmastodon.org/methods/statuses/> and
//! <https://docs.joinmastodon.org/methods/accounts/#statuses>; the texts of the errors are those of `PostStatusService`.

use serde_json::{Value, json};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use unicode_segmentation::UnicodeSegmentation;

use super::form::{file, parameters};
use super::{Answered, Call, State, Status, refused};

/// How long an idempotency key is kept.
const KEY_LASTS: SignedDuration = SignedDuration::from_secs(3_600);

pub(super) struct Media {
    account: String,
    description: Option<String>,
    size_bytes: usize,
    /// How often it is still being processed when it is looked at.
    looks: u32,
    is_attached: bool,
}

/// An idempotency key in use.
pub(super) struct Key {
    status: String,
    stored_at: Timestamp,
}

impl State {
    /// <https://docs.joinmastodon.org/methods/media/#v2>. The type is the declared one: the pictures of tests are not real.
    pub(super) fn upload(&mut self, call: &Call) -> Answered {
        let account = self.account(call, "write:media")?.account.clone();
        let file = file(call, "file").filter(|file| file.content_type.starts_with("image/"));
        let Some(file) = file else {
            return Err(refused(422, "Validation failed: File content type is invalid, File is invalid"));
        };
        if file.bytes.len() > self.limits.image_size_limit {
            return Err(refused(422, "Validation failed: File file size must be less than 16 MB"));
        }
        let description = parameters(call)["description"].as_str().map(str::to_owned);
        let most = self.limits.description_limit;
        if description.as_ref().is_some_and(|description| description.chars().count() > most) {
            let error = format!("Validation failed: Description is too long (maximum is {most} characters)");
            return Err(refused(422, &error));
        }
        let (id, looks) = (self.issue().to_string(), self.looks);
        let media = Media { account, description, size_bytes: file.bytes.len(), looks, is_attached: false };
        let answer = self.media_entity(&id, &media);
        let status = if media.looks > 0 { 202 } else { 200 };
        self.media.insert(id, media);
        Ok((status, answer))
    }

    /// <https://docs.joinmastodon.org/methods/media/#get>: only a picture of the account that no status has.
    pub(super) fn look(&mut self, call: &Call) -> Answered {
        let account = self.account(call, "write:media")?.account.clone();
        let media = self.media.get_mut(&call.id).filter(|media| media.account == account && !media.is_attached);
        let Some(media) = media else { return Err(refused(404, "Record not found")) };
        media.looks = media.looks.saturating_sub(1);
        let status = if media.looks > 0 { 206 } else { 200 };
        let answer = self.media.get(&call.id).map(|media| self.media_entity(&call.id, media));
        Ok((status, answer.unwrap_or_default()))
    }

    /// <https://docs.joinmastodon.org/methods/statuses/#create>.
    pub(super) fn publish(&mut self, call: &Call) -> Answered {
        let token = self.account(call, "write:statuses")?;
        let (account, client_id) = (token.account.clone(), token.client_id.clone());
        // Before anything is checked, and without comparing the content.
        if let Some(key) = call.idempotency_key.as_ref().and_then(|key| self.keys.get(&(account.clone(), key.clone())))
            && self.now < after(key.stored_at, KEY_LASTS)
        {
            let status = self.statuses.iter().find(|status| status.id == key.status);
            return status
                .map(|status| (200, self.status_entity(status)))
                .ok_or_else(|| refused(404, "Record not found"));
        }
        let input = parameters(call);
        let text = input["status"].as_str().unwrap_or_default();
        let media_ids = self.attachable(&account, &input["media_ids"])?;
        if text.trim().is_empty() && media_ids.is_empty() {
            return Err(refused(422, "Validation failed: Text can't be blank"));
        }
        let warning = input["spoiler_text"].as_str().unwrap_or_default();
        let length = warning.graphemes(true).count() + length(text, self.limits.characters_reserved_per_url);
        if length > self.limits.max_characters {
            let most = self.limits.max_characters;
            return Err(refused(422, &format!("Validation failed: Text character limit of {most} exceeded")));
        }
        let application = self.apps.get(&client_id).map(|app| app.name.clone());
        let mut options = input.clone();
        if let Some(options) = options.as_object_mut() {
            options.retain(|name, _| ["spoiler_text", "visibility", "sensitive", "language"].contains(&name.as_str()));
        }
        let status = self.write(&account, (text, options), media_ids, application, call.idempotency_key.clone());
        let is_lost = std::mem::take(&mut self.loses_next_key);
        if let Some(key) = call.idempotency_key.clone().filter(|_| !is_lost) {
            self.keys.insert((account, key), Key { status: status.id.clone(), stored_at: self.now });
        }
        Ok((200, self.status_entity(&status)))
    }

    /// The pictures that a status is about to get: all must be the account's own, processed, and in no status.
    fn attachable(&self, account: &str, input: &Value) -> Result<Vec<String>, (u16, Value)> {
        let ids: Vec<String> =
            input.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let most = self.limits.max_media_attachments;
        if ids.len() > most {
            return Err(refused(422, &format!("Cannot attach more than {most} files")));
        }
        let own = |id: &String| self.media.get(id).filter(|media| media.account == account && !media.is_attached);
        let missing: Vec<&str> = ids.iter().filter(|id| own(id).is_none()).map(String::as_str).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(refused(422, &format!("Media {missing} not found or already attached to another post")));
        }
        if ids.iter().filter_map(own).any(|media| media.looks > 0) {
            let error = "Cannot attach files that have not finished processing. Try again in a moment!";
            return Err(refused(422, error));
        }
        Ok(ids)
    }

    /// Stores a status.
    pub(super) fn write(
        &mut self,
        account: &str,
        (text, options): (&str, Value),
        media_ids: Vec<String>,
        application: Option<String>,
        idempotency_key: Option<String>,
    ) -> Status {
        // The official server's numbers begin with the time in milliseconds (`Mastodon::Snowflake`).
        let moment = u64::try_from(self.now.as_millisecond()).unwrap_or_default() << 16;
        let id = (moment | (self.issue() & 0xffff)).to_string();
        let mut descriptions = Vec::with_capacity(media_ids.len());
        for media in &media_ids {
            if let Some(media) = self.media.get_mut(media) {
                media.is_attached = true;
                descriptions.push(media.description.clone());
            }
        }
        let name = self.account_entity(account)["username"].as_str().unwrap_or_default().to_owned();
        let url = format!("{}/@{name}/{id}", self.url);
        // The official server strips both ends (`Status#prepare_contents`).
        let text = text.trim_matches(|end: char| end == '\0' || end.is_ascii_whitespace()).to_owned();
        let (account, created_at) = (account.to_owned(), self.now);
        let status = Status {
            id,
            account,
            text,
            options,
            media_ids,
            descriptions,
            created_at,
            application,
            idempotency_key,
            url,
        };
        self.statuses.push(status.clone());
        status
    }

    /// <https://docs.joinmastodon.org/methods/accounts/#statuses>, newest first.
    pub(super) fn list(&self, call: &Call) -> Answered {
        self.account(call, "read:statuses")?;
        if !super::ACCOUNTS.iter().any(|(_, number)| *number == call.id) {
            return Err(refused(404, "Record not found"));
        }
        let parameter = |name: &str| call.query.get(name).and_then(|value| value.parse::<u64>().ok());
        let limit = parameter("limit").unwrap_or(20).min(40);
        let number = |status: &Status| status.id.parse::<u64>().unwrap_or_default();
        let mut found: Vec<&Status> = self.statuses.iter().filter(|status| status.account == call.id).collect();
        found.retain(|status| parameter("max_id").is_none_or(|max_id| number(status) < max_id));
        found.sort_by_key(|status| std::cmp::Reverse(number(status)));
        let page = found.into_iter().take(usize::try_from(limit).unwrap_or_default());
        Ok((200, page.map(|status| self.status_entity(status)).collect()))
    }

    /// <https://docs.joinmastodon.org/methods/statuses/#source>: only of an own status.
    pub(super) fn source(&self, call: &Call) -> Answered {
        let account = &self.account(call, "read:statuses")?.account;
        let status = self.statuses.iter().find(|status| status.id == call.id && status.account == *account);
        let status = status.ok_or_else(|| refused(404, "Record not found"))?;
        Ok((
            200,
            json!({ "id": status.id, "text": status.text, "spoiler_text": status.options["spoiler_text"].as_str().unwrap_or_default() }),
        ))
    }

    /// <https://docs.joinmastodon.org/entities/Status/>.
    fn status_entity(&self, status: &Status) -> Value {
        let attached = |id: &String| self.media.get(id).map(|media| self.media_entity(id, media));
        let media: Vec<Value> = status.media_ids.iter().filter_map(attached).collect();
        let application = status.application.as_ref().map(|name| json!({ "name": name, "website": null }));
        json!({
            "id": status.id,
            "created_at": status.created_at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "visibility": status.options["visibility"].as_str().unwrap_or("public"),
            "spoiler_text": status.options["spoiler_text"].as_str().unwrap_or_default(),
            "uri": format!("{}/users/{}/statuses/{}", self.url, status.account, status.id),
            "url": status.url,
            "content": format!("<p>{}</p>", status.text),
            "account": self.account_entity(&status.account),
            "media_attachments": media,
            "application": application,
            "reblog": null,
        })
    }

    /// <https://docs.joinmastodon.org/entities/MediaAttachment/>.
    fn media_entity(&self, id: &str, media: &Media) -> Value {
        let url = (media.looks == 0).then(|| format!("{}/media/{id}/original.png", self.url));
        let Media { description, size_bytes, .. } = media;
        let preview_url = format!("{}/media/{id}/small.png", self.url);
        json!({
            "id": id, "type": "image", "url": url, "preview_url": preview_url, "remote_url": null, "description": description,
            "meta": { "original": { "size_bytes": size_bytes } },
        })
    }
}

/// The length of a text in characters, where a link counts as a fixed number, and of a mention only the name
/// (`StatusLengthValidator`). It only recognises links and mentions between spaces.
fn length(text: &str, link: usize) -> usize {
    let word_length = |word: &str| {
        let trimmed = word.trim_end_matches(|last: char| !last.is_alphanumeric() && last != '/');
        let after_word = word.chars().count() - trimmed.chars().count();
        let host = trimmed.strip_prefix("https://").or_else(|| trimmed.strip_prefix("http://"));
        if host.is_some_and(|host| host.contains('.')) {
            return link + after_word;
        }
        match trimmed.strip_prefix('@').and_then(|mention| mention.split_once('@')) {
            Some((name, server)) if server.contains('.') => 1 + name.chars().count() + after_word,
            _ => word.graphemes(true).count(),
        }
    };
    let spaces = text.chars().filter(|next| next.is_whitespace()).count();
    spaces + text.split_whitespace().map(word_length).sum::<usize>()
}
