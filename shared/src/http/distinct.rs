//! A list of distinct ids in a request, with limits on its length.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::Hash;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, de};
use utoipa::openapi::{ArrayBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::kernel::ids::{Id, Identified};

/// `LEAST` to `MOST` distinct ids, in the client's order.
pub struct Distinct<T, const LEAST: usize, const MOST: usize>(Vec<Id<T>>);

impl<T, const LEAST: usize, const MOST: usize> Distinct<T, LEAST, MOST> {
    pub fn into_vec(self) -> Vec<Id<T>> {
        self.0
    }
}

/// No ids if the field is omitted. Only fields that may be empty have a default.
impl<T, const MOST: usize> Default for Distinct<T, 0, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const LEAST: usize, const MOST: usize> Deref for Distinct<T, LEAST, MOST> {
    type Target = [Id<T>];

    fn deref(&self) -> &[Id<T>] {
        &self.0
    }
}

/// The first item that an earlier one equals.
pub fn repeated<T: Eq + Hash>(items: &[T]) -> Option<&T> {
    let mut seen = HashSet::with_capacity(items.len());
    items.iter().find(|item| !seen.insert(*item))
}

impl<'de, T: Identified, const LEAST: usize, const MOST: usize> Deserialize<'de> for Distinct<T, LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ids = Vec::<Id<T>>::deserialize(deserializer)?;
        if !(LEAST..=MOST).contains(&ids.len()) {
            return Err(de::Error::custom(format_args!("must have {LEAST} to {MOST} ids")));
        }
        match repeated(&ids) {
            Some(twice) => Err(de::Error::custom(format_args!("must not repeat an id; remove the second {twice}"))),
            None => Ok(Self(ids)),
        }
    }
}

impl<T: Identified, const LEAST: usize, const MOST: usize> PartialSchema for Distinct<T, LEAST, MOST> {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Id::<T>::schema())
            .min_items(Some(LEAST))
            .max_items(Some(MOST))
            .unique_items(true)
            .into()
    }
}

impl<T: Identified, const LEAST: usize, const MOST: usize> ToSchema for Distinct<T, LEAST, MOST> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("{}_ids_{LEAST}_to_{MOST}", T::PREFIX))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Post;

    impl Identified for Post {
        const PREFIX: &'static str = "post";
        const NAME: &'static str = "Post";
    }

    fn id(number: u8) -> String {
        format!("post_01890a5d0000700080000000000000{number:02x}")
    }

    fn parse(ids: &[String]) -> Result<Distinct<Post, 1, 3>, String> {
        serde_json::from_value(serde_json::json!(ids)).map_err(|error| error.to_string())
    }

    #[test]
    fn lists_of_wrong_length_or_with_repeated_ids_are_refused() {
        let kept = parse(&[id(2), id(1)]).unwrap();
        assert_eq!(kept.iter().map(ToString::to_string).collect::<Vec<_>>(), [id(2), id(1)]);
        assert_eq!(parse(&[]).err().as_deref(), Some("must have 1 to 3 ids"));
        assert!(parse(&[id(1), id(2), id(3), id(4)]).is_err());
        let twice = parse(&[id(1), id(2), id(1)]).err().unwrap();
        assert_eq!(twice, format!("must not repeat an id; remove the second {}", id(1)));
    }
}
