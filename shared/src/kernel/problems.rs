//! Problems: the error responses of the API (RFC 9457).

use std::error::Error;
use std::fmt;

use serde::Serialize;

use super::problem_codes::{
    INTERNAL, INVALID_INPUT, METHOD_NOT_ALLOWED, MODIFIED_CONCURRENTLY, NOT_FOUND, UNAVAILABLE,
};
pub use super::problem_codes::{ProblemCode, Shows};
use super::time::ApiTimestamp;

/// An error response in the making.
///
/// A client error has a stable `code` and a `detail` for people. An internal error keeps its source for the one log
/// line at the boundary, and is returned as a bare 500 or 503.
pub struct Problem(Box<Inner>);

struct Inner {
    code: ProblemCode,
    detail: String,
    errors: Vec<FieldError>,
    retry_after_s: Option<u32>,
    location: Option<String>,
    challenge: Option<&'static str>,
    allow: Option<String>,
    lacking: Option<Lacking>,
    usage: Option<Usage>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The feature that a workspace's plan lacks, and the plans that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Lacking {
    feature: String,
    plans: Vec<String>,
}

/// The limit of a workspace's plan that a request would exceed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// The limit's name in the table of plans.
    pub name: &'static str,
    /// The current use.
    pub current: u64,
    pub limit: u64,
    /// The unit of both.
    pub unit: &'static str,
    /// When a limit of a period begins again; none for a ceiling.
    pub resets_at: Option<ApiTimestamp>,
}

/// One invalid field of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name in the request: `text`, `media.0`.
    pub field: String,
    /// The rule that it breaks, for people.
    pub rule: String,
    /// The resource whose rule it is, if it is not a rule of the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    #[serde(flatten)]
    pub exceeded: Option<Exceeded>,
}

/// The numbers of a limit that a field exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Exceeded {
    /// What is counted: `graphemes`.
    pub measure: &'static str,
    pub count: u64,
    pub limit: u64,
}

/// A refusal by a domain rule: a `thiserror` enum, each variant of which maps to one problem.
pub trait Refusal: Error + Send + Sync + 'static {
    /// A problem with a status from 400 to 499.
    fn problem(&self) -> ProblemCode;
    fn code(&self) -> &'static str {
        self.problem().code
    }
    /// The invalid field, if there is one.
    fn field(&self) -> Option<&'static str> {
        None
    }
}

impl<E: Refusal> From<E> for Problem {
    fn from(refusal: E) -> Self {
        let (problem, text) = (refusal.problem(), refusal.to_string());
        match refusal.field() {
            Some(field) => Self::new(problem, sentence(field, &text)).at(field, text),
            None => Self::new(problem, text),
        }
    }
}

/// A rule as a sentence that names its field. A rule that is already a sentence stays unchanged.
fn sentence(field: &str, rule: &str) -> String {
    if rule.starts_with(char::is_uppercase) { rule.to_owned() } else { format!("{field} {rule}.") }
}

impl Problem {
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: None,
            location: None,
            challenge: None,
            allow: None,
            lacking: None,
            usage: None,
            source: None,
        }))
    }

    /// 422: a field of the input breaks a rule.
    pub fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        let (field, rule) = (field.into(), rule.into());
        Self::new(INVALID_INPUT, sentence(&field, &rule)).at(field, rule)
    }

    /// 404: the same for a missing resource and for one that is not the caller's.
    pub fn not_found() -> Self {
        Self::new(NOT_FOUND, "The resource does not exist.")
    }

    /// 409: another request committed first, and the rule has no specific problem for that.
    pub fn modified_concurrently() -> Self {
        Self::new(MODIFIED_CONCURRENTLY, "This was modified by another request. Reload it and try again.")
    }

    /// 405: the path supports only these methods (RFC 9110, section 15.5.6).
    pub fn method_not_allowed(allowed: &[String]) -> Self {
        let allow = allowed.join(", ");
        let mut problem = Self::new(METHOD_NOT_ALLOWED, format!("This path supports only {allow}."));
        problem.0.allow = Some(allow);
        problem
    }

    /// 500: an internal error. The source is logged and never sent.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut problem = Self::new(INTERNAL, "An internal error occurred. It has been recorded. Try again later.");
        problem.0.source = Some(source.into());
        problem
    }

    /// 503: a service that we depend on did not answer; a retry may succeed in a moment.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut problem = Self::new(UNAVAILABLE, "A service that this needs did not answer. Try again.");
        problem.0.source = Some(source.into());
        problem.retry_after(2)
    }

    /// Names a field and the rule that it breaks.
    pub fn at(self, field: impl Into<String>, rule: impl Into<String>) -> Self {
        let (field, rule) = (field.into(), rule.into());
        self.with(FieldError { field, rule, resource_id: None, exceeded: None })
    }

    /// Names a field, the rule that it breaks, and whose rule it is.
    pub fn with(mut self, error: FieldError) -> Self {
        self.0.errors.push(error);
        self
    }

    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// Names the feature that the plan lacks, and the plans that have it (402).
    pub fn lacking(mut self, feature: &str, plans: &[String]) -> Self {
        self.0.lacking = Some(Lacking { feature: feature.to_owned(), plans: plans.to_vec() });
        self
    }

    /// Names the limit of the plan that would be exceeded (409, or 429 for a period).
    pub fn limited(mut self, usage: Usage) -> Self {
        self.0.usage = Some(usage);
        self
    }

    /// Sets the current use, which is known once the commit was refused.
    pub fn with_current_use(mut self, current: u64) -> Self {
        if let Some(usage) = &mut self.0.usage {
            usage.current = current;
        }
        self
    }

    pub fn usage(&self) -> Option<&Usage> {
        self.0.usage.as_ref()
    }

    /// Adds the base URL that serves the request (421).
    pub fn located(mut self, base_url: String) -> Self {
        self.0.location = Some(base_url);
        self
    }

    /// Adds the challenge of a 401 for the WWW-Authenticate header (RFC 9110, section 11.6.1). A failed sign-in has
    /// none: its credentials are in the body, and no HTTP authentication scheme could replace them.
    pub fn challenged(mut self, challenge: &'static str) -> Self {
        self.0.challenge = Some(challenge);
        self
    }

    pub fn challenge(&self) -> Option<&'static str> {
        self.0.challenge
    }

    /// The methods of a 405, in the format of the Allow header.
    pub fn allow(&self) -> Option<&str> {
        self.0.allow.as_deref()
    }

    pub fn status(&self) -> u16 {
        self.0.code.status
    }

    pub fn code(&self) -> &'static str {
        self.0.code.code
    }

    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    pub fn retry_after_s(&self) -> Option<u32> {
        self.0.retry_after_s
    }

    pub fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// The internal error with its causes, for the log.
    pub fn cause(&self) -> Option<String> {
        let mut text = self.0.source.as_ref()?.to_string();
        let mut next = self.0.source.as_ref().and_then(|source| source.source());
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        Some(text)
    }

    /// The document of RFC 9457, section 3. Its `type` is the URL of the code's description.
    pub fn document(&self, base_url: &str, instance: &str) -> serde_json::Value {
        let ProblemCode { status, code, title, .. } = self.0.code;
        let mut document = serde_json::json!({
            "type": format!("{base_url}/problems/{code}"),
            "title": title,
            "status": status,
            "code": code,
            "detail": self.0.detail,
            "instance": format!("urn:bulkhead:request:{instance}"),
        });
        if !self.0.errors.is_empty() {
            document["errors"] = serde_json::json!(self.0.errors);
        }
        if let Some(base_url) = &self.0.location {
            document["base_url"] = serde_json::json!(base_url);
        }
        if let Some(Lacking { feature, plans }) = &self.0.lacking {
            document["feature"] = serde_json::json!(feature);
            document["plans"] = serde_json::json!(plans);
        }
        if let Some(usage) = &self.0.usage {
            document["usage"] = serde_json::json!(usage);
        }
        document
    }
}

/// For logs and tests. Shows only what a client may see, and the cause.
impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status(), self.code(), self.0.detail)?;
        for error in &self.0.errors {
            write!(f, " [{}: {}]", error.field, error.rule)?;
        }
        match self.cause() {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Rule {
        #[error("must be in the future")]
        Past,
        #[error("The passkey was not accepted.")]
        Refused,
    }

    impl Refusal for Rule {
        fn problem(&self) -> ProblemCode {
            INVALID_INPUT
        }

        fn field(&self) -> Option<&'static str> {
            Some("at")
        }
    }

    #[test]
    fn an_error_has_the_numbers_of_an_exceeded_limit() {
        let exceeded = Exceeded { measure: "graphemes", count: 301, limit: 300 };
        let error = FieldError {
            field: "text".to_owned(),
            rule: "must be shorter".to_owned(),
            resource_id: Some("chan_1".to_owned()),
            exceeded: Some(exceeded),
        };
        let document = Problem::new(INVALID_INPUT, "").with(error).at("name", "must be set").document("", "");
        let expected = serde_json::json!([
            {
                "field": "text",
                "rule": "must be shorter",
                "resource_id": "chan_1",
                "measure": "graphemes",
                "count": 301,
                "limit": 300,
            },
            { "field": "name", "rule": "must be set" },
        ]);
        assert_eq!(document["errors"], expected);
    }

    #[test]
    fn a_detail_names_the_field_at_fault() {
        assert_eq!(
            Problem::invalid("text", "must have 1 to 3,000 characters").detail(),
            "text must have 1 to 3,000 characters."
        );
        let past = Problem::from(Rule::Past);
        assert_eq!(past.detail(), "at must be in the future.");
        let (field, rule) = ("at".to_owned(), "must be in the future".to_owned());
        assert_eq!(past.errors(), [FieldError { field, rule, resource_id: None, exceeded: None }]);
        assert_eq!(Problem::from(Rule::Refused).detail(), "The passkey was not accepted.");
    }
}
