//! The outbox: messages that are committed with the change that causes them, and sent after it.

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

/// Something that one function tells another. A command (`SendEmail`) lives with its receiver, a fact
/// (`WorkspaceCreated`) with its emitter. It holds ids, never a secret.
pub trait Message: Serialize + DeserializeOwned + Send + 'static {
    /// Kebab case, unique in the product: `send-email`.
    const NAME: &'static str;
}

/// A message on its way into a plan.
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

    /// A message whose type is not known here: the next step of work that is stored.
    pub(crate) fn named(name: String, payload: serde_json::Value, not_before: Option<Timestamp>) -> Self {
        Self { name: name.into(), payload, not_before }
    }
}

/// A row of the outbox, and the body of a queue message. The workspace is not in it: it is the
/// partition that the row lies in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    pub id: String,
    pub name: String,
    pub payload: serde_json::Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    pub posted_at: Timestamp,
    /// The request or run that caused it, to follow one change through the logs.
    pub cause: String,
    /// The trace that the request was part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<Traceparent>,
}

/// What a message is sent by.
pub(crate) struct Cause<'a> {
    /// The id of the request or run.
    pub(crate) id: &'a str,
    pub(crate) traceparent: Option<&'a Traceparent>,
}

/// What the relay has not sent by then, the sweep sends.
pub(crate) const SWEPT_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// A message that nothing could deliver stays this long for a person to see.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);

pub(crate) const PREFIX: &str = "MESSAGE#";
pub(crate) const DUE_KIND: &str = "message";

/// When the sweep looks at a row: not before a queue can delay its message, so that waiting for longer costs nothing.
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
        expires_at: Some(after(at.max(envelope.not_before.unwrap_or(at)), KEPT_FOR)),
    };
    plan.put(Table::Outbox, None, row, Expected::Absent);
    Ok(())
}
