//! A fake of KMS: symmetric and HMAC keys, their aliases, tags and states.
//!
//! Its rules are those of the [API reference](https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html)
//! and of [key states](https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html). A ciphertext is a random
//! handle: the plaintext stays here, so that nothing but this key and context can open it.

use std::collections::{BTreeMap, HashMap};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::{ACCOUNT, Answer, Failure, REGION, Surroundings, text, unknown};

/// The longest plaintext of Encrypt, and message of GenerateMac.
const MAX_BYTES: usize = 4096;

type Context = BTreeMap<String, String>;

pub(crate) struct Keys {
    around: Surroundings,
    keys: HashMap<String, Key>,
    /// From `alias/…` to the id of a key; sorted, as pages of ListAliases need an order.
    aliases: BTreeMap<String, String>,
    sealed: HashMap<Vec<u8>, Sealed>,
}

struct Key {
    /// Of an HMAC key.
    material: Option<[u8; 32]>,
    created_at: f64,
    /// The scheduled deletion, in seconds since the Unix epoch.
    deleted_at: Option<f64>,
    tags: Value,
}

struct Sealed {
    key: String,
    context: Context,
    plain: Vec<u8>,
}

impl Keys {
    pub(crate) fn new(around: Surroundings) -> Self {
        Self { around, keys: HashMap::new(), aliases: BTreeMap::new(), sealed: HashMap::new() }
    }

    pub(crate) fn answer(&mut self, operation: &str, request: &Value) -> Answer {
        match operation {
            "CreateAlias" => self.create_alias(request),
            "CreateKey" => Ok(self.create_key(request)),
            "Decrypt" => self.decrypt(request),
            "DescribeKey" => self.described(request).map(|id| json!({ "KeyMetadata": self.metadata(&id) })),
            "EnableKeyRotation" => self.usable(request).map(|_| json!({})),
            "Encrypt" => self.encrypt(request),
            "GenerateDataKey" => self.generate_data_key(request),
            "GenerateMac" => self.generate_mac(request),
            "ListAliases" => Ok(self.list_aliases(request)),
            "ListResourceTags" => {
                self.described(request).map(|id| json!({ "Tags": self.keys[&id].tags, "Truncated": false }))
            }
            "ScheduleKeyDeletion" => self.schedule_deletion(request),
            _ => Err(unknown(operation)),
        }
    }

    fn create_key(&mut self, request: &Value) -> Value {
        let id = self.around.id();
        let material = (request["KeySpec"] == "HMAC_256").then(|| self.around.bytes());
        let tags = if request["Tags"].is_array() { request["Tags"].clone() } else { json!([]) };
        let key = Key { material, created_at: self.around.seconds(), deleted_at: None, tags };
        self.keys.insert(id.clone(), key);
        json!({ "KeyMetadata": self.metadata(&id) })
    }

    fn create_alias(&mut self, request: &Value) -> Answer {
        let (alias, target) = (text(request, "AliasName")?, self.id(text(request, "TargetKeyId")?)?);
        if !alias.starts_with("alias/") || alias.starts_with("alias/aws/") {
            return Err(Failure::new("InvalidAliasNameException", "an alias starts with alias/, not alias/aws/"));
        }
        if self.aliases.contains_key(alias) {
            return Err(Failure::new("AlreadyExistsException", format!("{alias} already exists")));
        }
        self.aliases.insert(alias.to_owned(), target);
        Ok(json!({}))
    }

    fn list_aliases(&self, request: &Value) -> Value {
        let limit = request["Limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(50).clamp(1, 100);
        let after = request["Marker"].as_str().unwrap_or_default();
        let mut rest = self.aliases.iter().filter(|(alias, _)| alias.as_str() > after);
        let page: Vec<_> = rest.by_ref().take(limit).collect();
        let listed: Vec<_> = page
            .iter()
            .map(|(alias, id)| {
                let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:{alias}");
                json!({ "AliasName": alias, "AliasArn": arn, "TargetKeyId": id })
            })
            .collect();
        match (rest.next(), page.last()) {
            (Some(_), Some((last, _))) => json!({ "Aliases": listed, "Truncated": true, "NextMarker": last }),
            _ => json!({ "Aliases": listed, "Truncated": false }),
        }
    }

    fn schedule_deletion(&mut self, request: &Value) -> Answer {
        let id = self.usable(request)?;
        let days = request["PendingWindowInDays"].as_u64().unwrap_or(30);
        if !(7..=30).contains(&days) {
            return Err(Failure::new("ValidationException", "PendingWindowInDays must be 7 to 30"));
        }
        let deleted_at = self.around.seconds() + (days * 24 * 60 * 60) as f64;
        if let Some(key) = self.keys.get_mut(&id) {
            key.deleted_at = Some(deleted_at);
        }
        let (arn, state) = (arn(&id), "PendingDeletion");
        Ok(json!({ "KeyId": arn, "DeletionDate": deleted_at, "KeyState": state, "PendingWindowInDays": days }))
    }

    fn encrypt(&mut self, request: &Value) -> Answer {
        let (key, plain) = (self.usable(request)?, blob(request, "Plaintext")?);
        if plain.is_empty() || plain.len() > MAX_BYTES {
            return Err(Failure::new("ValidationException", "Plaintext must have 1 to 4096 bytes"));
        }
        let sealed = self.seal(&key, context(request), plain);
        Ok(json!({ "CiphertextBlob": sealed, "KeyId": arn(&key), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT" }))
    }

    fn generate_data_key(&mut self, request: &Value) -> Answer {
        let (key, plain) = (self.usable(request)?, self.around.bytes::<32>());
        let sealed = self.seal(&key, context(request), plain.to_vec());
        Ok(json!({ "CiphertextBlob": sealed, "Plaintext": STANDARD.encode(plain), "KeyId": arn(&key) }))
    }

    fn decrypt(&mut self, request: &Value) -> Answer {
        let sealed = blob(request, "CiphertextBlob")?;
        let found = self.sealed.get(&sealed).filter(|found| found.context == context(request));
        let found = found.ok_or_else(|| Failure::new("InvalidCiphertextException", ""))?;
        // Without a KeyId, the ciphertext says which key: API_Decrypt, KeyId.
        let named = if request["KeyId"].is_string() { self.usable(request)? } else { found.key.clone() };
        if named != found.key {
            return Err(Failure::new("IncorrectKeyException", "the ciphertext was encrypted under another key"));
        }
        let plain = STANDARD.encode(&found.plain);
        Ok(json!({ "Plaintext": plain, "KeyId": arn(&named), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT" }))
    }

    fn generate_mac(&self, request: &Value) -> Answer {
        let (id, message) = (self.usable(request)?, blob(request, "Message")?);
        let usage = || Failure::new("InvalidKeyUsageException", format!("{} is not an HMAC_256 key", arn(&id)));
        let material = self.keys[&id].material.ok_or_else(usage)?;
        if request["MacAlgorithm"] != "HMAC_SHA_256" {
            return Err(usage());
        }
        if message.is_empty() || message.len() > MAX_BYTES {
            return Err(Failure::new("ValidationException", "Message must have 1 to 4096 bytes"));
        }
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &material), &message);
        Ok(json!({ "Mac": STANDARD.encode(mac), "MacAlgorithm": "HMAC_SHA_256", "KeyId": arn(&id) }))
    }

    fn seal(&mut self, key: &str, context: Context, plain: Vec<u8>) -> String {
        let handle = self.around.bytes::<32>().to_vec();
        let shown = STANDARD.encode(&handle);
        self.sealed.insert(handle, Sealed { key: key.to_owned(), context, plain });
        shown
    }

    /// The id of a key that exists, by its id, its ARN or an alias.
    fn id(&self, named: &str) -> Result<String, Failure> {
        let name = named.strip_prefix(&format!("arn:aws:kms:{REGION}:{ACCOUNT}:")).unwrap_or(named);
        let id = self.aliases.get(name).map_or_else(|| name.strip_prefix("key/").unwrap_or(name), String::as_str);
        match self.keys.get(id) {
            Some(key) if key.deleted_at.is_none_or(|at| self.around.seconds() < at) => Ok(id.to_owned()),
            _ => Err(Failure::new("NotFoundException", format!("{named} is not found"))),
        }
    }

    /// A key that may be described, in any state.
    fn described(&self, request: &Value) -> Result<String, Failure> {
        self.id(text(request, "KeyId")?)
    }

    /// A key that may be used: not one that is pending deletion.
    fn usable(&self, request: &Value) -> Result<String, Failure> {
        let id = self.described(request)?;
        if self.keys[&id].deleted_at.is_some() {
            return Err(Failure::new("KMSInvalidStateException", format!("{} is pending deletion.", arn(&id))));
        }
        Ok(id)
    }

    fn metadata(&self, id: &str) -> Value {
        let key = &self.keys[id];
        let is_enabled = key.deleted_at.is_none();
        let (usage, spec) = match key.material {
            Some(_) => ("GENERATE_VERIFY_MAC", "HMAC_256"),
            None => ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"),
        };
        let mut metadata = json!({
            "AWSAccountId": ACCOUNT,
            "Arn": arn(id),
            "CreationDate": key.created_at,
            "Enabled": is_enabled,
            "KeyId": id,
            "KeyManager": "CUSTOMER",
            "KeySpec": spec,
            "KeyState": if is_enabled { "Enabled" } else { "PendingDeletion" },
            "KeyUsage": usage,
            "MultiRegion": false,
            "Origin": "AWS_KMS",
        });
        if let Some(at) = key.deleted_at {
            metadata["DeletionDate"] = json!(at);
        }
        metadata
    }
}

fn arn(id: &str) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}")
}

fn context(request: &Value) -> Context {
    let members = request["EncryptionContext"].as_object().into_iter().flatten();
    members.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn blob(request: &Value, name: &str) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text(request, name)?).map_err(|error| Failure::new("SerializationException", error))
}
