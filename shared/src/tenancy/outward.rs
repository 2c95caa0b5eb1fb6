//! What a scope reaches outside the cloud: platforms, the pages of the web application, and the clock.

use std::time::Duration;

use super::scope::Scope;
use crate::aws::grants::Grant;
use crate::aws::outbound::{OutboundAnswer, OutboundError, OutboundRequest};

impl Scope {
    /// Waits, if another function holds a lease. A test's clock is advanced instead.
    pub async fn pause(&self, duration: Duration) {
        self.app.aws.clock.pause(duration).await;
    }

    /// The address of a page of the web application.
    pub fn page_url(&self, page: &str) -> String {
        self.app.aws.config.page_url(page)
    }

    /// Calls an address outside AWS, for functions that declare `CallPlatforms`: public, https, bounded.
    pub async fn call(&self, request: OutboundRequest) -> Result<OutboundAnswer, OutboundError> {
        if !self.app.grants.contains(&Grant::CallPlatforms) {
            return Err(OutboundError::Forbidden(request.url.host_str().unwrap_or_default().to_owned()));
        }
        Box::pin(self.app.aws.outbound().send(request)).await
    }
}
