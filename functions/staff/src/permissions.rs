//! The permissions of the staff. `shared/src/identity/staff_permissions.json` says which roles have them.

shared::staff_permissions! {
    /// Uses the staff console: reads the own roles, and signs out.
    UseConsole;
    /// Finds users and workspaces, and reads what support needs, without any content.
    FindCustomers;
    /// Ends the sessions of users.
    EndSessions;
}
