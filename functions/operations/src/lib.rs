//! Operations: what the deployment needs to run, and what no other domain answers.

pub mod answer_preflight;
pub mod answer_unknown_route;
pub mod get_health;
pub mod get_openapi;
pub mod relay_outbox;
mod routing;
pub mod sweep_outbox;

use shared::function::Listed;

/// Every function of the domain, with its shapes.
pub static FUNCTIONS: &[Listed] = &[
    Listed::route::<get_health::GetHealth>(&get_health::FUNCTION),
    Listed::route::<get_openapi::GetOpenapi>(&get_openapi::FUNCTION),
    Listed::route::<answer_preflight::AnswerPreflight>(&answer_preflight::FUNCTION),
    Listed::route::<answer_unknown_route::AnswerUnknownRoute>(&answer_unknown_route::FUNCTION),
    Listed::job(&relay_outbox::FUNCTION),
    Listed::job(&sweep_outbox::FUNCTION),
];
