//! The function `schedule-post`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::schedule_post::FUNCTION.serve()
}
