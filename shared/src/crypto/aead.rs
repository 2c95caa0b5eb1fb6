//! AES-256-GCM with a random nonce in front (NIST SP 800-38D, 96-bit nonces).

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretBytes;

/// `nonce ‖ ciphertext ‖ tag`. Nonces are random: a key seals far fewer than 2^32 values, because data keys live for
/// minutes and derived keys seal only cursors.
pub(crate) fn seal(key: &SecretBytes, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, Problem> {
    let key =
        RandomizedNonceKey::new(&AES_256_GCM, key.expose()).map_err(|_| Problem::internal("not an AES-256 key"))?;
    let mut sealed = plain.to_vec();
    let nonce = key
        .seal_in_place_append_tag(Aad::from(associated), &mut sealed)
        .map_err(|_| Problem::internal("sealing failed"))?;
    let mut whole = nonce.as_ref().to_vec();
    whole.append(&mut sealed);
    Ok(whole)
}

/// None if anything was changed: key, associated data, nonce, ciphertext or tag.
pub(crate) fn open(key: &SecretBytes, associated: &[u8], sealed: &[u8]) -> Option<SecretBytes> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key.expose()).ok()?;
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut plain = ciphertext.to_vec();
    let length = key.open_in_place(nonce, Aad::from(associated), &mut plain).ok()?.len();
    plain.truncate(length);
    Some(SecretBytes::new(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_or_moved_value_does_not_open() {
        let key = SecretBytes::new(vec![7; 32]);
        let sealed = seal(&key, b"ws_1|channel", b"secret").ok();
        let Some(sealed) = sealed else { unreachable!("sealing with a good key") };
        assert_eq!(open(&key, b"ws_1|channel", &sealed).map(|plain| plain.expose().to_vec()), Some(b"secret".to_vec()));
        assert!(open(&key, b"ws_2|channel", &sealed).is_none(), "opened for another workspace");
        assert!(open(&SecretBytes::new(vec![8; 32]), b"ws_1|channel", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&key, b"ws_1|channel", &changed).is_none(), "byte {at} may be changed");
        }
        for length in 0..sealed.len() {
            assert!(open(&key, b"ws_1|channel", &sealed[..length]).is_none(), "{length} bytes opened");
        }
    }
}
