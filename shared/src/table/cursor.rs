//! Page cursors: sealed, and bound to their user, route, workspace and filter.

use jiff::{SignedDuration, Timestamp};

use crate::crypto::aead;
use crate::crypto::digest::{base64url, from_base64url};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretBytes;
use crate::kernel::time::after;

/// How long a client may take from one page to the next.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The user, route, workspace and filter that a cursor is valid for, as one text.
pub(crate) struct Binding(pub(crate) String);

pub(crate) fn seal(key: &SecretBytes, binding: &Binding, sort: &str, now: Timestamp) -> Result<String, Problem> {
    let plain = format!("{}|{sort}", after(now, LIFETIME).as_second());
    Ok(base64url(&aead::seal(key, binding.0.as_bytes(), plain.as_bytes())?))
}

/// The sort key after which the next page begins. A changed, foreign or expired cursor is a 422, which does not say
/// which of these it is.
pub(crate) fn open(key: &SecretBytes, binding: &Binding, cursor: &str, now: Timestamp) -> Result<String, Problem> {
    let refused =
        || Problem::invalid("cursor", "must be a `next_cursor` that this list returned to you in the last 24 hours");
    let sealed = from_base64url(cursor).ok_or_else(refused)?;
    let plain = aead::open(key, binding.0.as_bytes(), &sealed).ok_or_else(refused)?;
    let plain = std::str::from_utf8(plain.expose()).map_err(|_| refused())?;
    let (expires_s, sort) = plain.split_once('|').ok_or_else(refused)?;
    if expires_s.parse().is_ok_and(|expires_s: i64| now.as_second() < expires_s) {
        Ok(sort.to_owned())
    } else {
        Err(refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_valid_for_its_own_list_for_a_day() {
        let key = SecretBytes::new(vec![3; 32]);
        let binding = Binding("user|route|ws".to_owned());
        let now = Timestamp::UNIX_EPOCH;
        let Ok(cursor) = seal(&key, &binding, "POST#1", now) else { unreachable!("a good key") };
        assert_eq!(open(&key, &binding, &cursor, now).ok().as_deref(), Some("POST#1"));
        assert!(open(&key, &Binding("other|route|ws".to_owned()), &cursor, now).is_err());
        assert!(open(&key, &binding, &cursor, after(now, LIFETIME)).is_err());
        assert!(open(&key, &binding, &cursor[1..], now).is_err());
        assert!(open(&key, &binding, "", now).is_err());
    }
}
