//! The function `answer-preflight`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    operations::answer_preflight::FUNCTION.serve()
}
