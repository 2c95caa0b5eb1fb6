//! The permissions of posts; `permissions.json` of `shared` maps roles to them.

shared::permissions! {
    /// Reads the posts of the workspace and their deliveries.
    ReadPosts;
    /// Writes, schedules and deletes posts.
    WritePosts covers ReadPosts;
}
