//! What a route answers when it succeeds: a status and a body.

use serde::Serialize;
use utoipa::ToSchema;

use crate::kernel::problems::Problem;

/// A successful answer.
pub trait Output: Send {
    const STATUS: u16;
    /// The body's type, for the OpenAPI document; `()` where there is none.
    type Body: ToSchema;
    fn into_answer(self) -> Result<Answer, Problem>;
}

/// A successful answer whose body is one thing.
pub trait Holds: Output {
    fn holding(body: Self::Body) -> Self;
}

/// An answer on its way out.
#[derive(Debug)]
pub struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) cache: &'static str,
    pub(crate) body: Vec<u8>,
    /// Whether the caller proved what the attempt had to prove, so that it no longer counts.
    pub(crate) is_proved: bool,
    /// Whether it answers the repeat of a request that was carried out before.
    pub(crate) is_replayed: bool,
}

const PRIVATE: &str = "no-store";

fn json(status: u16, body: &impl Serialize) -> Result<Answer, Problem> {
    let body = serde_json::to_vec(body).map_err(Problem::internal)?;
    Ok(Answer { status, content_type: "application/json", cache: PRIVATE, body, is_proved: false, is_replayed: false })
}

fn empty(status: u16) -> Answer {
    Answer { status, content_type: "", cache: PRIVATE, body: Vec::new(), is_proved: false, is_replayed: false }
}

/// 200 with what was asked for, or what was changed.
pub struct Reply<T>(pub T);

impl<T: Serialize + ToSchema + Send> Output for Reply<T> {
    const STATUS: u16 = 200;
    type Body = T;

    fn into_answer(self) -> Result<Answer, Problem> {
        json(Self::STATUS, &self.0)
    }
}

impl<T: Serialize + ToSchema + Send> Holds for Reply<T> {
    fn holding(body: T) -> Self {
        Self(body)
    }
}

/// 201 with what was made.
pub struct Created<T>(pub T);

impl<T: Serialize + ToSchema + Send> Output for Created<T> {
    const STATUS: u16 = 201;
    type Body = T;

    fn into_answer(self) -> Result<Answer, Problem> {
        json(Self::STATUS, &self.0)
    }
}

impl<T: Serialize + ToSchema + Send> Holds for Created<T> {
    fn holding(body: T) -> Self {
        Self(body)
    }
}

/// 202: it will be done, or there was nothing to do; the answer does not tell which.
pub struct Accepted;

impl Output for Accepted {
    const STATUS: u16 = 202;
    type Body = ();

    fn into_answer(self) -> Result<Answer, Problem> {
        Ok(empty(Self::STATUS))
    }
}

/// 204: done, and there is nothing to say.
pub struct NoContent;

impl Output for NoContent {
    const STATUS: u16 = 204;
    type Body = ();

    fn into_answer(self) -> Result<Answer, Problem> {
        Ok(empty(Self::STATUS))
    }
}

/// 200 with a public document that caches may keep for a minute.
pub struct Document<T>(pub T);

impl<T: Serialize + ToSchema + Send> Output for Document<T> {
    const STATUS: u16 = 200;
    type Body = T;

    fn into_answer(self) -> Result<Answer, Problem> {
        let mut answer = json(Self::STATUS, &self.0)?;
        answer.cache = "public, max-age=60";
        Ok(answer)
    }
}
