//! The runs of a job, for the staff: when each began and ended, and how.

use futures::future::try_join_all;
use jiff::Timestamp;

use super::history::{SHARDS, partition};
use crate::aws::grants::Table;
use crate::identity::{Staff, StaffPermission};
use crate::kernel::problems::Problem;
use crate::table::item::{Item, integer, string};
use crate::table::read::PageQuery;
use crate::tenancy::{Listing, Page};

/// A run as recorded.
#[derive(Clone, Debug)]
pub struct JobRun {
    /// The instant of a schedule, the id of a message, or an operator's request.
    pub key: String,
    /// `running`, `done`, `failed`, `gave_up` or `timed_out`. One that crashed stays `running`.
    pub state: String,
    /// The code of its last error; empty without one.
    pub code: String,
    pub attempts: u64,
    pub began_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl JobRun {
    fn read(item: &Item) -> Option<Self> {
        let text = |name| string(item, name).unwrap_or_default().to_owned();
        let instant = |name| {
            let ms = integer(item, name).and_then(|ms| i64::try_from(ms).ok());
            ms.and_then(|ms| Timestamp::from_millisecond(ms).ok())
        };
        Some(Self {
            key: string(item, "sk")?.to_owned(),
            state: text("state"),
            code: text("code"),
            attempts: integer(item, "attempts").unwrap_or_default(),
            began_at: instant("began_ms")?,
            ended_at: instant("ended_ms"),
        })
    }
}

/// A page of the runs of a job, the last keys first: of a schedule, of messages and of operators those are the newest. Needs
/// `Grant::ReadRuns` and `Grant::DeriveKeys`.
pub async fn page<P: StaffPermission>(staff: &Staff<P>, job: &str, page: &Page) -> Result<Listing<JobRun>, Problem> {
    let bound_to = format!("{}|runs|{job}", staff.origin().actor);
    let after = staff.app.open_cursor(&bound_to, page.cursor.as_deref()).await?;
    let reader = staff.system();
    let partitions: Vec<String> = (0..SHARDS).map(|shard| partition(job, shard)).collect();
    let shards = partitions.iter().map(|partition| {
        let query = PageQuery {
            table: Table::System,
            partition,
            prefix: "",
            after: after.clone(),
            limit: page.limit,
            newest_first: true,
        };
        reader.page(query)
    });
    let shards = Box::pin(try_join_all(shards)).await?;
    let has_more = shards.iter().any(|(_, next)| next.is_some());
    let mut items: Vec<JobRun> = shards.iter().flat_map(|(items, _)| items).filter_map(JobRun::read).collect();
    items.sort_by(|one, other| other.key.cmp(&one.key));
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let is_cut = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| is_cut || has_more).map(|run| run.key.as_str());
    let next_cursor = staff.app.seal_cursor(&bound_to, last).await?;
    Ok(Listing { items, next_cursor })
}
