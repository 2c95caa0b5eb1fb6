//! A scripted Instagram API, for accounts that sign in with Instagram.
//!
//! Sources: <https://developers.facebook.com/docs/instagram-platform/>, pages `content-publishing` (steps, carousels of 2 to 10, the
//! limit of 100 posts a day), `instagram-api-with-instagram-login/business-login` (tokens, and answers in a list), and of
//! `instagram-graph-api/reference` the pages `ig-user/media` (parameters, captions), `ig-container` (states) and `error-codes`.

use std::ops::Deref;

use shared::kernel::time::Timestamp;

pub use crate::scripted_meta::refusal;
use crate::scripted_meta::{Rules, ScriptedMeta};

/// The host that the product calls.
pub const HOST: &str = "graph.instagram.com";
/// The one that it redeems codes at.
pub const CODE_HOST: &str = "api.instagram.com";
/// The operator's app.
pub const CLIENT_ID: &str = "990602627938098";
pub const CLIENT_SECRET: &str = "a1b2c3d4e5f6";

static RULES: Rules = Rules {
    page: ("www.instagram.com", "/oauth/authorize"),
    scopes: ["instagram_business_basic", "instagram_business_content_publish"],
    client: (CLIENT_ID, CLIENT_SECRET),
    grants: ("ig_exchange_token", "ig_refresh_token"),
    accounts: [("alice", "17841405822304914", "9900000000000001"), ("bob", "17841405822304915", "9900000000000002")],
    version: "v25.0",
    edges: ("media", "media_publish"),
    user: "ig-user-id",
    text: ("caption", 2_200),
    most_pictures: 10,
    most_posts_a_day: 100,
    without_pictures: false,
    names_images: false,
    status: ("status_code", "status"),
    permalink: "https://www.instagram.com/p/{id}/",
    lists_one: true,
    is_caption: |text| text.matches('#').count() <= 30 && text.matches('@').count() <= 20,
};

#[derive(Clone)]
pub struct ScriptedInstagram(ScriptedMeta);

impl ScriptedInstagram {
    /// Starts a server whose clock shows `now` until `move_to`.
    pub fn start(now: Timestamp) -> Self {
        Self(ScriptedMeta::start(&RULES, now))
    }
}

impl Deref for ScriptedInstagram {
    type Target = ScriptedMeta;

    fn deref(&self) -> &ScriptedMeta {
        &self.0
    }
}
