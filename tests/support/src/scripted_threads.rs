//! A scripted Threads API.
//!
//! Sources: <https://developers.facebook.com/docs/threads/>, pages `posts` (steps, carousels, the limit of 500 characters),
//! `reference/publishing` (parameters), `troubleshooting` (states of a container, the limit of 250 posts a day),
//! `threads-media` (lists and fields), `get-started/get-access-tokens-and-permissions` and `get-started/long-lived-tokens`.

use std::ops::Deref;

use shared::kernel::time::Timestamp;

pub use crate::scripted_meta::refusal;
use crate::scripted_meta::{Rules, ScriptedMeta};

/// The host that the product calls.
pub const HOST: &str = "graph.threads.net";
/// The operator's app.
pub const CLIENT_ID: &str = "990602627938098";
pub const CLIENT_SECRET: &str = "a1b2c3d4e5f6";

static RULES: Rules = Rules {
    page: ("threads.com", "/oauth/authorize"),
    scopes: ["threads_basic", "threads_content_publish"],
    client: (CLIENT_ID, CLIENT_SECRET),
    grants: ("th_exchange_token", "th_refresh_token"),
    accounts: [("alice", "31415926535897932", "31415926535897932"), ("bob", "27182818284590452", "27182818284590452")],
    version: "v1.0",
    edges: ("threads", "threads_publish"),
    user: "threads-user-id",
    text: ("text", 500),
    most_pictures: 20,
    most_posts_a_day: 250,
    without_pictures: true,
    names_images: true,
    status: ("status", "error_message"),
    permalink: "https://www.threads.com/@{account}/post/{id}",
    lists_one: false,
    is_caption: |_| true,
};

#[derive(Clone)]
pub struct ScriptedThreads(ScriptedMeta);

impl ScriptedThreads {
    /// Starts a server whose clock shows `now` until `move_to`.
    pub fn start(now: Timestamp) -> Self {
        Self(ScriptedMeta::start(&RULES, now))
    }
}

impl Deref for ScriptedThreads {
    type Target = ScriptedMeta;

    fn deref(&self) -> &ScriptedMeta {
        &self.0
    }
}
