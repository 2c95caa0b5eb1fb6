//! What members may do here; `permissions.json` of `shared` says which roles have it.

shared::permissions! {
    /// Sees the media of the workspace.
    ReadMedia;
    /// Uploads media.
    WriteMedia covers ReadMedia;
}
