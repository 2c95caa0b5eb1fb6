//! TOTP: the secret that an authenticator app holds, and its six-digit codes (RFC 6238).

use std::borrow::Cow;

use base32::Alphabet;
use mail::EmailAddress;
use serde::{Deserialize, Deserializer, de};
use shared::kernel::entropy::Entropy;
use shared::kernel::secrets::{SecretBytes, SecretText};
use shared::kernel::time::Timestamp;
use totp_rs::{Algorithm, Builder};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use zeroize::Zeroize;

use crate::typed_code::is_separator;

/// Digits of a code. Apps show six; some ignore any other setting.
const DIGITS: u8 = 6;
/// The time step, in seconds (RFC 6238, section 5.2).
const STEP_S: u64 = 30;
/// Tolerated clock drift in steps, each way (RFC 6238, section 5.2: at most one, for network delay).
const TOLERATED_STEPS: u64 = 1;
/// As long as the output of HMAC-SHA-1 (RFC 4226, section 4, requirement 6).
const SECRET_BYTES: usize = 20;
/// The issuer that apps show.
const ISSUER: &str = "Bulkhead";
const BASE32: Alphabet = Alphabet::Rfc4648 { padding: false };

/// The longest input, with room for spaces and hyphens.
const LONGEST_CHARACTERS: usize = 24;

/// A code in normal form: six digits.
pub struct TotpCode(SecretText);

/// Why a text cannot be a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have exactly {DIGITS} digits; spaces and hyphens are ignored")]
pub struct NotATotpCode;

impl TotpCode {
    /// Parses a code as apps show it and people type it: `123456`, `123 456`, `123-456`.
    pub fn parse(mut text: String) -> Result<Self, NotATotpCode> {
        let mut digits = String::with_capacity(LONGEST_CHARACTERS);
        if text.chars().count() <= LONGEST_CHARACTERS {
            digits.extend(text.chars().filter(|character| !is_separator(*character)));
        }
        text.zeroize();
        let code = Self(SecretText::new(digits));
        let digits = code.0.expose();
        let is_one = digits.len() == usize::from(DIGITS) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_one { Ok(code) } else { Err(NotATotpCode) }
    }
}

/// The secret shared with the app: 20 random bytes.
pub struct TotpSecret(SecretBytes);

impl TotpSecret {
    pub fn new(entropy: &Entropy) -> Self {
        Self(SecretBytes::new(entropy.bytes::<SECRET_BYTES>().to_vec()))
    }

    /// For typing it into an app: 32 characters of base32.
    pub fn base32(&self) -> SecretText {
        SecretText::new(base32::encode(BASE32, self.0.expose()))
    }

    pub fn from_base32(text: &SecretText) -> Option<Self> {
        let bytes = SecretBytes::new(base32::decode(BASE32, text.expose())?);
        (bytes.expose().len() == SECRET_BYTES).then_some(Self(bytes))
    }

    /// The URI to show as a QR code, in Google Authenticator's "Key Uri Format".
    pub fn uri(&self, account: &EmailAddress) -> SecretText {
        let (account, secret) = (percent_encoded(account.as_str()), self.base32());
        SecretText::new(format!(
            "otpauth://totp/{ISSUER}:{account}?secret={}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
            secret.expose()
        ))
    }

    /// The time step of a code: the current step or a neighbour, if it is later than the last used step. The latest
    /// match counts, so that a code shared by two steps does not work twice.
    pub fn step_of(&self, code: &TotpCode, now: Timestamp, last: Option<u64>) -> Option<u64> {
        let current = u64::try_from(now.as_second()).ok()? / STEP_S;
        let first = current.saturating_sub(TOLERATED_STEPS).max(last.map_or(0, |last| last + 1));
        (first..=current + TOLERATED_STEPS)
            .rev()
            .find(|step| is_code(Algorithm::SHA1, DIGITS, self.0.expose(), *step, code.0.expose()))
    }
}

/// Compares a code with that of a step in constant time. Apps compute HMAC-SHA-1, some whatever the URI says;
/// collisions in SHA-1 do not affect HMAC (RFC 6194, section 3.3).
fn is_code(algorithm: Algorithm, digits: u8, secret: &[u8], step: u64, code: &str) -> bool {
    let totp = Builder::new().with_algorithm(algorithm).with_digits(digits).with_skew(0).with_step_duration(STEP_S);
    let totp = totp.with_secret(secret).build();
    totp.is_ok_and(|totp| totp.check(code, step * STEP_S).is_some())
}

/// Encodes everything except RFC 3986's unreserved characters.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

impl<'de> Deserialize<'de> for TotpCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for TotpCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .description(Some(
                "The six digits that an authenticator app shows. Each code works once; spaces and hyphens are ignored.",
            ))
            .min_length(Some(DIGITS.into()))
            .max_length(Some(LONGEST_CHARACTERS))
            .pattern(Some("^[^0-9A-Za-z]*([0-9][^0-9A-Za-z]*){6}$"))
            .write_only(true)
            .into()
    }
}

impl utoipa::ToSchema for TotpCode {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("TotpCode")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::process::Command;

    use super::*;

    pub(crate) fn code(text: &str) -> TotpCode {
        TotpCode::parse(text.to_owned()).ok().unwrap()
    }

    pub(crate) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// The codes of the step at `second` and of `more` steps after it, by `oathtool`.
    pub(crate) fn oathtool(secret: &TotpSecret, second: i64, more: u32) -> Vec<String> {
        let mut command = Command::new("oathtool");
        command.args(["--totp=sha1", "--base32", "--digits=6", "--time-step-size=30s"]);
        command.args([format!("--now=@{second}"), format!("--window={more}")]).arg(secret.base32().expose());
        let output = command.output().expect("this test needs `oathtool`: apt install oathtool");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn codes_match_rfc_6238_appendix_b() {
        // The seeds have the length of each hash, as in the RFC's reference code (erratum 2866).
        let seed = |bytes: usize| b"1234567890".iter().copied().cycle().take(bytes).collect::<Vec<u8>>();
        for (second, sha1, sha256, sha512) in [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] {
            let step = second / STEP_S;
            for (algorithm, bytes, code) in
                [(Algorithm::SHA1, 20, sha1), (Algorithm::SHA256, 32, sha256), (Algorithm::SHA512, 64, sha512)]
            {
                assert!(is_code(algorithm, 8, &seed(bytes), step, code), "{second} {code}");
                assert!(!is_code(algorithm, 8, &seed(bytes), step + 1, code), "{second} {code} a step later");
                assert!(is_code(algorithm, 6, &seed(bytes), step, &code[2..]), "{second} {code} in six digits");
            }
        }
    }

    #[test]
    fn codes_match_oathtool() {
        let entropy = Entropy::system();
        for _ in 0..40 {
            let secret = TotpSecret::new(&entropy);
            // Any second until the year 2106.
            let second = i64::from(u32::from_le_bytes(entropy.bytes()));
            let codes = oathtool(&secret, second, 9);
            assert_eq!(codes.len(), 10);
            for (step, text) in (u64::try_from(second).unwrap() / STEP_S..).zip(&codes) {
                let now = at(i64::try_from(step * STEP_S).unwrap());
                assert_eq!(secret.step_of(&code(text), now, None), Some(step), "{text} at {now}");
            }
        }
    }

    #[test]
    fn a_code_shared_by_two_steps_works_once() {
        // With the secret of RFC 6238, this step and the next share the code 235522.
        let secret = TotpSecret(SecretBytes::new(b"12345678901234567890".to_vec()));
        let (step, now) = (62_075_368, at(1_862_261_040));
        assert_eq!(secret.step_of(&code("235522"), now, None), Some(step + 1));
        assert_eq!(secret.step_of(&code("235522"), now, Some(step + 1)), None);
    }

    #[test]
    fn a_secret_round_trips_through_base32_and_the_uri() {
        let secret = TotpSecret::new(&Entropy::seeded(5));
        let text = secret.base32();
        assert_eq!(text.expose().len(), 32);
        assert_eq!(TotpSecret::from_base32(&text).unwrap().0.expose(), secret.0.expose());
        let uri = secret.uri(&"o'brien+news@example.com".parse().unwrap());
        let expected = format!(
            "otpauth://totp/Bulkhead:o%27brien%2Bnews%40example.com?secret={}&issuer=Bulkhead&algorithm=SHA1&digits=6&period=30",
            text.expose()
        );
        assert_eq!(uri.expose(), expected);
        for damaged in ["", "A", &text.expose()[..31], &format!("{}AA", text.expose()), "0".repeat(32).as_str()] {
            assert!(TotpSecret::from_base32(&SecretText::new(damaged.to_owned())).is_none(), "{damaged}");
        }
    }

    #[test]
    fn a_code_with_separators_parses_to_six_digits() {
        for text in [
            "012345",
            "012 345",
            "012\u{A0}345",
            "012\u{202F}345",
            "012\u{2009}345",
            "012-345",
            "012\u{2011}345",
            "012 – 345",
            "01 23 45",
            "0 1 2 3 4 5",
            " 012345\t",
            "012345\r\n",
            "\u{200E}012345\u{200B}",
            &format!("012345{}", " ".repeat(18)),
        ] {
            let code = TotpCode::parse(text.to_owned()).ok();
            assert_eq!(code.map(|code| code.0.expose().to_owned()).as_deref(), Some("012345"), "{text:?}");
        }
    }

    #[test]
    fn a_malformed_code_is_refused() {
        for text in [
            "",
            " ",
            "12345",
            "1234567",
            "12345a",
            "+12345",
            "12 456",
            "12 34 567",
            "123.456",
            "123_456",
            "١٢٣٤٥٦",
            "１２",
            "-12345",
            &format!("012345{}", " ".repeat(19)),
        ] {
            assert_eq!(TotpCode::parse(text.to_owned()).err(), Some(NotATotpCode), "{text:?}");
        }
    }
}
