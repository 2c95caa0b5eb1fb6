//! The function `sweep-due-posts`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::jobs::sweep_due_posts::FUNCTION.serve()
}
