//! A fake of Secrets Manager: texts with their current and previous versions.
//!
//! Its rules are those of
//! [CreateSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html),
//! [PutSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html) and
//! [GetSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{ACCOUNT, Answer, Failure, REGION, Surroundings, text, unknown};

pub(crate) struct Secrets {
    around: Surroundings,
    by_name: BTreeMap<String, Secret>,
}

struct Secret {
    arn: String,
    current: Version,
    previous: Option<Version>,
}

#[derive(Clone)]
struct Version {
    id: String,
    text: String,
}

impl Secrets {
    pub(crate) fn new(around: Surroundings) -> Self {
        Self { around, by_name: BTreeMap::new() }
    }

    pub(crate) fn answer(&mut self, operation: &str, request: &Value) -> Answer {
        match operation {
            "CreateSecret" => self.create(request),
            "PutSecretValue" => self.put(request),
            "GetSecretValue" => self.get(request),
            _ => Err(unknown(operation)),
        }
    }

    fn version(&self, request: &Value) -> Result<Version, Failure> {
        Ok(Version { id: self.around.id(), text: text(request, "SecretString")?.to_owned() })
    }

    fn create(&mut self, request: &Value) -> Answer {
        let (name, current) = (text(request, "Name")?.to_owned(), self.version(request)?);
        if self.by_name.contains_key(&name) {
            let message = format!("The operation failed because the secret {name} already exists.");
            return Err(Failure::new("ResourceExistsException", message));
        }
        // The name is followed by six characters that the service chooses.
        let suffix = &self.around.id()[..6];
        let arn = format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-{suffix}");
        let answer = json!({ "ARN": arn, "Name": name, "VersionId": current.id });
        self.by_name.insert(name, Secret { arn, current, previous: None });
        Ok(answer)
    }

    /// `AWSCURRENT` moves to the new version, and `AWSPREVIOUS` to the one that had it.
    fn put(&mut self, request: &Value) -> Answer {
        let (name, version) = (self.named(request)?, self.version(request)?);
        let secret = self.by_name.get_mut(&name).ok_or_else(missing)?;
        let answer = json!({
            "ARN": secret.arn, "Name": name, "VersionId": version.id, "VersionStages": ["AWSCURRENT"],
        });
        secret.previous = Some(std::mem::replace(&mut secret.current, version));
        Ok(answer)
    }

    fn get(&self, request: &Value) -> Answer {
        let name = self.named(request)?;
        let secret = self.by_name.get(&name).ok_or_else(missing)?;
        let stage = request["VersionStage"].as_str().unwrap_or("AWSCURRENT");
        let version = match stage {
            "AWSCURRENT" => Some(&secret.current),
            "AWSPREVIOUS" => secret.previous.as_ref(),
            _ => None,
        };
        let version = version.ok_or_else(|| {
            let message = "Secrets Manager can't find the specified secret value for staging label: ";
            Failure::new("ResourceNotFoundException", format!("{message}{stage}"))
        })?;
        Ok(json!({
            "ARN": secret.arn, "Name": name, "VersionId": version.id, "SecretString": version.text,
            "VersionStages": [stage], "CreatedDate": self.around.seconds(),
        }))
    }

    /// The name of the secret of a request, which names it by its name or its ARN.
    fn named(&self, request: &Value) -> Result<String, Failure> {
        let id = text(request, "SecretId")?;
        let found = self.by_name.iter().find(|(name, secret)| *name == id || secret.arn == id);
        found.map(|(name, _)| name.clone()).ok_or_else(missing)
    }
}

fn missing() -> Failure {
    Failure::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}
