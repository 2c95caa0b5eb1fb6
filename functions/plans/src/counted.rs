//! The counted limits, and how each is counted from the things themselves.

use channels::channel::{CHANNELS, count_channels};
use media::media::{STORAGE_BYTES, count_stored_bytes};
use posts::post::{POSTS_PER_MONTH, SCHEDULED_POSTS, count_scheduled};
use shared::identity::{MEMBERS, WORKSPACE_TOKENS, count_members};
use shared::kernel::problems::Problem;
use shared::tenancy::recount::{Correction, Recounted};
use shared::tenancy::usage::LedgerEntry;
use shared::tenancy::{Limit, Period, Scope};
use workspaces::workspace_token::count_tokens;

/// A counter: its limit, and the period if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    pub limit: Limit,
    pub period: Option<Period>,
}

/// Every limit whose use is counted. A test compares them with the table.
pub const COUNTED: [Limit; 6] = [CHANNELS, MEMBERS, POSTS_PER_MONTH, SCHEDULED_POSTS, STORAGE_BYTES, WORKSPACE_TOKENS];

/// The counters of a workspace that a recount checks: of a limit of a month, this one and the last.
pub fn counters(workspace: &Scope) -> Vec<Counter> {
    let mut counters = Vec::new();
    for limit in COUNTED {
        match limit.period(workspace.now()) {
            None => counters.push(Counter { limit, period: None }),
            Some(period) => {
                counters.extend([period, period.previous()].map(|period| Counter { limit, period: Some(period) }));
            }
        }
    }
    counters
}

impl Counter {
    /// Compares the counter with the things.
    pub async fn recount(self, workspace: &Scope) -> Result<(Recounted, Option<Correction>), Problem> {
        let Self { limit, period } = self;
        match period {
            Some(period) => {
                let prefix = LedgerEntry::prefix(limit, period);
                let count = || workspace.total::<LedgerEntry>(&prefix, |_| 1);
                workspace.recount(limit, Some(period), count).await
            }
            None if limit == MEMBERS => workspace.recount(limit, None, || count_members(workspace)).await,
            None if limit == CHANNELS => workspace.recount(limit, None, || count_channels(workspace)).await,
            None if limit == SCHEDULED_POSTS => workspace.recount(limit, None, || count_scheduled(workspace)).await,
            None if limit == STORAGE_BYTES => workspace.recount(limit, None, || count_stored_bytes(workspace)).await,
            None if limit == WORKSPACE_TOKENS => workspace.recount(limit, None, || count_tokens(workspace)).await,
            None => Err(Problem::internal(format!("nothing counts {}", limit.name()))),
        }
    }
}
