//! Decides what is read-only because the plan has no room for it.

use channels::Channel;
use channels::channel::CHANNELS;
use serde_json::json;
use shared::identity::{MEMBERS, Member, WORKSPACE_TOKENS};
use shared::kernel::problem_codes::MODIFIED_CONCURRENTLY;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::table::Entity;
use shared::tenancy::{Changes, Limit, Role, Tenant};
use shared::work::contend;
use workspaces::workspace_token::WorkspaceToken;

use crate::audit_actions::PLAN_LIMITS_APPLIED;

/// The limits that make things read-only. The others bound only what is new: posts and bytes are there already.
pub const MAKES_READ_ONLY: [Limit; 3] = [CHANNELS, MEMBERS, WORKSPACE_TOKENS];

/// Decides it for a workspace, from its things and its current plan. Repeating it changes nothing.
pub async fn apply(workspace: &Tenant) -> Result<(), Problem> {
    contend(MODIFIED_CONCURRENTLY.code, || decide(workspace)).await
}

async fn decide(workspace: &Tenant) -> Result<(), Problem> {
    let directory = workspace.directory().await?;
    let (plan, known) = (directory.plan(), directory.read_only_after());
    let used = workspace.usage(&MAKES_READ_ONLY).await?;
    let mut read_only_after = known.clone();
    let mut without_room = serde_json::Map::new();
    for (limit, used) in MAKES_READ_ONLY.into_iter().zip(used) {
        let room = plan.limit(limit);
        // Most workspaces are within their limits: nothing of theirs is read.
        if used <= room && known.of(limit).is_none() {
            continue;
        }
        let mut things = things(workspace, limit).await?;
        let owners = if limit == MEMBERS { directory.owners() } else { 0 };
        // Owners keep their places and are never read-only.
        read_only_after.set(limit, &mut things, room.saturating_sub(owners.into()));
        let read_only = things.iter().filter(|created_at| read_only_after.covers(limit, **created_at)).count();
        without_room.insert(limit.name().to_owned(), json!({ "limit": room, "read_only": read_only }));
    }
    if read_only_after == *known {
        return Ok(());
    }
    let audited = Changes::default().audit(&PLAN_LIMITS_APPLIED, workspace.id()).detail(without_room);
    directory.change().read_only_after(&read_only_after).commit(audited).await
}

/// When each of the things was created; of members, without the owners.
async fn things(workspace: &Tenant, limit: Limit) -> Result<Vec<Timestamp>, Problem> {
    match limit {
        CHANNELS => created(workspace, |channel: &Channel| Some(channel.id.created_at())).await,
        MEMBERS => {
            let joined = |member: &Member| (member.role != Role::Owner).then_some(member.joined_at);
            created(workspace, joined).await
        }
        WORKSPACE_TOKENS => created(workspace, |token: &WorkspaceToken| Some(token.id.created_at())).await,
        _ => Err(Problem::internal(format!("nothing of {} is read-only", limit.name()))),
    }
}

async fn created<E: Entity>(
    workspace: &Tenant,
    created_at: impl Fn(&E) -> Option<Timestamp> + Send,
) -> Result<Vec<Timestamp>, Problem> {
    let mut all = Vec::new();
    let seen = &mut all;
    workspace.each::<E>("", move |thing| seen.extend(created_at(thing))).await?;
    Ok(all)
}
