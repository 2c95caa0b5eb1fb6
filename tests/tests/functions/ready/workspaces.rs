//! What the functions of workspaces need.

use shared::kernel::ids::UserId;
use shared::tenancy::Role;

use crate::person::claim;
use crate::place::{Account, Place, World, text};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_workspaces(&self, function: &str, place: &Place, ready: Filling) -> Filling {
        match function {
            "update-security" => {
                self.prove_second_factor(&place.owner.token).await;
                ready
            }
            "change-member-role" | "remove-member" => ready.with("user_id", self.member(place, Role::Member).await.0),
            "leave-workspace" => ready.with("token", self.member(place, Role::Member).await.1),
            _ => ready,
        }
    }

    /// A new user who is a member: the id and the access token.
    pub async fn member(&self, place: &Place, role: Role) -> (UserId, String) {
        let Account { tokens, .. } = self.account().await;
        let token = text(&tokens["access_token"]);
        let user = claim(&token, "sub").parse().unwrap();
        self.app.add_member(place.owner.workspace, user, role).await.unwrap();
        (user, token)
    }
}
