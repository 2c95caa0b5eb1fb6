//! The function `resume-workspace`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::resume_workspace::FUNCTION.serve()
}
