//! The function `answer-unknown-route`.

fn main() -> Result<(), shared::function::Stopped> {
    operations::answer_unknown_route::FUNCTION.serve()
}
