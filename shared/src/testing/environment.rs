//! One execution environment of a function, as Lambda keeps it between invocations.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::requests::{Request, Response};
use super::witness;
use crate::aws::wire::{Network, Wire};
use crate::config::Config;
use crate::function::Function;
use crate::http::incoming::Incoming;
use crate::http::pipeline::Pipeline;
use crate::jobs::runner;
use crate::kernel::entropy::Entropy;
use crate::kernel::problems::Problem;
use crate::kernel::time::Clock;
use crate::tenancy::app::App;

/// A function with its clients, keys and caches. It makes only calls that its grants allow.
#[derive(Clone)]
pub struct Environment {
    function: &'static Function,
    pub(super) pipeline: Arc<Pipeline>,
}

/// What an environment stands in.
#[derive(Clone)]
pub struct Surroundings {
    pub config: Config,
    pub clock: Clock,
    pub entropy: Entropy,
    /// None for the network of this process.
    pub network: Option<Arc<dyn Network>>,
}

impl Environment {
    /// A cold start.
    pub fn start(function: &'static Function, around: Surroundings) -> Self {
        let Surroundings { config, clock, entropy, network } = around;
        let app = App::new(config, clock, entropy, function.grants());
        app.aws.wire.hold_to(function.statements().copied().collect(), &app.aws.config);
        if let Some(network) = network {
            app.aws.wire.simulate(network);
        }
        Self { function, pipeline: Arc::new(Pipeline::new(Arc::new(app))) }
    }

    pub fn wire(&self) -> Arc<Wire> {
        self.pipeline.app.aws.wire.clone()
    }

    /// Answers a request of an address through the whole pipeline.
    pub async fn answer(&self, request: Request, request_id: String, address: impl FnOnce() -> String) -> Response {
        self.answer_incoming(request.into_incoming(request_id, address)).await
    }

    pub(super) async fn answer_incoming(&self, incoming: Incoming) -> Response {
        let Some(entry) = self.function.route_declaration() else { return Response::none() };
        // Boxed, because the tests' own futures are already deep.
        let answer = Box::pin(self.pipeline.answer(entry, incoming)).await;
        witness::granted(self.function, &self.pipeline);
        witness::declared(self.function, Response::read(answer))
    }

    /// Runs a job with an event, as Lambda would, in the time that is left.
    pub async fn run(&self, event: Value, left: Duration) -> Result<Value, Problem> {
        let entry = self.function.job_entry().ok_or_else(|| Problem::internal("not a job"))?;
        let result = runner::handle(&self.pipeline.app, entry, event, left).await;
        witness::granted(self.function, &self.pipeline);
        result
    }
}
