//! TOTP: the six digits that an authenticator app shows (RFC 6238), and the secret that they are computed from.

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

/// Digits of a code. Apps show six; some ignore any other number.
const DIGITS: u8 = 6;
/// Seconds for which an app shows one code (RFC 6238, section 5.2).
const STEP_S: u64 = 30;
/// Steps that a clock may be off, each way (RFC 6238, section 5.2: at most one for the delay of the network).
const TOLERATED_STEPS: u64 = 1;
/// As long as the output of HMAC-SHA-1 (RFC 4226, section 4, requirement 6).
const SECRET_BYTES: usize = 20;
/// What an app lists the secret under.
const ISSUER: &str = "Bulkhead";
const BASE32: Alphabet = Alphabet::Rfc4648 { padding: false };

/// The most characters that are read: room for spaces and hyphens.
const LONGEST_CHARACTERS: usize = 24;

/// A code in its normal form: six digits.
pub struct TotpCode(SecretText);

/// Why a text cannot be a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have exactly {DIGITS} digits; spaces and hyphens do not matter")]
pub struct NotATotpCode;

impl TotpCode {
    /// Reads a code as apps show it and people type it: `123456`, `123 456`, `123-456`.
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

/// What an app and we share: 20 random bytes.
pub struct TotpSecret(SecretBytes);

impl TotpSecret {
    pub fn new(entropy: &Entropy) -> Self {
        Self(SecretBytes::new(entropy.bytes::<SECRET_BYTES>().to_vec()))
    }

    /// For whoever types it into an app: 32 characters of base32.
    pub fn base32(&self) -> SecretText {
        SecretText::new(base32::encode(BASE32, self.0.expose()))
    }

    pub fn from_base32(text: &SecretText) -> Option<Self> {
        let bytes = SecretBytes::new(base32::decode(BASE32, text.expose())?);
        (bytes.expose().len() == SECRET_BYTES).then_some(Self(bytes))
    }

    /// What is shown as a QR code: a URI as apps have read it since Google Authenticator's "Key Uri Format".
    pub fn uri(&self, account: &EmailAddress) -> SecretText {
        let (account, secret) = (percent_encoded(account.as_str()), self.base32());
        SecretText::new(format!(
            "otpauth://totp/{ISSUER}:{account}?secret={}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
            secret.expose()
        ))
    }

    /// The step whose code this is: the one of now or a neighbour, if it comes after the last that was used. The latest
    /// of them, so that a code that two steps have in common does not work for each.
    pub fn step_of(&self, code: &TotpCode, now: Timestamp, last: Option<u64>) -> Option<u64> {
        let current = u64::try_from(now.as_second()).ok()? / STEP_S;
        let first = current.saturating_sub(TOLERATED_STEPS).max(last.map_or(0, |last| last + 1));
        (first..=current + TOLERATED_STEPS)
            .rev()
            .find(|step| is_code(Algorithm::SHA1, DIGITS, self.0.expose(), *step, code.0.expose()))
    }
}

/// Whether a text is the code of a step, in a time that does not tell where they differ. HMAC-SHA-1 is what apps compute,
/// and some do whatever the URI says; that SHA-1 has collisions is no matter to HMAC (RFC 6194, section 3.3).
fn is_code(algorithm: Algorithm, digits: u8, secret: &[u8], step: u64, code: &str) -> bool {
    let totp = Builder::new().with_algorithm(algorithm).with_digits(digits).with_skew(0).with_step_duration(STEP_S);
    let totp = totp.with_secret(secret).build();
    totp.is_ok_and(|totp| totp.check(code, step * STEP_S).is_some())
}

/// With everything but RFC 3986's unreserved characters encoded.
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
            .description(Some("The six digits that an authenticator app shows. Each code works once; spaces and hyphens do not matter."))
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

    /// The codes of so many steps from the second on, by `oathtool`.
    pub(crate) fn oathtool(secret: &TotpSecret, second: i64, more: u32) -> Vec<String> {
        let mut command = Command::new("oathtool");
        command.args(["--totp=sha1", "--base32", "--digits=6", "--time-step-size=30s"]);
        command.args([format!("--now=@{second}"), format!("--window={more}")]).arg(secret.base32().expose());
        let output = command.output().expect("this test needs `oathtool`: apt install oathtool");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn it_is_the_table_of_rfc_6238_appendix_b() {
        // The seeds are of the length of each hash, as the RFC's reference code has them (erratum 2866).
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
    fn it_is_what_oathtool_computes() {
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
    fn a_code_that_two_steps_have_in_common_works_once() {
        // The secret of RFC 6238 has the code 235522 in this step and in the next.
        let secret = TotpSecret(SecretBytes::new(b"12345678901234567890".to_vec()));
        let (step, now) = (62_075_368, at(1_862_261_040));
        assert_eq!(secret.step_of(&code("235522"), now, None), Some(step + 1));
        assert_eq!(secret.step_of(&code("235522"), now, Some(step + 1)), None);
    }

    #[test]
    fn an_app_can_read_what_it_is_shown() {
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
    fn a_code_is_read_as_apps_show_it_and_people_type_it() {
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
    fn what_is_no_code_is_refused() {
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
