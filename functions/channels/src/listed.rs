//! A short list of distinct values in the options of a platform.

use std::borrow::Cow;
use std::hash::Hash;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::http::distinct::repeated;
use utoipa::openapi::{ArrayBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// At most `MOST` distinct values, in the client's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Listed<T, const MOST: usize>(Vec<T>);

impl<T, const MOST: usize> Listed<T, MOST> {
    /// For the omission of an empty list.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T, const MOST: usize> Default for Listed<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MOST: usize> Deref for Listed<T, MOST> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Deserialize<'de> + Eq + Hash, const MOST: usize> Deserialize<'de> for Listed<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Vec::<T>::deserialize(deserializer)?;
        if items.len() > MOST {
            return Err(de::Error::custom(format_args!("must have at most {MOST} items")));
        }
        if repeated(&items).is_some() {
            return Err(de::Error::custom("must not have an item twice"));
        }
        Ok(Self(items))
    }
}

impl<T: ToSchema, const MOST: usize> PartialSchema for Listed<T, MOST> {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(T::schema()).max_items(Some(MOST)).unique_items(true).into()
    }
}

impl<T: ToSchema, const MOST: usize> ToSchema for Listed<T, MOST> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("{}_list_of_{MOST}", T::name()))
    }
}
