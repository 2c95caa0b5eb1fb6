//! Written by infra/generator. The scopes of personal access tokens, from the routes that accept tokens.

#[rustfmt::skip]
pub const SCOPES: [&str; 10] = [
    "audit-entries:read",
    "channels:read",
    "channels:write",
    "me:read",
    "media:read",
    "media:write",
    "members:read",
    "posts:read",
    "posts:write",
    "workspaces:read",
];
