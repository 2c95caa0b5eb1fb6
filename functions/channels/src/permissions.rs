//! What members may do here; `permissions.json` of `shared` says which roles have it.

shared::permissions! {
    /// Sees the channels of the workspace.
    ReadChannels;
    /// Connects and disconnects channels.
    ManageChannels covers ReadChannels;
}
