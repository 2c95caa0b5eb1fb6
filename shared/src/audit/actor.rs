//! Actors: who performed an action, as stored in audit entries and system events.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::kernel::ids::{OverrideSessionId, StaffId, TokenId, UserId, WorkspaceTokenId};

/// Who acts. Audit logs seal its JSON form: variants and fields are added, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// An unauthenticated caller.
    Anyone,
    /// A user, in a session.
    User { id: UserId },
    /// A program, by a user's personal access token.
    Token { id: TokenId, user: UserId },
    /// A program, by a token of the workspace.
    WorkspaceToken { id: WorkspaceTokenId },
    /// A member of the operator's staff, possibly on behalf of a user.
    Staff {
        id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_behalf_of: Option<UserId>,
    },
    /// A member of the operator's staff, in an override session of the workspace, by their name at its opening.
    OverrideSession { id: OverrideSessionId, staff: StaffId, name: String },
    /// An identity provider that provisions members (RFC 7644), by the id of its connection.
    Scim { connection: String },
    /// The sender of a signed inbound call.
    Webhook { sender: String },
    /// A job: `publish-bluesky`.
    Job { name: String },
    /// The service itself, outside a job.
    System,
}

impl Actor {
    pub(crate) fn job(name: &str) -> Self {
        Self::Job { name: name.to_owned() }
    }
}

/// For logs and cursors. A personal access token counts as its user, so that it can continue what a session began.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::User { id } | Self::Token { user: id, .. } => id.fmt(f),
            Self::WorkspaceToken { id } => id.fmt(f),
            Self::Staff { id, .. } => write!(f, "staff:{id}"),
            Self::OverrideSession { id, .. } => id.fmt(f),
            Self::Scim { connection } => write!(f, "scim:{connection}"),
            Self::Webhook { sender } => write!(f, "webhook:{sender}"),
            Self::Job { name } => write!(f, "job:{name}"),
            Self::System => f.write_str("system"),
        }
    }
}

/// Reads an actor in the current or the previous format: a user's id, or `job:publish-post`.
pub(super) fn of_either_shape<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Actor, D::Error> {
    struct Either;
    impl<'de> Visitor<'de> for Either {
        type Value = Actor;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an actor")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Actor, E> {
            if text == "anyone" {
                return Ok(Actor::Anyone);
            }
            match (text.strip_prefix("job:"), text.parse()) {
                (Some(name), _) => Ok(Actor::job(name)),
                (None, Ok(id)) => Ok(Actor::User { id }),
                (None, Err(_)) => Err(E::custom("neither a user nor a job")),
            }
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Actor, A::Error> {
            Actor::deserialize(MapAccessDeserializer::new(map))
        }
    }
    deserializer.deserialize_any(Either)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    const USER: &str = "user_01890a5d000070008000000000000004";
    const TOKEN: &str = "pat_01890a5d000070008000000000000005";
    const MACHINE: &str = "wtok_01890a5d000070008000000000000006";
    const OVERRIDE: &str = "ovr_01890a5d000070008000000000000007";
    const STAFF: &str = "staff_01890a5d000070008000000000000008";

    /// Audit logs seal these bytes: this test may only grow.
    #[test]
    fn each_actor_has_its_sealed_json_form() {
        let (user, token): (UserId, TokenId) = (USER.parse().unwrap(), TOKEN.parse().unwrap());
        let text = |text: &str| text.to_owned();
        for (actor, sealed) in [
            (Actor::Anyone, json!({ "kind": "anyone" })),
            (Actor::User { id: user }, json!({ "kind": "user", "id": USER })),
            (Actor::Token { id: token, user }, json!({ "kind": "token", "id": TOKEN, "user": USER })),
            (
                Actor::WorkspaceToken { id: MACHINE.parse().unwrap() },
                json!({ "kind": "workspace_token", "id": MACHINE }),
            ),
            (Actor::Staff { id: text("ada"), on_behalf_of: None }, json!({ "kind": "staff", "id": "ada" })),
            (
                Actor::Staff { id: text("ada"), on_behalf_of: Some(user) },
                json!({ "kind": "staff", "id": "ada", "on_behalf_of": USER }),
            ),
            (
                Actor::OverrideSession {
                    id: OVERRIDE.parse().unwrap(),
                    staff: STAFF.parse().unwrap(),
                    name: text("Grace Hopper"),
                },
                json!({ "kind": "override_session", "id": OVERRIDE, "staff": STAFF, "name": "Grace Hopper" }),
            ),
            (Actor::Scim { connection: text("c1") }, json!({ "kind": "scim", "connection": "c1" })),
            (Actor::Webhook { sender: text("stripe") }, json!({ "kind": "webhook", "sender": "stripe" })),
            (Actor::job("sweep-outbox"), json!({ "kind": "job", "name": "sweep-outbox" })),
            (Actor::System, json!({ "kind": "system" })),
        ] {
            assert_eq!(serde_json::to_value(&actor).unwrap(), sealed);
            assert_eq!(of_either_shape(&sealed).unwrap(), actor);
        }
    }

    #[test]
    fn an_actor_in_the_previous_format_is_read() {
        assert_eq!(of_either_shape(&json!(USER)).unwrap(), Actor::User { id: USER.parse().unwrap() });
        assert_eq!(of_either_shape(&json!("job:publish-post")).unwrap(), Actor::job("publish-post"));
        assert_eq!(of_either_shape(&json!("anyone")).unwrap(), Actor::Anyone);
        assert!(of_either_shape(&json!("someone")).is_err());
    }
}
