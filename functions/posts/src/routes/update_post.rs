//! `PATCH /workspaces/{workspace_id}/posts/{post_id}`: updates a post that is not published yet.

use shared::http::Distinct;
use shared::prelude::route::*;
use shared::tenancy::Entitlement;

use crate::audit_actions::POST_UPDATED;
use crate::bounds::{ChannelIds, MediaIds};
use crate::content::Variants;
use crate::limits;
use crate::permissions::WritePosts;
use crate::post::{Edit, POST_PUBLISHING, Post, PostId};
use crate::post_error::PostError;
use crate::post_text::PostText;
use crate::problems;
use crate::view::PostView;

/// Updates a post, even while it is scheduled, until it is sent. The post is checked against the limits of its
/// channels. An omitted field stays unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePost {
    post_id: PostId,
    #[serde(default)]
    #[schema(inline)]
    text: Patch<PostText>,
    #[serde(default)]
    #[schema(inline)]
    media_ids: Patch<MediaIds>,
    /// To change the channels of a scheduled post, schedule it again.
    #[serde(default)]
    #[schema(inline)]
    channel_ids: Patch<ChannelIds>,
    /// What single channels get instead. The list is replaced as a whole.
    #[serde(default)]
    #[schema(inline)]
    variants: Patch<Variants>,
}

pub static FUNCTION: Function = Function::route::<UpdatePost>();

impl Endpoint for UpdatePost {
    const ROUTE: Route = Route::patch("update-post", "/workspaces/{workspace_id}/posts/{post_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ProveToken, Grant::ServeOverrides];
    const NEEDS: &'static [Entitlement] = &[POST_PUBLISHING];
    const TOKEN: Option<TokenScope> = Some(TokenScope::write("posts"));
    const PROBLEMS: &'static [ProblemCode] = &[
        problems::POST_DOES_NOT_FIT,
        problems::POST_BEING_PUBLISHED,
        problems::POST_HELD,
        problems::POST_ALREADY_PUBLISHED,
        problems::POST_SCHEDULED,
        problems::POST_MODIFIED_CONCURRENTLY,
    ];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Post>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(5, "the post is read, and its pictures and channels");
    type Access = Workspace<WritePosts>;
    type Output = Reply<PostView>;

    async fn handle(self, workspace: &Workspace<WritePosts>) -> Result<Self::Output, Problem> {
        let mut post = workspace.get::<Post>(&self.post_id).await?;
        let (varies, selected) = (self.variants.is_given(), post.channel_ids.clone());
        let edit = Edit {
            text: self.text,
            media_ids: self.media_ids.map(Distinct::into_vec),
            channel_ids: self.channel_ids.map(Distinct::into_vec),
            variants: self.variants.map(Variants::into_vec),
        };
        post.edit(edit, workspace.now())?;
        // After a post was scheduled for some of its channels, it keeps the variants of the others.
        let strays = match varies || post.channel_ids != selected {
            true => limits::strays(workspace, &post.variants, &post.channel_ids).await?,
            false => Vec::new(),
        };
        limits::check_draft(workspace, post.content(), &post.channel_ids, strays).await?;
        let changes = Changes::default().replace(&post).or(PostError::ModifiedConcurrently);
        workspace.commit(changes.audit(&POST_UPDATED, post.id)).await?;
        Ok(Reply(PostView::from(&*post)))
    }
}
