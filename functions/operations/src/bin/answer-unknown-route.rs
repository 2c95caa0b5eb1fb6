//! The function `answer-unknown-route`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    operations::routes::answer_unknown_route::FUNCTION.serve()
}
