//! The terms of an access that wraps another one.

/// Those of the access inside, but for what the wrapper changes: a new term is passed on here, once.
macro_rules! as_inside {
    ($inside:ident, FRESH = $fresh:expr, IN_TRASH = $in_trash:expr) => {
        const LEVEL: $crate::identity::admission::Level = $inside::LEVEL;
        const FRESH: bool = $fresh;
        const IN_TRASH: bool = $in_trash;
        const PLANES: &'static [$crate::kernel::plane::Plane] = $inside::PLANES;
        const MAY_MOVE: bool = $inside::MAY_MOVE;
        const BASE: &'static [$crate::aws::grants::Statement] = $inside::BASE;
        const SETTLES: &'static [&'static str] = $inside::SETTLES;
        const REFUSES: &'static [&'static str] = $inside::REFUSES;
        const PROBLEMS: &'static [$crate::kernel::problems::ProblemCode] = $inside::PROBLEMS;
    };
}
pub(super) use as_inside;
