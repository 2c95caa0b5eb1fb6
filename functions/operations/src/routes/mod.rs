//! The routes of `operations`. Written by `make generate`: each file of this folder is one.

pub mod answer_preflight;
pub mod answer_unknown_route;
pub mod get_health;
pub mod get_openapi;
pub mod get_problem;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<answer_preflight::AnswerPreflight>(&answer_preflight::FUNCTION),
    Listed::route::<answer_unknown_route::AnswerUnknownRoute>(&answer_unknown_route::FUNCTION),
    Listed::route::<get_health::GetHealth>(&get_health::FUNCTION),
    Listed::route::<get_openapi::GetOpenapi>(&get_openapi::FUNCTION),
    Listed::route::<get_problem::GetProblem>(&get_problem::FUNCTION),
];
