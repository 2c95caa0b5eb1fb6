//! The permissions of media; `permissions.json` of `shared` maps roles to them.

shared::permissions! {
    /// Reads the media of the workspace.
    ReadMedia;
    /// Uploads media.
    WriteMedia covers ReadMedia;
}
