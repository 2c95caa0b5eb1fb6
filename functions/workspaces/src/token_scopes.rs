//! The scopes of a workspace token, as clients send them.

use std::borrow::Cow;

use profiles::access_token::{parse_scopes, scopes_schema};
use serde::{Deserialize, Deserializer, de};
use utoipa::openapi::{RefOr, Schema};

use crate::scopes::SCOPES;

/// 1 to 20 different scopes, of those that routes of a workspace need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceScopes(Vec<&'static str>);

impl WorkspaceScopes {
    pub fn to_texts(&self) -> Vec<String> {
        self.0.iter().map(|scope| (*scope).to_owned()).collect()
    }
}

impl<'de> Deserialize<'de> for WorkspaceScopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<Cow<'de, str>>::deserialize(deserializer)?;
        parse_scopes(&texts, &SCOPES).map(Self).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for WorkspaceScopes {
    fn schema() -> RefOr<Schema> {
        scopes_schema(&SCOPES)
    }
}

impl utoipa::ToSchema for WorkspaceScopes {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("WorkspaceScopes")
    }
}
