//! The function `answer-preflight`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    operations::routes::answer_preflight::FUNCTION.serve()
}
