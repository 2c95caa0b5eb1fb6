//! `GET /staff/jobs/{job}/runs`: lists the runs of a job.

use shared::identity::Staff;
use shared::jobs::runs::{self, JobRun};
use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;
use shared::tenancy::{Listing, Page, PageLimit};

use crate::permissions::ReadEvents;

/// Lists the runs of a job by their keys, the last ones first: for a schedule, for messages and for operators these are the
/// newest. Runs are kept for 400 days. The list of a job that does not exist is empty.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListJobRuns {
    /// The name of the job.
    #[schema(example = "expire-sessions")]
    job: String,
    /// Runs per page; the default is 50.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// A run of a job.
#[derive(Serialize, ToSchema)]
pub struct JobRunView {
    /// The instant of a schedule, the id of a message, or an operator's request.
    #[schema(example = "2026-03-01T08:30:00Z")]
    key: String,
    /// `running`, `done`, `failed`, `gave_up` or `timed_out`. A run that crashed stays `running` until it is repeated.
    #[schema(example = "done")]
    state: String,
    /// The code of its last error.
    #[schema(example = "unavailable")]
    code: Option<String>,
    attempts: u64,
    #[schema(value_type = String, format = DateTime)]
    began_at: ApiTimestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<ApiTimestamp>,
}

pub static FUNCTION: Function = Function::route::<ListJobRuns>();

impl Endpoint for ListJobRuns {
    const ROUTE: Route = Route::get("list-job-runs", "/staff/jobs/{job}/runs");
    const GRANTS: &'static [Grant] = &[Grant::ReadRuns, Grant::DeriveKeys];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(17, "the runs are stored in 16 shards");
    type Access = Staff<ReadEvents>;
    type Output = Reply<Listing<JobRunView>>;

    async fn handle(self, staff: &Staff<ReadEvents>) -> Result<Self::Output, Problem> {
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: true };
        Ok(Reply(runs::page(staff, &self.job, &page).await?.map(JobRunView::from)))
    }
}

impl From<JobRun> for JobRunView {
    fn from(run: JobRun) -> Self {
        let JobRun { key, state, code, attempts, began_at, ended_at } = run;
        let code = Some(code).filter(|code| !code.is_empty());
        Self { key, state, code, attempts, began_at: began_at.into(), ended_at: ended_at.map(Into::into) }
    }
}
