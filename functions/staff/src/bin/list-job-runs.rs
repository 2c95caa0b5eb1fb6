//! The function `list-job-runs`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::list_job_runs::FUNCTION.serve()
}
