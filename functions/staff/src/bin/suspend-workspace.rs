//! The function `suspend-workspace`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::suspend_workspace::FUNCTION.serve()
}
