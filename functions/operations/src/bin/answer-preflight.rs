//! The function `answer-preflight`.

fn main() -> Result<(), shared::function::Stopped> {
    operations::answer_preflight::FUNCTION.serve()
}
