//! Problems: routes return only problems that they declare, or that follow from their declaration.

use serde::Deserialize;
use serde_json::json;
use shared::function::Function;
use shared::http::{Endpoint, NoContent, Route};
use shared::identity::Anyone;
use shared::kernel::problems::{Problem, ProblemCode};
use shared::testing::{Request, TestApp};
use utoipa::ToSchema;

use crate::notes::{KNOCK, WRONG_WORD};

const SILENT: ProblemCode = ProblemCode::new(409, "silent", "Silent", "The bell is silent.", "Come back later.");

/// Refuses with a problem that it does not declare.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ring {}

static RING: Function = Function::route::<Ring>();

impl Endpoint for Ring {
    const ROUTE: Route = Route::post("ring", "/ring");
    type Access = Anyone;
    type Output = NoContent;

    async fn handle(self, _: &Anyone) -> Result<NoContent, Problem> {
        Err(Problem::new(SILENT, "The bell is silent."))
    }
}

#[tokio::test]
#[should_panic(expected = "ring answers 409 silent, which it does not declare")]
async fn an_undeclared_problem_fails_the_test() {
    TestApp::new().call(Request::to(&RING)).await;
}

#[tokio::test]
async fn a_problem_document_links_to_its_description_and_has_its_title() {
    let app = TestApp::new();
    let answer = app.call(Request::to(&KNOCK).json(json!({ "word": "no" }))).await.expect(401);
    assert_eq!(answer.body["type"], "https://api.example.com/problems/wrong_word");
    assert_eq!(answer.body["title"], "Wrong word");
    assert_eq!(answer.code(), "wrong_word");
}

#[test]
fn problems_that_follow_from_a_declaration_count_as_declared() {
    let codes: Vec<&str> = KNOCK.problems().iter().map(|problem| problem.code).collect();
    let expected = [
        "body_not_utf8",
        "wrong_word",
        "body_too_large",
        "unsupported_media_type",
        "idempotency_key_unsupported",
        "invalid_input",
        "too_many_requests",
        "internal",
        "unavailable",
        "timed_out",
    ];
    assert_eq!(codes, expected);
    assert!(KNOCK.problems().contains(&WRONG_WORD));
}
