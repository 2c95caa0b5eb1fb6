//! Witness: checks in every test that a function makes only granted calls, and a route returns only declared problems.

use std::fs::OpenOptions;
use std::io::Write as _;

use super::requests::Response;
use crate::function::Function;
use crate::http::pipeline::Pipeline;

/// A file that collects the returned problems, for the check that some test produces each declared code.
const ANSWERED: &str = "BULKHEAD_ANSWERED";

/// Panics if the wire refused a call, which AWS would deny.
pub(super) fn granted(function: &Function, pipeline: &Pipeline) {
    let refused = pipeline.app.aws.wire.refused();
    assert!(refused.is_empty(), "{} makes calls that its GRANTS do not allow: {refused:#?}", function.name());
}

/// Panics if a route returns a problem that it does not declare, or whose detail is not one line.
#[track_caller]
pub(super) fn declared(function: &Function, response: Response) -> Response {
    if response.status < 400 {
        return response;
    }
    let (status, code) = (response.status, response.code());
    let problems = function.problems();
    // The response to HEAD has no body, and so no code.
    let is_it = |code: &str| code == response.code() || response.text.is_empty();
    assert!(
        problems.iter().any(|problem| problem.status == status && is_it(problem.code)),
        "{} answers {status} {code}, which it does not declare: add it to its PROBLEMS, or to \
         shared::http::answers if it follows from the declaration",
        function.name()
    );
    let detail = response.body["detail"].as_str().unwrap_or_default();
    assert!(!detail.contains(['\n', '\r']), "{} answers {code} with a line break: {detail:?}", function.name());
    if let Ok(path) = std::env::var(ANSWERED)
        && let Ok(mut file) = OpenOptions::new().append(true).create(true).open(path)
    {
        // A single write, so that lines of concurrent processes do not mix.
        let _unrecorded = file.write_all(format!("{} {status} {code}\n", function.name()).as_bytes());
    }
    response
}
