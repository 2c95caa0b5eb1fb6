//! Argon2id (RFC 9106) of a peppered password, as a PHC string.

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use shared::config::PasswordCost;
use shared::crypto::digest::equal;
use shared::kernel::entropy::Entropy;
use shared::kernel::secrets::SecretBytes;

/// A stored hash with a higher cost was not written by us, and could exhaust the function.
const HIGHEST: PasswordCost = PasswordCost { memory_kib: 256 * 1024, passes: 16, lanes: 4 };

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Why a hash cannot be computed. Always a damaged record, never a user error.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    #[error("the stored password hash is malformed")]
    Malformed,
    #[error("Argon2 refused its parameters: {0}")]
    Argon2(argon2::Error),
}

/// Argon2's working memory, reused across requests: allocating and faulting in 64 MiB costs about as much as a pass
/// over it. It is not wiped between requests: its contents reveal no more about the password than the hash does.
static MEMORY: Mutex<Vec<Block>> = Mutex::new(Vec::new());

/// Hashes a new password at the given cost.
pub(super) fn hash(peppered: &SecretBytes, cost: PasswordCost, entropy: &Entropy) -> Result<String, HashError> {
    let salt: [u8; SALT_BYTES] = entropy.bytes();
    Ok(write_phc(cost, &salt, &argon2id(peppered.expose(), &salt, cost)?))
}

/// Whether this password matches the hash.
pub(super) fn matches(phc: &str, peppered: &SecretBytes) -> Result<bool, HashError> {
    let (cost, salt, expected) = read_phc(phc).ok_or(HashError::Malformed)?;
    Ok(equal(&argon2id(peppered.expose(), &salt, cost)?, &expected))
}

/// Does the work of one comparison, so that an account without an Argon2id hash takes the same time.
pub(super) fn match_nothing(peppered: &SecretBytes, cost: PasswordCost) -> Result<(), HashError> {
    let hash = argon2id(peppered.expose(), &[0; SALT_BYTES], cost)?;
    let _ = equal(&hash, &[0; HASH_BYTES]);
    Ok(())
}

/// The cost of a hash; `None` if it is malformed.
pub(super) fn cost(phc: &str) -> Option<PasswordCost> {
    read_phc(phc).map(|(cost, _, _)| cost)
}

fn argon2id(peppered: &[u8], salt: &[u8], cost: PasswordCost) -> Result<[u8; HASH_BYTES], HashError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(HASH_BYTES)).map_err(HashError::Argon2)?;
    let needed = params.block_count();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    // One hash at a time: two in parallel would need twice the memory, and the function has one core.
    let mut memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    if memory.len() < needed {
        memory.resize(needed, Block::new());
    }
    let mut hash = [0; HASH_BYTES];
    argon2
        .hash_password_into_with_memory(peppered, salt, &mut hash, &mut memory[..needed])
        .map_err(HashError::Argon2)?;
    Ok(hash)
}

/// `$argon2id$v=19$m=65536,t=3,p=1$<salt>$<hash>`, in base64 without padding.
fn write_phc(cost: PasswordCost, salt: &[u8], hash: &[u8]) -> String {
    let PasswordCost { memory_kib, passes, lanes } = cost;
    let [salt, hash] = [salt, hash].map(|bytes| BASE64_STANDARD_NO_PAD.encode(bytes));
    format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}")
}

fn read_phc(phc: &str) -> Option<(PasswordCost, [u8; SALT_BYTES], [u8; HASH_BYTES])> {
    let mut parts = phc.strip_prefix("$argon2id$v=19$")?.split('$');
    let mut costs = parts.next()?.split(',');
    let mut number = |name| costs.next()?.strip_prefix(name)?.strip_prefix('=')?.parse::<u32>().ok();
    let cost = PasswordCost { memory_kib: number("m")?, passes: number("t")?, lanes: number("p")? };
    if cost.memory_kib > HIGHEST.memory_kib || cost.passes > HIGHEST.passes || cost.lanes > HIGHEST.lanes {
        return None;
    }
    let mut bytes = || BASE64_STANDARD_NO_PAD.decode(parts.next()?).ok();
    let (salt, hash) = (bytes()?.try_into().ok()?, bytes()?.try_into().ok()?);
    (parts.next().is_none() && costs.next().is_none()).then_some((cost, salt, hash))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CHEAP: PasswordCost = PasswordCost { memory_kib: 64, passes: 1, lanes: 1 };

    fn bytes(text: &str) -> SecretBytes {
        SecretBytes::new(text.as_bytes().to_vec())
    }

    fn hash_of(text: &str) -> String {
        hash(&bytes(text), CHEAP, &Entropy::seeded(1)).unwrap()
    }

    #[test]
    fn argon2id_matches_the_reference_implementation() {
        // `printf password | argon2 somesalt -id -t 2 -k 65536 -p 1` of the reference implementation (20190702).
        let hash =
            argon2id(b"password", b"somesalt", PasswordCost { memory_kib: 65_536, passes: 2, lanes: 1 }).unwrap();
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }

    #[test]
    fn only_the_hashed_password_matches() {
        let phc = hash_of("correct horse battery");
        assert!(matches(&phc, &bytes("correct horse battery")).unwrap());
        assert!(!matches(&phc, &bytes("correct horse batterz")).unwrap());
    }

    #[test]
    fn hashing_a_password_twice_gives_different_hashes() {
        let entropy = Entropy::seeded(7);
        let [one, two] = [(); 2].map(|()| hash(&bytes("correct horse"), CHEAP, &entropy).unwrap());
        assert_ne!(one, two);
        assert!(one.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{one}");
        assert_eq!(cost(&one), Some(CHEAP));
    }

    #[test]
    fn memory_reused_after_a_more_expensive_hash_is_harmless() {
        let phc = hash_of("correct horse");
        match_nothing(&bytes("another"), PasswordCost { memory_kib: 1024, ..CHEAP }).unwrap();
        assert!(matches(&phc, &bytes("correct horse")).unwrap());
    }

    #[test]
    fn a_damaged_hash_is_an_error() {
        let whole = hash_of("correct horse");
        for phc in [
            String::new(),
            whole[..whole.len() - 1].to_owned(),
            format!("{whole}$"),
            format!("{whole}="),
            whole.replace("argon2id", "argon2i"),
            whole.replace("v=19", "v=16"),
            whole.replace("m=64,t=1,p=1", "t=1,m=64,p=1"),
            whole.replace("m=64", "m=4294967295"),
            whole.replace("p=1", "p=1,data=AA"),
        ] {
            assert!(matches!(matches(&phc, &bytes("x")), Err(HashError::Malformed)), "{phc}");
        }
        assert!(matches!(matches(&whole.replace("m=64", "m=1"), &bytes("x")), Err(HashError::Argon2(_))));
    }
}
