//! The settings of a workspace.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// The settings of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settings {
    pub time_zone: TimeZoneName,
    pub locale: Locale,
    pub default_approval: ApprovalPolicy,
}

/// Whether new posts need an approval before they are published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalPolicy {
    #[default]
    NotRequired,
    Required,
}

/// A name in the time zone database of IANA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimeZoneName(String);

/// Why a text is not the name of a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a name in the IANA time zone database, like Europe/Berlin")]
pub struct NotAZone;

impl TimeZoneName {
    /// The name as the database spells it.
    pub fn parse(text: &str) -> Result<Self, NotAZone> {
        // `Etc/Unknown` is CLDR's name for an unknown zone, not a zone.
        let zone = TimeZone::get(text).ok().filter(|zone| !zone.is_unknown());
        let name = zone.as_ref().and_then(TimeZone::iana_name).ok_or(NotAZone)?;
        Ok(Self(name.to_owned()))
    }
}

impl Default for TimeZoneName {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

/// A language tag (BCP 47, in the form of a Unicode locale identifier), in its canonical spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Locale(String);

/// Why a text is not a language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a language tag (BCP 47), like en or pt-BR")]
pub struct NotALocale;

/// Longer than every tag in use.
const LONGEST_TAG_BYTES: usize = 64;

impl Locale {
    pub fn parse(text: &str) -> Result<Self, NotALocale> {
        if text.len() > LONGEST_TAG_BYTES {
            return Err(NotALocale);
        }
        let locale = icu_locale_core::Locale::try_from_str(text).map_err(|_| NotALocale)?;
        if locale.id.language.is_unknown() { Err(NotALocale) } else { Ok(Self(locale.to_string())) }
    }
}

impl Default for Locale {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

impl<'de> Deserialize<'de> for TimeZoneName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Locale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

fn text(description: &str, example: &str) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description)).examples([example]).into()
}

impl utoipa::PartialSchema for TimeZoneName {
    fn schema() -> RefOr<Schema> {
        text("A name in the IANA time zone database.", "Europe/Berlin")
    }
}

impl ToSchema for TimeZoneName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("TimeZoneName")
    }
}

impl utoipa::PartialSchema for Locale {
    fn schema() -> RefOr<Schema> {
        text("A language tag (BCP 47).", "pt-BR")
    }
}

impl ToSchema for Locale {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Locale")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_time_zone_is_one_of_the_database() {
        for (text, name) in [("Europe/Berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("UTC", "UTC")] {
            assert_eq!(TimeZoneName::parse(text).unwrap().0, name);
        }
        for text in ["", "Mars/Olympus", "+01:00", "CEST", "Etc/Unknown", "Europe/Berlin ", "../../etc/passwd"] {
            assert_eq!(TimeZoneName::parse(text), Err(NotAZone), "{text}");
        }
    }

    #[test]
    fn a_locale_is_a_language_tag_in_its_canonical_spelling() {
        for (text, tag) in [("en", "en"), ("PT-br", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW"), ("de-1996", "de-1996")] {
            assert_eq!(Locale::parse(text).unwrap().0, tag);
        }
        for text in ["", "e", "en_", "english!", "und", "-en", "en--US", &"en-".repeat(40)] {
            assert_eq!(Locale::parse(text), Err(NotALocale), "{text}");
        }
    }
}
