//! The calls to AWS of a warm route, declared with it: round trips are its cost.

/// The most calls to DynamoDB, S3, KMS and STS of a warm request, including the proof of its caller. A test counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmCalls {
    pub most: usize,
    /// What the calls beyond two are for; empty for two.
    pub why: &'static str,
}

impl WarmCalls {
    /// One for the proof, and one that reads or commits.
    pub const TWO: Self = Self { most: 2, why: "" };

    /// More than two, with the reason.
    pub const fn up_to(most: usize, why: &'static str) -> Self {
        assert!(most > 2 && !why.is_empty(), "a route with more than two calls says why");
        Self { most, why }
    }
}
