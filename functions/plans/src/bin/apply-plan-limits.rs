//! The function `apply-plan-limits`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    plans::jobs::apply_plan_limits::FUNCTION.serve()
}
