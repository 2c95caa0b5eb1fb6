//! Randomness, injected so that a test can be reproduced.

use aws_lc_rs::rand;

/// The source of every random byte.
#[derive(Clone)]
pub struct Entropy(Source);

#[derive(Clone)]
enum Source {
    System,
    #[cfg(any(test, feature = "testing"))]
    Seeded(std::sync::Arc<std::sync::atomic::AtomicU64>),
}

impl Entropy {
    /// The operating system's generator, through aws-lc.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A reproducible sequence (SplitMix64). For tests only: it is predictable.
    #[cfg(any(test, feature = "testing"))]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(std::sync::Arc::new(seed.into())))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System => {
                // aws-lc itself aborts the process if the kernel returns no randomness, so this result can only be Ok.
                let filled = rand::fill(bytes);
                debug_assert!(filled.is_ok());
            }
            #[cfg(any(test, feature = "testing"))]
            Source::Seeded(state) => {
                for chunk in bytes.chunks_mut(8) {
                    let step = 0x9e37_79b9_7f4a_7c15;
                    let seed = state.fetch_add(step, std::sync::atomic::Ordering::Relaxed).wrapping_add(step);
                    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                    chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
                }
            }
        }
    }

    /// A number below `bound`, uniform enough for jitter.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.bytes()) % bound.max(1)
    }
}
