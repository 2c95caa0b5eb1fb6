//! The job `notify-reauthorisation`: tells a workspace's admins that a channel must be connected again.

use mail::MailUser;
use shared::identity::Member;
use shared::kernel::time::Timestamp;
use shared::prelude::job::*;
use shared::table::Stored;
use shared::tenancy::Changes;
use shared::work::ROOM;

use crate::channel::{Channel, ChannelId};
use crate::letters::reauthorisation_needed;

/// A platform refused a channel's session.
#[derive(Debug, Serialize, Deserialize)]
pub struct NotifyReauthorisation {
    pub channel_id: ChannelId,
    pub since: Timestamp,
}

pub static FUNCTION: Function = Function::job::<NotifyReauthorisation>();

impl Message for NotifyReauthorisation {
    const NAME: &'static str = "notify-reauthorisation";
}

/// Members that are read at once.
const AT_ONCE: u32 = 100;

impl Job for NotifyReauthorisation {
    const JOB: Declaration = Declaration::new("notify-reauthorisation", Trigger::message::<Self>()).timeout_s(60);
    const GRANTS: &'static [Grant] = &[Grant::ReadPlan, Grant::ReadItems, Grant::WriteItems];
    type Access = Tenant;

    async fn run(self, workspace: &Tenant) -> Result<(), JobError> {
        // Not found: disconnected since.
        let Some(mut channel) = workspace.find::<Channel>(&self.channel_id).await? else { return Ok(()) };
        // Reconnected since, or an earlier run has sent the letters.
        if !channel.notify(self.since) {
            return Ok(());
        }
        let directory = workspace.directory().await?;
        let letter = reauthorisation_needed(&channel, directory.name(), self.since);
        let admins = admins(workspace).await?;
        let changes = Changes::default().replace(&channel).unaudited("which letters were sent is bookkeeping");
        let changes = changes.mail_to_each(admins.iter().map(|admin| admin.user), &letter);
        match workspace.commit_if_unchanged(changes).await? {
            true => Ok(()),
            false => Err(JobError::retry(Problem::unavailable("the channel was changed at the same time"))),
        }
    }
}

/// The admins. A workspace with more than fit into a transaction has enough who are told.
async fn admins(workspace: &Tenant) -> Result<Vec<Member>, Problem> {
    let (mut admins, mut after) = (Vec::new(), None::<String>);
    loop {
        let (members, next) = workspace.walk::<Member>("", after.as_deref(), AT_ONCE).await?;
        let members = members.into_iter().map(Stored::into_inner);
        admins.extend(members.filter(|member| member.role.administers()));
        if next.is_none() || admins.len() >= ROOM as usize {
            admins.truncate(ROOM as usize);
            return Ok(admins);
        }
        after = next;
    }
}
