//! The function `schedule-post`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::routes::schedule_post::FUNCTION.serve()
}
