//! Posts: what a workspace says, when, and what becomes of it on each channel.

pub mod delivery;
pub mod lease;
pub mod post;
pub mod post_error;
pub mod post_text;
pub mod schedule;
pub mod trash;
pub mod view;
pub mod wall_time;

pub mod create_post;
pub mod delete_post;
pub mod get_post;
pub mod list_deliveries;
pub mod list_posts;
pub mod publish_post;
pub mod schedule_post;
pub mod sweep_due_posts;
pub mod unschedule_post;
pub mod update_post;

mod attempt;
mod distinct;
mod limits;
mod progress;
mod verdict;

use shared::function::Listed;

/// Every function of the domain, with its schema.
pub static FUNCTIONS: &[Listed] = &[
    Listed::route::<create_post::CreatePost>(&create_post::FUNCTION),
    Listed::route::<get_post::GetPost>(&get_post::FUNCTION),
    Listed::route::<list_posts::ListPosts>(&list_posts::FUNCTION),
    Listed::route::<update_post::UpdatePost>(&update_post::FUNCTION),
    Listed::route::<schedule_post::SchedulePost>(&schedule_post::FUNCTION),
    Listed::route::<unschedule_post::UnschedulePost>(&unschedule_post::FUNCTION),
    Listed::route::<delete_post::DeletePost>(&delete_post::FUNCTION),
    Listed::route::<list_deliveries::ListDeliveries>(&list_deliveries::FUNCTION),
    Listed::job(&sweep_due_posts::FUNCTION),
    Listed::job(&publish_post::FUNCTION),
];
