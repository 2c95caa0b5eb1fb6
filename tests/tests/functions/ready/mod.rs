//! What each function needs to succeed: the state that its sample event refers to, made through the routes. A file for
//! each domain; functions that are not named there succeed in any place.

mod accounts;
mod channels;
mod erasure;
mod media;
mod operations;
mod override_sessions;
mod passkeys;
mod plans;
mod posts;
mod profiles;
mod recovery;
mod sign_in;
mod staff;
mod workspaces;

use crate::domains::functions;
use crate::place::{Place, World};
use crate::sample::Filling;

impl World {
    /// The filling with which the sample of a function succeeds. What a call uses up is created for it.
    pub async fn ready_for(&self, function: &str, place: &Place) -> Filling {
        let ready = place.filling.clone();
        let entry = functions().find(|entry| entry.name() == function);
        match entry.unwrap_or_else(|| panic!("no function is named {function}")).domain {
            "accounts" => self.ready_for_accounts(function, ready).await,
            "channels" => self.ready_for_channels(function, place, ready).await,
            "erasure" => self.ready_for_erasure(ready).await,
            "media" => self.ready_for_media(function, place, ready).await,
            "operations" => self.ready_for_operations(function, place, ready).await,
            "override_sessions" => self.ready_for_override_sessions(function, place, ready).await,
            "passkeys" => self.ready_for_passkeys(function, ready).await,
            "plans" => self.ready_for_plans(function, place, ready).await,
            "posts" => self.ready_for_posts(function, place, ready).await,
            "profiles" => self.ready_for_profiles(function, place, ready).await,
            "recovery" => self.ready_for_recovery(function, ready).await,
            "staff" => self.ready_for_staff(function, place, ready).await,
            "sign_in" => self.ready_for_sign_in(function, ready).await,
            "workspaces" => self.ready_for_workspaces(function, place, ready).await,
            _ => ready,
        }
    }
}
