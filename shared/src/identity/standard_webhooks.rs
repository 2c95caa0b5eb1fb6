//! Standard Webhooks: the symmetric signature of <https://www.standardwebhooks.com> (specification 1.0.0, "Signature scheme").
//!
//! HMAC-SHA-256 over `id.timestamp.body`, under a secret that is written `whsec_` and base64. A sender that signs so has
//! [`verify`] as its rule.

use jiff::{SignedDuration, Timestamp};

use super::inbound::{SignedCall, Unverified, Verified};
use crate::crypto::digest::{equal, from_base64, hmac_sha256};
use crate::kernel::secrets::{SecretBytes, SecretText};

/// How old a call may be, or how far ahead ("Verifying webhook authenticity": the reference libraries take five minutes).
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// A secret has 24 to 64 bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Signatures of one call that are looked at: a sender that replaces its secret signs with both.
const MAX_SIGNATURES: usize = 8;
const MAX_ID_BYTES: usize = 256;

/// Verifies a call by the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`.
pub fn verify(call: &SignedCall<'_>) -> Result<Verified, Unverified> {
    let (id, timestamp) = (call.header("webhook-id")?, call.header("webhook-timestamp")?);
    // Parts that hold the separator could be divided otherwise than the sender joined them.
    if id.is_empty() || id.len() > MAX_ID_BYTES || id.contains('.') {
        return Err(Unverified("id"));
    }
    let is_whole = !timestamp.is_empty() && timestamp.bytes().all(|digit| digit.is_ascii_digit());
    let seconds = if is_whole { timestamp.parse().ok() } else { None };
    let sent_at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or(Unverified("timestamp"))?;
    call.sent_within(sent_at, TOLERANCE)?;
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", call.body].concat();
    // Once for each key, however many signatures an unverified sender lists.
    let keys = call.keys.iter().filter_map(secret);
    let expected: Vec<_> = keys.map(|key| hmac_sha256(key.expose(), &signed)).collect();
    let signatures = call.header("webhook-signature")?.split(' ').take(MAX_SIGNATURES);
    let is_genuine = signatures
        .filter_map(|signature| from_base64(signature.strip_prefix("v1,")?))
        .any(|signature| expected.iter().any(|mac| equal(mac, &signature)));
    if !is_genuine {
        return Err(Unverified("signature"));
    }
    Ok(Verified { message_id: id.to_owned(), sent_at: Some(sent_at) })
}

/// The bytes of a secret; none for a text that is no secret, which then verifies nothing.
fn secret(text: &SecretText) -> Option<SecretBytes> {
    let text = text.expose();
    let bytes = SecretBytes::new(from_base64(text.strip_prefix("whsec_").unwrap_or(text))?);
    SECRET_BYTES.contains(&bytes.expose().len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::{HeaderMap, HeaderName};

    use super::*;

    /// The vector of the reference libraries (standard-webhooks/standard-webhooks, `libraries/*`, "sign function works").
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &[u8] = b"{\"test\": 2432232314}";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    struct Sent {
        id: &'static str,
        timestamp: String,
        signature: String,
        body: &'static [u8],
        secrets: Vec<&'static str>,
        now: i64,
    }

    fn vector() -> Sent {
        let (timestamp, signature) = (AT.to_string(), SIGNATURE.to_owned());
        Sent { id: ID, timestamp, signature, body: BODY, secrets: vec![SECRET], now: AT }
    }

    fn verified(change: impl FnOnce(&mut Sent)) -> Result<Verified, Unverified> {
        let mut sent = vector();
        change(&mut sent);
        let mut headers = HeaderMap::new();
        let fields = [("id", sent.id), ("timestamp", &sent.timestamp), ("signature", &sent.signature)];
        for (name, value) in fields.into_iter().filter(|(_, value)| *value != "absent") {
            let name: HeaderName = format!("webhook-{name}").parse().unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        let keys: Vec<_> = sent.secrets.iter().map(|text| SecretText::new((*text).to_owned())).collect();
        let now = Timestamp::from_second(sent.now).unwrap();
        verify(&SignedCall { body: sent.body, headers: &headers, now, keys: &keys })
    }

    #[test]
    fn the_published_vector_is_genuine() {
        let expected = Verified { message_id: ID.to_owned(), sent_at: Some(Timestamp::from_second(AT).unwrap()) };
        assert_eq!(verified(|_| {}), Ok(expected));
        assert!(verified(|sent| sent.secrets = vec![&SECRET[6..]]).is_ok(), "the prefix is optional");
    }

    #[test]
    fn a_changed_message_is_refused() {
        assert!(verified(|sent| sent.body = b"{\"test\": 2432232315}").is_err(), "body");
        assert!(verified(|sent| sent.body = b"{\"test\":2432232314}").is_err(), "the same JSON in other bytes");
        assert!(verified(|sent| sent.id = "msg_p5jXN8AQM9LWM0D4loKWxJel").is_err(), "id");
        assert!(verified(|sent| sent.timestamp = (AT + 1).to_string()).is_err(), "timestamp");
        assert!(verified(|sent| sent.signature = SIGNATURE.replace("v1,g", "v1,h")).is_err(), "signature");
        assert!(verified(|sent| sent.signature = SIGNATURE.replace("v1,", "v2,")).is_err(), "version");
        assert!(verified(|sent| sent.signature = SIGNATURE[..20].to_owned()).is_err(), "cut");
        for absent in ["absent", ""] {
            assert!(verified(|sent| sent.id = absent).is_err(), "id {absent:?}");
            assert!(verified(|sent| sent.timestamp = absent.to_owned()).is_err(), "timestamp {absent:?}");
            assert!(verified(|sent| sent.signature = absent.to_owned()).is_err(), "signature {absent:?}");
        }
    }

    #[test]
    fn a_call_is_taken_for_five_minutes_before_and_after_its_timestamp() {
        for (now, is_taken) in [(-301, false), (-300, true), (300, true), (301, false)] {
            assert_eq!(verified(|sent| sent.now = AT + now).is_ok(), is_taken, "{now}");
        }
    }

    #[test]
    fn a_sender_may_replace_its_secret() {
        const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(verified(|sent| sent.secrets = vec![OTHER, SECRET]).is_ok(), "either secret");
        assert!(verified(|sent| sent.signature = format!("v1,AAAA v1a,AAAA {SIGNATURE}")).is_ok(), "either signature");
        assert!(verified(|sent| sent.secrets = vec![OTHER]).is_err());
    }

    #[test]
    fn a_secret_that_anyone_could_guess_verifies_nothing() {
        let empty = crate::crypto::digest::hmac_sha256(b"", &[ID.as_bytes(), b".1614265330.", BODY].concat());
        let signature = format!("v1,{}", crate::crypto::digest::base64(&empty));
        for secrets in [vec!["whsec_"], vec![""], vec!["whsec_no base64"], vec![]] {
            let refused = verified(|sent| (sent.signature, sent.secrets) = (signature.clone(), secrets.clone()));
            assert_eq!(refused, Err(Unverified("signature")), "{secrets:?}");
        }
    }
}
