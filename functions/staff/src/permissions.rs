//! The permissions of the staff. `shared/src/identity/staff_permissions.json` says which roles have them.

shared::staff_permissions! {
    /// Uses the staff console: reads the own roles, and signs out.
    UseConsole;
    /// Finds users and workspaces, and reads what support needs, without any content.
    FindCustomers;
    /// Ends the sessions of users.
    EndSessions;
    /// Requests the suspension of a workspace, reads such a request, and withdraws it.
    RequestSuspensions;
    /// Approves the suspension of a workspace that another member of the staff requested.
    ApproveSuspensions;
    /// Ends the suspension of a workspace.
    ResumeWorkspaces;
    /// Lifts the networks that a workspace is limited to.
    LiftNetworks;
    /// Sets and removes exceptions from the plan of a workspace.
    SetOverrides;
    /// Lists the open invitations of a workspace, and sends them again or ends them.
    HandleInvitations;
    /// Reads the system events, and the runs of jobs.
    ReadEvents;
    /// Acknowledges system events.
    AcknowledgeEvents;
}
