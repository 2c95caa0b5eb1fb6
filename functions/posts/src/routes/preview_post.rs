//! `POST /workspaces/{workspace_id}/posts/preview`: shows what each channel would get of a post.

use shared::prelude::route::*;
use shared::tenancy::WholeList;

use crate::bounds::{MediaIds, ScheduledChannelIds};
use crate::content::{Content, Variants};
use crate::limits;
use crate::permissions::ReadPosts;
use crate::post_text::PostText;
use crate::preview::ChannelPreviewView;
use crate::problems;

/// Shows what each channel would get of a post: the text as it will be sent, its length, and every rule that it breaks. Nothing is
/// stored, and no platform is called: handles of mentioned accounts are looked up when the post is published.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewPost {
    text: PostText,
    /// Pictures of the workspace, in display order.
    #[serde(default)]
    #[schema(inline)]
    media_ids: MediaIds,
    #[schema(inline)]
    channel_ids: ScheduledChannelIds,
    /// What single channels of these get instead.
    #[serde(default)]
    #[schema(inline)]
    variants: Variants,
}

pub static FUNCTION: Function = Function::route::<PreviewPost>();

impl Endpoint for PreviewPost {
    const ROUTE: Route = Route::post("preview-post", "/workspaces/{workspace_id}/posts/preview");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::ServeOverrides];
    const REPEATABLE: Repeatable<Self> = Repeatable::WithoutEffect;
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("posts"));
    const PROBLEMS: &'static [ProblemCode] = &[problems::POST_DOES_NOT_FIT];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the pictures and channels of the sample are read");
    type Access = Workspace<ReadPosts>;
    type Output = Reply<WholeList<ChannelPreviewView>>;

    async fn handle(self, workspace: &Workspace<ReadPosts>) -> Result<Self::Output, Problem> {
        let variants = self.variants.into_vec();
        let content = Content { text: &self.text, media_ids: &self.media_ids, variants: &variants };
        limits::refuse(limits::strays(workspace, &variants, &self.channel_ids).await?)?;
        let checked = limits::check(workspace, content, &self.channel_ids).await?;
        Ok(Reply(WholeList { items: checked.into_iter().map(ChannelPreviewView::from).collect() }))
    }
}
