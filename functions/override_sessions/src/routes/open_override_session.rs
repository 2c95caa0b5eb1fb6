//! `POST /staff/workspaces/{workspace_id}/override-sessions`: opens a session of the staff into a workspace.

use mail::MailUser;
use serde_json::json;
use shared::audit::Target;
use shared::identity::{
    OverrideSession, OverrideSite, OverrideTerms, OverrideWorkspaces, StaffPermission, StaffWorkspace,
};
use shared::prelude::route::*;
use shared::system_events::Occurrence;
use shared::tenancy::{Audited, OverrideAccess};
use staff::member::StaffMember;
use staff::reason::{ShownReason, ShownTicket};

use crate::audit_actions::{OVERRIDE_SESSION_OPENED, OVERRIDE_SESSION_REQUESTED};
use crate::jobs::expire_override_session::ExpireOverrideSession;
use crate::opening::{self, Minutes};
use crate::view::IssuedOverrideSession;
use crate::{letters, problems};

/// Opens a session into a workspace, whose owners are emailed. Nothing extends it. Where the plan says so, it is `pending`
/// until an owner approves it, for 24 hours; its minutes count from then.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenOverrideSession {
    reason: ShownReason,
    ticket: ShownTicket,
    #[schema(value_type = u32, minimum = 1, maximum = 60, example = 30)]
    minutes: Minutes,
    /// `full` only where the security rules of the workspace allow it.
    #[serde(default)]
    access: OverrideAccess,
}

pub static FUNCTION: Function = Function::route::<OpenOverrideSession>();

impl Endpoint for OpenOverrideSession {
    const ROUTE: Route = Route::post("open-override-session", "/staff/workspaces/{workspace_id}/override-sessions");
    const GRANTS: &'static [Grant] = &[
        Grant::ReadStaff,
        Grant::ReadAddresses,
        Grant::ReadPlan,
        Grant::ReadMembers,
        Grant::OpenOverrides,
        Grant::ProveStaff,
        Grant::WriteAudit,
    ];
    const PROBLEMS: &'static [ProblemCode] =
        &[problems::OWN_WORKSPACE, problems::FULL_ACCESS_NOT_ALLOWED, problem_codes::WORKSPACE_SUSPENDED];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(6, "the member's record and address and the workspace's entry and members are read");
    type Access = StaffWorkspace<OverrideWorkspaces>;
    type Output = Created<IssuedOverrideSession>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let (staff, access) = (workspace.staff(), self.access);
        let member = opening::own_record(staff).await?;
        let site = workspace.override_site(member.name.as_str()).await?;
        opening::judge(workspace, &member, &site, access).await?;
        let session = site.session(self.terms(&member));
        let event = json!({ "session": session.id, "staff": staff.id(), "access": access, "ticket": session.ticket });
        let opened = Occurrence::of(&opening::OVERRIDE_SESSION_OPENED, workspace.id()).detail(event);
        let token = site.token();
        site.open(&session, &token, opened, audited(&site, &session)).await?;
        Ok(Created(IssuedOverrideSession::new(session, &token)))
    }
}

impl OpenOverrideSession {
    fn terms(self, member: &StaffMember) -> OverrideTerms {
        OverrideTerms {
            staff_name: member.name.as_str().to_owned(),
            access: self.access,
            reason: self.reason.into_text(),
            ticket: self.ticket.into_text(),
            minutes: self.minutes.get(),
        }
    }
}

/// What the workspace's audit log and its owners get.
fn audited<P: StaffPermission>(site: &OverrideSite<'_, P>, session: &OverrideSession) -> Audited {
    let OverrideSession { id, access, reason, ticket, minutes, .. } = session;
    let expires_at = session.ends_at();
    let detail = json!({
        "reason": reason, "ticket": ticket, "access": access, "minutes": minutes, "expires_at": expires_at,
    });
    let (action, letter) = match session.begun_at {
        Some(_) => (&OVERRIDE_SESSION_OPENED, letters::opened(site.name(), session)),
        None => (&OVERRIDE_SESSION_REQUESTED, letters::requested(site.name(), session)),
    };
    let audited = Changes::default().audit(action, Target::from(*id)).detail(detail);
    let audited = audited.mail_to_each(site.owners(), &letter);
    audited.send_at(&ExpireOverrideSession::of(session), expires_at)
}
