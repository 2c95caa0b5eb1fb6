//! Written by infra/generator. What a personal access token can be for: what the routes ask for that admit one.

#[rustfmt::skip]
pub const SCOPES: [&str; 9] = [
    "audit-entries:read",
    "channels:read",
    "channels:write",
    "me:read",
    "media:read",
    "media:write",
    "posts:read",
    "posts:write",
    "workspaces:read",
];
