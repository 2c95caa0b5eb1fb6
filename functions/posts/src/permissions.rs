//! What members may do here; `permissions.json` of `shared` says which roles have it.

shared::permissions! {
    /// Sees the posts of the workspace, and what became of them on each channel.
    ReadPosts;
    /// Writes, schedules and deletes posts.
    WritePosts covers ReadPosts;
}
