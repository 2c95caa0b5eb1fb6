//! `POST /workspaces/{workspace_id}/posts`: creates a draft.

use shared::prelude::route::*;
use shared::tenancy::Entitlement;

use crate::audit_actions::POST_CREATED;
use crate::bounds::{ChannelIds, MediaIds};
use crate::content::{Content, Variants};
use crate::limits;
use crate::permissions::WritePosts;
use crate::post::{POST_PUBLISHING, Post};
use crate::post_text::PostText;
use crate::problems;
use crate::view::PostView;

/// Creates a draft. With `channel_ids`, the draft is checked against the limits of those channels.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePost {
    text: PostText,
    /// Pictures of the workspace, in display order.
    #[serde(default)]
    #[schema(inline)]
    media_ids: MediaIds,
    /// The channels to publish the post on.
    #[serde(default)]
    #[schema(inline)]
    channel_ids: ChannelIds,
    /// What single channels of these get instead.
    #[serde(default)]
    #[schema(inline)]
    variants: Variants,
}

pub static FUNCTION: Function = Function::route::<CreatePost>();

impl Endpoint for CreatePost {
    const ROUTE: Route = Route::post("create-post", "/workspaces/{workspace_id}/posts");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ProveToken, Grant::ServeOverrides];
    const NEEDS: &'static [Entitlement] = &[POST_PUBLISHING];
    const REPEATABLE: Repeatable<Self> = Repeatable::entity::<Post>();
    const TOKEN: Option<TokenScope> = Some(TokenScope::write("posts"));
    const PROBLEMS: &'static [ProblemCode] = &[problems::POST_DOES_NOT_FIT];
    const VERSIONED: Option<Versioned> = Some(Versioned::made::<Post>());
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(4, "the pictures and channels of the sample are read; without them it is two");
    type Access = Workspace<WritePosts>;
    type Output = Created<PostView>;

    async fn handle(self, workspace: &Workspace<WritePosts>) -> Result<Self::Output, Problem> {
        let variants = self.variants.into_vec();
        let content = Content { text: &self.text, media_ids: &self.media_ids, variants: &variants };
        let strays = limits::strays(workspace, &variants, &self.channel_ids).await?;
        limits::check_draft(workspace, content, &self.channel_ids, strays).await?;
        let post = Post::draft(
            workspace.new_id(),
            self.text,
            self.media_ids.into_vec(),
            self.channel_ids.into_vec(),
            variants,
            workspace.author(),
            workspace.now(),
        );
        workspace.commit(Changes::default().insert(&post).audit(&POST_CREATED, post.id)).await?;
        Ok(Created(PostView::from(&post)))
    }
}
