//! The function `unschedule-post`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::routes::unschedule_post::FUNCTION.serve()
}
