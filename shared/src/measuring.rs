//! An access token and its verification, for the benchmarks only.

use jsonwebtoken::EncodingKey;

use crate::identity::{PublicKey, signing, token};
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{SessionId, UserId, UserKind, new_uuid};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::kernel::time::Clock;

const ISSUER: &str = "https://api.example.com";

/// An access token of a new key, and the key to verify it.
pub struct SignedToken {
    token: SecretText,
    key: PublicKey,
    clock: Clock,
}

impl SignedToken {
    pub fn new() -> Result<Self, Problem> {
        let (clock, entropy) = (Clock::system(), Entropy::system());
        let (private, key) = signing::new_pair()?;
        let whose = (UserId::new(&clock, &entropy), SessionId::new(&clock, &entropy));
        let jti = new_uuid(&clock, &entropy).simple().to_string();
        let private = EncodingKey::from_ec_der(private.expose());
        let token = token::mint(&private, &key.kid, ISSUER, whose, clock.now(), jti)?;
        Ok(Self { token, key, clock })
    }

    /// Verifies the signature and the claims, with the key at hand.
    pub fn verify(&self) -> Result<(), Problem> {
        let verified = token::verify::<UserKind>(self.token.expose(), &self.key, ISSUER, self.clock.now());
        verified.map(drop).map_err(|refused| Problem::internal(refused.0))
    }

    /// Verifies a request's token completely, before anything is read: the header, which names the key, and the rest.
    pub fn verify_whole(&self) -> Result<(), Problem> {
        let kid = token::key_id::<UserKind>(self.token.expose()).map_err(|refused| Problem::internal(refused.0))?;
        if kid != self.key.kid {
            return Err(Problem::internal("the token names another key"));
        }
        self.verify()
    }
}
