//! The routes of `posts`. Written by `make generate`: each file of this folder is one.

pub mod create_post;
pub mod delete_post;
pub mod get_post;
pub mod list_deliveries;
pub mod list_posts;
pub mod preview_post;
pub mod resolve_delivery;
pub mod schedule_post;
pub mod unschedule_post;
pub mod update_post;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<create_post::CreatePost>(&create_post::FUNCTION),
    Listed::route::<delete_post::DeletePost>(&delete_post::FUNCTION),
    Listed::route::<get_post::GetPost>(&get_post::FUNCTION),
    Listed::route::<list_deliveries::ListDeliveries>(&list_deliveries::FUNCTION),
    Listed::route::<list_posts::ListPosts>(&list_posts::FUNCTION),
    Listed::route::<preview_post::PreviewPost>(&preview_post::FUNCTION),
    Listed::route::<resolve_delivery::ResolveDelivery>(&resolve_delivery::FUNCTION),
    Listed::route::<schedule_post::SchedulePost>(&schedule_post::FUNCTION),
    Listed::route::<unschedule_post::UnschedulePost>(&unschedule_post::FUNCTION),
    Listed::route::<update_post::UpdatePost>(&update_post::FUNCTION),
];
