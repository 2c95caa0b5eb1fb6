//! The permissions of workspaces; `permissions.json` of `shared` maps roles to them.

shared::permissions! {
    /// Reads who the members of the workspace are, with their roles.
    ReadMembers;
    /// Invites and removes members, changes their roles, and reads their email addresses.
    ManageMembers covers ReadMembers;
    /// Creates, rotates and deletes the tokens of the workspace, by which programs use it.
    ManageTokens;
    /// Renames the workspace and changes its settings.
    ManageWorkspace;
    /// Deletes the workspace, and restores it.
    DeleteWorkspace;
    /// Offers the ownership of the workspace to a member.
    TransferOwnership;
}
