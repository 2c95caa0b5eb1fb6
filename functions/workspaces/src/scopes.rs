//! Written by infra/generator. The scopes of workspace tokens, from the routes that accept tokens.

#[rustfmt::skip]
pub const SCOPES: [&str; 9] = [
    "audit-entries:read",
    "channels:read",
    "channels:write",
    "media:read",
    "media:write",
    "members:read",
    "posts:read",
    "posts:write",
    "workspaces:read",
];
