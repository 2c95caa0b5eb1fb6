//! What every exhaustive model reports.

use stateright::{Checker, Model};

/// Prints the figures. Panics with the path to a state that breaks a property, which `broken` may name better than the
/// property does, and if a state was never reached that a property looks for.
#[allow(clippy::print_stderr)]
pub fn report<M: Model>(
    name: &str,
    checker: &impl Checker<M>,
    reached: &[&'static str],
    broken: impl Fn(&M::State) -> Option<&'static str>,
) where
    M::State: Clone + std::hash::Hash + PartialEq + std::fmt::Debug,
    M::Action: Clone + PartialEq + std::fmt::Debug,
{
    eprintln!("{name}: {} states, {} deep", checker.unique_state_count(), checker.max_depth());
    for (name, path) in checker.discoveries() {
        if checker.model().property(name).expectation.discovery_is_failure() {
            let rule = broken(path.last_state()).unwrap_or(name);
            let steps: Vec<_> = path.into_actions().iter().map(|action| format!("{action:?}")).collect();
            panic!("{rule}:\n{}", steps.join("\n"));
        }
    }
    for name in reached {
        assert!(checker.discovery(name).is_some(), "not reached: {name}");
    }
}
