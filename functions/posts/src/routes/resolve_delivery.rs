//! `POST /workspaces/{workspace_id}/posts/{post_id}/deliveries/{delivery_id}/resolve`: a person says what became of a held
//! delivery.

use serde_json::json;
use shared::prelude::route::*;

use crate::audit_actions::DELIVERY_RESOLVED;
use crate::delivery::{Delivery, DeliveryId, DeliveryKey, Resolution};
use crate::permissions::WritePosts;
use crate::post::{Post, PostId};
use crate::post_error::PostError;
use crate::problems;
use crate::progress::replace_post;
use crate::view::PostView;

/// Resolves a held delivery: the post may have been published, and a person has looked. With `is_published`, the delivery is
/// published; otherwise it failed, and the post can be scheduled for the channel again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveDelivery {
    post_id: PostId,
    delivery_id: DeliveryId,
    /// Whether the channel shows the post.
    is_published: bool,
    /// The address of the published post: needed with `is_published`, and refused without it.
    #[serde(default)]
    #[schema(
        nullable = false,
        format = "uri",
        max_length = 2048,
        example = "https://bsky.app/profile/alice.example/post/3mfzvxlxxbc2a"
    )]
    url: Option<String>,
}

pub static FUNCTION: Function = Function::route::<ResolveDelivery>();

impl Endpoint for ResolveDelivery {
    const ROUTE: Route =
        Route::post("resolve-delivery", "/workspaces/{workspace_id}/posts/{post_id}/deliveries/{delivery_id}/resolve");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ProveToken, Grant::ServeOverrides];
    const REPEATABLE: Repeatable<Self> = Repeatable::entity::<Post>();
    const TOKEN: Option<TokenScope> = Some(TokenScope::write("posts"));
    const PROBLEMS: &'static [ProblemCode] = &[problems::DELIVERY_NOT_HELD, problems::POST_MODIFIED_CONCURRENTLY];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Post>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(4, "the post and the delivery are read");
    type Access = Workspace<WritePosts>;
    type Output = Reply<PostView>;

    async fn handle(self, workspace: &Workspace<WritePosts>) -> Result<Self::Output, Problem> {
        let resolution = Resolution::new(self.is_published, self.url)?;
        let key = DeliveryKey { post_id: self.post_id, delivery_id: self.delivery_id };
        let mut post = workspace.get::<Post>(&self.post_id).await?;
        let mut delivery = workspace.get::<Delivery>(&key).await?;
        delivery.resolve(resolution, workspace.now()).map_err(|_| PostError::DeliveryNotHeld)?;
        post.note(&delivery);
        post.updated_at = workspace.now();
        let changes = Changes::default().replace(&delivery).or(PostError::ModifiedConcurrently);
        let changes = replace_post(changes, &mut post, None).audit(&DELIVERY_RESOLVED, post.id).detail(json!({
            "delivery_id": delivery.id, "channel_id": delivery.channel_id, "is_published": self.is_published,
        }));
        workspace.commit(changes).await?;
        Ok(Reply(PostView::from(&*post)))
    }
}
