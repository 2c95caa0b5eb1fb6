//! What happened in a simulated world, line by line.

use std::sync::Mutex;

use shared::kernel::time::{Clock, sortable};

use crate::lock;

/// Off, it costs nothing.
pub struct Trace {
    lines: Option<Mutex<Vec<String>>>,
}

impl Trace {
    pub fn new(is_on: bool) -> Self {
        Self { lines: is_on.then(Mutex::default) }
    }

    pub fn say(&self, clock: &Clock, line: impl FnOnce() -> String) {
        if let Some(lines) = &self.lines {
            let line = format!("{} {}", sortable(clock.now()), line());
            lock(lines).push(line);
        }
    }

    pub fn lines(&self) -> Vec<String> {
        self.lines.as_ref().map(|lines| lock(lines).clone()).unwrap_or_default()
    }
}
