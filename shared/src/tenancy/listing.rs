//! Lists: a request for one page, and the page.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Ref, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::kernel::whole_number::WholeNumber;

/// A request for one page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    pub limit: u32,
    pub cursor: Option<String>,
    pub newest_first: bool,
}

/// One page of a list.
#[derive(Serialize)]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// Send it as `cursor` to get the next page. Null on the last page; valid for 24 hours.
    pub next_cursor: Option<String>,
}

/// Implemented by hand, because a derived schema would have the same name for the lists of all kinds.
impl<T: ToSchema> PartialSchema for Listing<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let cursor = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("Send it as `cursor` to get the next page. Null on the last page; valid for 24 hours."));
        let listing = ObjectBuilder::new()
            .description(Some("One page of a list."))
            .property("items", items)
            .property("next_cursor", cursor);
        listing.required("items").required("next_cursor").into()
    }
}

impl<T: ToSchema> ToSchema for Listing<T> {
    fn name() -> Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

/// A list that is always returned whole because it is short: without pages or cursor.
#[derive(Serialize)]
pub struct WholeList<T> {
    pub items: Vec<T>,
}

impl<T: ToSchema> PartialSchema for WholeList<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        ObjectBuilder::new().description(Some("The whole list.")).property("items", items).required("items").into()
    }
}

impl<T: ToSchema> ToSchema for WholeList<T> {
    fn name() -> Cow<'static, str> {
        Listing::<T>::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Listing::<T>::schemas(schemas);
    }
}

impl<T> Listing<T> {
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Listing<U> {
        Listing { items: self.items.into_iter().map(view).collect(), next_cursor: self.next_cursor }
    }
}

/// Items per page by default.
const DEFAULT_LIMIT: u32 = 50;
const LARGEST_LIMIT: u32 = 100;

/// The number of items per page: 1 to 100; the default is 50.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "WholeNumber<1, LARGEST_LIMIT>")]
pub struct PageLimit(u32);

impl PageLimit {
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl From<WholeNumber<1, LARGEST_LIMIT>> for PageLimit {
    fn from(limit: WholeNumber<1, LARGEST_LIMIT>) -> Self {
        Self(limit.get())
    }
}

impl utoipa::PartialSchema for PageLimit {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(LARGEST_LIMIT))
            .default(Some(DEFAULT_LIMIT.into()))
            .into()
    }
}

impl utoipa::ToSchema for PageLimit {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("PageLimit")
    }
}
