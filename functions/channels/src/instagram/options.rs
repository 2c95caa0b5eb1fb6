//! What a post can set on Instagram alone: parameters of
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media>.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::listed::Listed;

type Collaborators = Listed<Username, 3>;

/// The options of a post on Instagram.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstagramOptions {
    /// Accounts that are invited as its further authors, without `@`.
    #[serde(default, skip_serializing_if = "Listed::is_empty")]
    #[schema(inline)]
    pub collaborators: Collaborators,
}

/// The longest name of an account.
const LONGEST: usize = 30;

/// The name of an account: 1 to 30 letters of ASCII, digits, full stops and underscores.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Username(String);

impl<'de> Deserialize<'de> for Username {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'de, str>::deserialize(deserializer)?;
        let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte));
        if !fits || name.is_empty() || name.len() > LONGEST {
            return Err(de::Error::custom("must be the name of an account, without @"));
        }
        Ok(Self(name.into_owned()))
    }
}

impl PartialSchema for Username {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Za-z0-9._]{1,30}$"))
            .examples(["studio"])
            .into()
    }
}

impl ToSchema for Username {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("InstagramUsername")
    }
}

impl InstagramOptions {
    /// The parameters of a container.
    pub fn parameters(&self) -> Option<(&'static str, String)> {
        if self.collaborators.is_empty() {
            return None;
        }
        let names = self.collaborators.iter().map(|Username(name)| name.as_str()).collect::<Vec<_>>();
        Some(("collaborators", serde_json::Value::from(names).to_string()))
    }
}
