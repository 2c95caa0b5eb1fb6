//! Cookies: for consoles, which keep their session where scripts cannot read it.

use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;

/// A cookie that browsers send only to this host, only over HTTPS, and hide from scripts. The prefix `__Host-` makes
/// browsers refuse any other form (RFC 6265bis, section 4.1.3.2).
pub struct Cookie {
    name: &'static str,
    value: SecretText,
    max_age_s: u32,
}

impl Cookie {
    /// `name` is without the prefix. A value may only contain the characters of base64url.
    pub fn new(name: &'static str, value: SecretText, max_age_s: u32) -> Self {
        Self { name, value, max_age_s }
    }

    /// Makes browsers delete the cookie.
    pub fn ended(name: &'static str) -> Self {
        Self::new(name, SecretText::new(String::new()), 0)
    }

    /// The value of `Set-Cookie`. `Lax`: browsers send the cookie when a user follows a link from another site, but not
    /// when another site posts a form.
    pub(crate) fn field(&self) -> Result<String, Problem> {
        let value = self.value.expose();
        let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !value.bytes().all(is_sound) || self.name.is_empty() || !self.name.bytes().all(is_sound) {
            return Err(Problem::internal("a cookie with characters that need quoting"));
        }
        let Self { name, max_age_s, .. } = self;
        Ok(format!("__Host-{name}={value}; Path=/; Max-Age={max_age_s}; Secure; HttpOnly; SameSite=Lax"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_cookie_has_the_host_prefix_and_is_hidden_from_scripts() {
        let cookie = Cookie::new("session", SecretText::new("a-B_9".to_owned()), 60);
        let field = cookie.field().unwrap();
        assert_eq!(field, "__Host-session=a-B_9; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax");
        assert!(Cookie::ended("session").field().unwrap().contains("Max-Age=0"));
        for unsound in ["a;b", "a b", "a\r\nSet-Cookie: b=c", "\"a\"", "ä"] {
            assert!(Cookie::new("session", SecretText::new(unsound.to_owned()), 60).field().is_err(), "{unsound}");
        }
    }
}
