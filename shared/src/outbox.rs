//! The outbox: messages that are committed together with their change, and sent afterwards.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::aws::grants::Table;
use crate::aws::queues::MAX_DELAY_S;
use crate::kernel::problems::Problem;
use crate::kernel::time::after;
use crate::kernel::trace::Traceparent;
use crate::table::commit::{Expected, Plan};
use crate::table::entity::Due;
use crate::table::item::{Row, encode};

/// A message from one function to another. A command (`SendEmail`) is declared by its receiver, an event
/// (`WorkspaceCreated`) by its emitter. It contains ids, never a secret.
pub trait Message: Serialize + DeserializeOwned + Send + 'static {
    /// Kebab case, unique in the product: `send-email`.
    const NAME: &'static str;
}

/// A message before it is added to a plan.
pub struct Posted {
    name: Cow<'static, str>,
    payload: serde_json::Value,
    not_before: Option<Timestamp>,
}

impl Posted {
    pub(crate) fn new<M: Message>(message: &M, not_before: Option<Timestamp>) -> Result<Self, Problem> {
        let payload = serde_json::to_value(message).map_err(Problem::internal)?;
        Ok(Self { name: M::NAME.into(), payload, not_before })
    }

    /// A message whose type is unknown here: the next step of stored work.
    pub(crate) fn named(name: String, payload: serde_json::Value, not_before: Option<Timestamp>) -> Self {
        Self { name: name.into(), payload, not_before }
    }
}

/// A row of the outbox, and the body of a queue message. It does not contain the workspace, which is the partition of
/// the row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    pub id: String,
    pub name: String,
    pub payload: serde_json::Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    pub posted_at: Timestamp,
    /// The request or run that caused it, to trace a change through the logs.
    pub cause: String,
    /// The trace of that request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<Traceparent>,
}

/// The cause of a message.
pub(crate) struct Cause<'a> {
    /// The id of the request or run.
    pub(crate) id: &'a str,
    pub(crate) traceparent: Option<&'a Traceparent>,
}

/// The sweep sends messages that the relay has not sent within this time.
pub(crate) const SWEPT_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// How long an undeliverable message is kept for a person to see.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);

pub(crate) const PREFIX: &str = "MESSAGE#";
pub(crate) const DUE_KIND: &str = "message";

/// When the sweep reads a row: not before a queue can delay its message, so that a longer wait costs nothing.
fn swept_at(posted_at: Timestamp, not_before: Option<Timestamp>) -> Timestamp {
    let relayed = after(posted_at, SWEPT_AFTER);
    let within_delay = not_before.map(|at| after(at, SignedDuration::from_secs(-MAX_DELAY_S)));
    within_delay.map_or(relayed, |at| at.max(relayed))
}

/// Adds a message to a plan, in the partition of the scope that commits it.
pub(crate) fn post(
    plan: &mut Plan,
    id: String,
    at: Timestamp,
    cause: Cause<'_>,
    posted: Posted,
) -> Result<(), Problem> {
    let envelope = Envelope {
        id,
        name: posted.name.into_owned(),
        payload: posted.payload,
        not_before: posted.not_before,
        posted_at: at,
        cause: cause.id.to_owned(),
        traceparent: cause.traceparent.cloned(),
    };
    let row = Row {
        sort: format!("{PREFIX}{}", envelope.id),
        version: 1,
        body: encode(&envelope)?,
        due: Some((DUE_KIND.to_owned(), Due::at(swept_at(at, envelope.not_before)))),
        domain: None,
        expires_at: Some(after(at.max(envelope.not_before.unwrap_or(at)), KEPT_FOR)),
    };
    plan.put(Table::Outbox, None, row, Expected::Absent);
    Ok(())
}
