//! Fields of a merge patch (RFC 7396): an omitted field stays unchanged, a given one replaces the stored value.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// A field of a PATCH, with `#[serde(default)]`: a value, or nothing if it was omitted. `null` clears a `Patch<Option<T>>` and is
/// invalid for every other field.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = T)]
pub struct Patch<T>(Option<T>);

impl<T> Patch<T> {
    pub const fn set(value: T) -> Self {
        Self(Some(value))
    }

    pub const fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// The given value, if any.
    pub fn given(self) -> Option<T> {
        self.0
    }

    /// The given value, or the stored one.
    pub fn or(self, kept: T) -> T {
        self.0.unwrap_or(kept)
    }

    /// Converts the given value.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Patch<U> {
        Patch(self.0.map(form))
    }

    /// Replaces the stored value if one was given.
    pub fn apply(self, stored: &mut T) {
        if let Some(value) = self.0 {
            *stored = value;
        }
    }
}

/// Omitted.
impl<T> Default for Patch<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::set)
    }
}
