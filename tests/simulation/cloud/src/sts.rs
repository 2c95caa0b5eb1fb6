//! A fake of STS: temporary credentials, which nothing checks.
//!
//! Its rules are those of
//! [AssumeRole](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).

use std::collections::HashMap;

use aws_credential_types::Credentials;
use bytes::Bytes;
use http::Response;

use crate::{ACCOUNT, Surroundings, response};

/// The longest session policy: AssumeRole, Policy.
const MAX_POLICY_CHARS: usize = 2048;

pub(crate) struct Sessions {
    around: Surroundings,
    /// The secret and the token of each access key id.
    issued: HashMap<String, (String, String)>,
}

impl Sessions {
    pub(crate) fn new(around: Surroundings) -> Self {
        Self { around, issued: HashMap::new() }
    }

    /// The credentials with an access key id.
    pub(crate) fn credentials(&self, key_id: &str) -> Option<Credentials> {
        let (secret, token) = self.issued.get(key_id)?.clone();
        Some(Credentials::new(key_id, secret, Some(token), None, "simulated"))
    }

    pub(crate) fn answer(&mut self, form: &[u8]) -> Response<Bytes> {
        let form: HashMap<String, String> = url::form_urlencoded::parse(form).into_owned().collect();
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let (role, name) = (field("RoleArn"), field("RoleSessionName"));
        let (_, role_name) = role.split_once(":role/").unwrap_or_default();
        let lifetime_s: u32 = field("DurationSeconds").parse().unwrap_or(3600);
        if field("Action") != "AssumeRole" {
            return refused("InvalidAction", "the operation is not simulated");
        }
        if role_name.is_empty() || !(2..=64).contains(&name.len()) || !(900..=43_200).contains(&lifetime_s) {
            return refused("ValidationError", "RoleArn, RoleSessionName or DurationSeconds is malformed");
        }
        if field("Policy").chars().count() > MAX_POLICY_CHARS {
            return refused("PackedPolicyTooLarge", "the session policy has more than 2048 characters");
        }
        let (id, secret, token) = (self.around.id(), self.around.id(), self.around.id());
        let key_id = format!("ASIA{}", &id.replace('-', "").to_uppercase()[..16]);
        self.issued.insert(key_id.clone(), (secret.clone(), token.clone()));
        let expires_s = (self.around.now)().as_secs() + u64::from(lifetime_s);
        let expires_at = jiff::Timestamp::from_second(expires_s.cast_signed()).unwrap_or_default();
        let assumed = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role_name}/{name}");
        let body = format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
             <AssumedRoleUser><AssumedRoleId>AROA{}:{name}</AssumedRoleId><Arn>{assumed}</Arn></AssumedRoleUser>\
             <Credentials><AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
             <SessionToken>{token}</SessionToken><Expiration>{expires_at}</Expiration></Credentials>\
             </AssumeRoleResult><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></AssumeRoleResponse>",
            &key_id[4..],
        );
        response(200, "text/xml", body)
    }
}

fn refused(code: &str, message: &str) -> Response<Bytes> {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
    let body = format!("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">{error}</ErrorResponse>");
    response(400, "text/xml", body)
}
