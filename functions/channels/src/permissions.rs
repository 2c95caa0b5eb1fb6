//! The permissions of channels; `permissions.json` of `shared` maps roles to them.

shared::permissions! {
    /// Reads the channels of the workspace.
    ReadChannels;
    /// Connects and disconnects channels.
    ManageChannels covers ReadChannels;
}
