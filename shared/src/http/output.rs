//! The successful response of a route: a status and a body.

use serde::Serialize;
use utoipa::ToSchema;

use super::cookie::Cookie;
use super::incoming::Incoming;
use super::redirect::RedirectTarget;
use crate::aws::objects::attachment;
use crate::kernel::problems::Problem;

/// A successful response.
pub trait Output: Send {
    const STATUS: u16;
    /// The body's type, for the OpenAPI document; `()` without a body.
    type Body: ToSchema;
    /// The body's media type, for the document.
    const MEDIA_TYPE: &'static str = "application/json";
    fn into_answer(self) -> Result<Answer, Problem>;
}

/// A successful response whose body is one value.
pub trait Holds: Output {
    fn holding(body: Self::Body) -> Self;
}

/// A new resource with a path.
pub trait Located {
    /// The path as in a route. Its last parameter is the id, the others have the values of the request.
    const PATH: &'static str;

    /// The id; empty for a path without one.
    fn id(&self) -> String;
}

/// The path of a new resource.
#[derive(Debug)]
pub(crate) struct Location {
    template: &'static str,
    id: String,
}

impl Location {
    pub(crate) fn path(self, incoming: &Incoming) -> Result<String, Problem> {
        let mut segments: Vec<&str> = self.template.split('/').collect();
        for segment in &mut segments {
            if let Some(name) = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                *segment = incoming.path_parameter(name).unwrap_or(&self.id);
            }
        }
        if segments.iter().skip(1).any(|segment| segment.is_empty()) {
            return Err(Problem::internal(format!("nothing fills {}", self.template)));
        }
        Ok(segments.join("/"))
    }
}

/// A response before it is sent.
#[derive(Debug)]
pub struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) cache: &'static str,
    pub(crate) body: Vec<u8>,
    /// Headers in addition to those of every response.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// The path of the new resource.
    pub(crate) location: Option<Location>,
    /// Whether the caller's authentication is complete, so that the attempt no longer counts.
    pub(crate) is_proved: bool,
    /// Whether it answers a repeated request.
    pub(crate) is_replayed: bool,
}

impl Answer {
    /// 304: the client already has this version (RFC 9110, section 15.4.5).
    pub(crate) fn not_modified(tag: String) -> Self {
        Self { fields: vec![("etag", tag)], ..empty(304) }
    }
}

const PRIVATE: &str = "no-store";

fn json(status: u16, body: &impl Serialize) -> Result<Answer, Problem> {
    let body = serde_json::to_vec(body).map_err(Problem::internal)?;
    Ok(Answer { content_type: "application/json", body, ..empty(status) })
}

fn empty(status: u16) -> Answer {
    Answer {
        status,
        content_type: "",
        cache: PRIVATE,
        body: Vec::new(),
        fields: Vec::new(),
        location: None,
        is_proved: false,
        is_replayed: false,
    }
}

/// 200 with the requested or changed resource.
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

/// 201 with the new resource and its path.
pub struct Created<T>(pub T);

impl<T: Located + Serialize + ToSchema + Send> Output for Created<T> {
    const STATUS: u16 = 201;
    type Body = T;

    fn into_answer(self) -> Result<Answer, Problem> {
        Ok(Answer { location: Some(Location { template: T::PATH, id: self.0.id() }), ..json(Self::STATUS, &self.0)? })
    }
}

impl<T: Located + Serialize + ToSchema + Send> Holds for Created<T> {
    fn holding(body: T) -> Self {
        Self(body)
    }
}

/// 202: the request will be carried out, or there was nothing to do; the response does not reveal which.
pub struct Accepted;

impl Output for Accepted {
    const STATUS: u16 = 202;
    type Body = ();

    fn into_answer(self) -> Result<Answer, Problem> {
        Ok(empty(Self::STATUS))
    }
}

/// 204: done, without a body.
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

fn elsewhere(status: u16, target: RedirectTarget) -> Answer {
    Answer { fields: vec![("location", target.into_text())], ..empty(status) }
}

fn text(content_type: &'static str, body: String) -> Answer {
    Answer { content_type, body: body.into_bytes(), ..empty(200) }
}

/// 302 to a safe target: the browser goes there by GET, as after an authorization request (RFC 6749, 1.7).
pub struct Redirect(pub RedirectTarget);

impl Output for Redirect {
    const STATUS: u16 = 302;
    type Body = ();

    fn into_answer(self) -> Result<Answer, Problem> {
        Ok(elsewhere(Self::STATUS, self.0))
    }
}

/// 303 after a form was sent: the browser shows the target, and reloading it sends nothing again (RFC 9110, 15.4.4).
pub struct SeeOther(pub RedirectTarget);

impl Output for SeeOther {
    const STATUS: u16 = 303;
    type Body = ();

    fn into_answer(self) -> Result<Answer, Problem> {
        Ok(elsewhere(Self::STATUS, self.0))
    }
}

/// 200 with plain text.
pub struct Text(pub String);

impl Output for Text {
    const STATUS: u16 = 200;
    type Body = String;
    const MEDIA_TYPE: &'static str = "text/plain";

    fn into_answer(self) -> Result<Answer, Problem> {
        Ok(text("text/plain; charset=utf-8", self.0))
    }
}

/// 200 with a page. Its author must escape untrusted text; the policy of every response blocks all loading and scripts.
pub struct Html(pub String);

impl Output for Html {
    const STATUS: u16 = 200;
    type Body = String;
    const MEDIA_TYPE: &'static str = "text/html";

    fn into_answer(self) -> Result<Answer, Problem> {
        Ok(text("text/html; charset=utf-8", self.0))
    }
}

/// 200 with a file that browsers download under a name and never display as a page.
pub struct Download {
    /// Letters, digits, `-`, `_` and `.`.
    pub name: String,
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

impl Output for Download {
    const STATUS: u16 = 200;
    type Body = String;
    const MEDIA_TYPE: &'static str = "application/octet-stream";

    fn into_answer(self) -> Result<Answer, Problem> {
        let Self { name, content_type, bytes } = self;
        let fields = vec![("content-disposition", attachment(&name)?)];
        Ok(Answer { content_type, body: bytes, fields, ..empty(Self::STATUS) })
    }
}

/// The same output, with a cookie.
pub struct WithCookie<O>(pub O, pub Cookie);

impl<O: Output> Output for WithCookie<O> {
    const STATUS: u16 = O::STATUS;
    type Body = O::Body;
    const MEDIA_TYPE: &'static str = O::MEDIA_TYPE;

    fn into_answer(self) -> Result<Answer, Problem> {
        let mut answer = self.0.into_answer()?;
        answer.fields.push(("set-cookie", self.1.field()?));
        Ok(answer)
    }
}
