//! Containers and posts.

use serde_json::{Value, json};
use shared::kernel::time::{SignedDuration, Timestamp, after};

use super::{Answered, Call, State, refused};

pub(super) struct Container {
    account: String,
    text: String,
    /// The addresses of its pictures.
    pictures: Vec<String>,
    is_item: bool,
    created_at: Timestamp,
    /// How often it is still in progress when it is asked for.
    looks: u32,
    pub(super) error: Option<String>,
    is_published: bool,
}

/// A published post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub id: String,
    /// The number of its author.
    pub account: String,
    pub text: String,
    /// The addresses of its pictures, in order.
    pub pictures: Vec<String>,
    pub at: Timestamp,
}

const LIFETIME: SignedDuration = SignedDuration::from_hours(24);
const MOST_CHARACTERS: usize = 500;
const MOST_POSTS_A_DAY: usize = 250;

impl State {
    pub(super) fn create(&mut self, call: &Call) -> Answered {
        let account = self.own(call)?;
        let (kind, text) = (call.parameter("media_type"), call.parameter("text"));
        // Texts of the tests have no emoji.
        if text.chars().count() > MOST_CHARACTERS || call.parameter("alt_text").chars().count() > 1_000 {
            return Err(refused(400, 100, "Param text must be at most 500 characters long."));
        }
        let pictures = match kind {
            "TEXT" if !text.is_empty() => Vec::new(),
            "IMAGE" if call.parameter("image_url").starts_with("http") => vec![call.parameter("image_url").to_owned()],
            "CAROUSEL" => self.children(call.parameter("children"), &account)?,
            _ => return Err(refused(400, 100, "The parameter media_type is required.")),
        };
        let container = Container {
            account,
            text: text.to_owned(),
            looks: if kind == "IMAGE" { self.looks } else { 0 },
            pictures,
            is_item: call.parameter("is_carousel_item") == "true",
            created_at: self.now,
            error: None,
            is_published: false,
        };
        let id = self.issue();
        self.containers.insert(id.clone(), container);
        Ok(json!({ "id": id }))
    }

    /// The pictures of a carousel: from 2 to 20 finished items of the same account.
    fn children(&self, list: &str, account: &str) -> Result<Vec<String>, (u16, Value)> {
        let ids: Vec<&str> = list.split(',').collect();
        if !(2..=20).contains(&ids.len()) {
            return Err(refused(400, 100, "A carousel has 2 to 20 children."));
        }
        let mut pictures = Vec::new();
        for id in ids {
            let child = self.containers.get(id).filter(|child| child.is_item && child.account == account);
            let child = child.filter(|child| self.status(child) == "FINISHED");
            pictures.extend(child.ok_or_else(|| refused(400, 100, "Invalid children"))?.pictures.clone());
        }
        Ok(pictures)
    }

    fn status(&self, container: &Container) -> &'static str {
        match container {
            _ if container.is_published => "PUBLISHED",
            _ if container.error.is_some() => "ERROR",
            _ if self.now >= after(container.created_at, LIFETIME) => "EXPIRED",
            _ if container.looks > 0 => "IN_PROGRESS",
            _ => "FINISHED",
        }
    }

    pub(super) fn publish(&mut self, call: &Call) -> Answered {
        let account = self.own(call)?;
        let id = call.parameter("creation_id").to_owned();
        let today = after(self.now, -LIFETIME);
        if self.posts.iter().filter(|post| post.account == account && post.at > today).count() >= MOST_POSTS_A_DAY {
            return Err((
                400,
                json!({ "error": { "code": 9, "error_subcode": 2_207_042, "message": "Too many posts" } }),
            ));
        }
        let container = self.containers.get(&id).filter(|found| found.account == account && !found.is_item);
        let Some(container) = container else {
            return Err(refused(400, 24, "The requested resource does not exist"));
        };
        if self.status(container) != "FINISHED" {
            let message = "Media is not ready to be published";
            return Err((400, json!({ "error": { "code": 9007, "error_subcode": 2_207_027, "message": message } })));
        }
        let (text, pictures, at) = (container.text.clone(), container.pictures.clone(), self.now);
        if let Some(container) = self.containers.get_mut(&id) {
            container.is_published = true;
        }
        let id = self.issue();
        self.posts.push(Post { id: id.clone(), account, text, pictures, at });
        Ok(json!({ "id": id }))
    }

    /// A container with its status, or a post.
    pub(super) fn show(&mut self, call: &Call) -> Answered {
        self.valid(call)?;
        if let Some(post) = self.posts.iter().find(|post| post.id == call.id) {
            return Ok(entity(post));
        }
        let Some(container) = self.containers.get(&call.id) else {
            return Err(refused(404, 24, "The requested resource does not exist"));
        };
        let (status, error) = (self.status(container), container.error.clone());
        if let Some(container) = self.containers.get_mut(&call.id) {
            container.looks = container.looks.saturating_sub(1);
        }
        Ok(json!({ "id": call.id, "status": status, "error_message": error }))
    }

    pub(super) fn list(&mut self, call: &Call) -> Answered {
        let account = self.own(call)?;
        let since: i64 = call.parameter("since").parse().unwrap_or_default();
        let limit: usize = call.parameter("limit").parse().unwrap_or(25).min(100);
        let own = self.posts.iter().rev().filter(|post| post.account == account && post.at.as_second() >= since);
        Ok(json!({ "data": own.take(limit).map(entity).collect::<Vec<_>>() }))
    }
}

fn entity(post: &Post) -> Value {
    json!({
        "id": post.id,
        "permalink": format!("https://www.threads.com/@{}/post/{}", post.account, post.id),
        "text": post.text,
        "timestamp": post.at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string(),
    })
}
