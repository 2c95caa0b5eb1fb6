//! Calls to a Bluesky server (XRPC over HTTPS). Each has a timeout, and each error says whether the call may have had
//! an effect.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::aws::outbound::OutboundAnswer;
use shared::kernel::secrets::SecretText;
use shared::tenancy::Scope;
use url::Url;

use super::answers::{BlobAnswer, DIALECT, HandleAnswer, PutAnswer, RecordAnswer, SessionAnswer};
use super::handle::Handle;
use super::record::COLLECTION;
use super::service::method_url;
use crate::call::{self, Call, CallError, Meaning, parse};
use crate::renewal::CALL_TIMEOUT_S;

/// Signing in hashes a password on the server; the other session calls are quick.
const SESSION_TIMEOUT_S: u64 = CALL_TIMEOUT_S;
/// A write waits for other writes of the account.
const WRITE_TIMEOUT_S: u64 = 15;
/// A picture of 2 MB on a slow line.
const UPLOAD_TIMEOUT_S: u64 = 30;
const READ_TIMEOUT_S: u64 = 10;

/// A session with its DID document takes a few kilobytes, everything else less.
const MOST_ANSWER_BYTES: usize = 64 * 1024;
/// Our records are less than a tenth of this, and we request no others.
const MOST_RECORD_BYTES: usize = 512 * 1024;

/// A server, called on behalf of one workspace.
pub struct Client<'a> {
    scope: &'a Scope,
    server: &'a Url,
}

struct Method<'a> {
    verb: http::Method,
    name: &'static str,
    parameters: &'a [(&'a str, &'a str)],
    token: Option<&'a SecretText>,
    body: Option<(&'a str, Vec<u8>)>,
    timeout_s: u64,
    most_bytes: usize,
}

impl<'a> Client<'a> {
    pub fn new(scope: &'a Scope, server: &'a Url) -> Self {
        Self { scope, server }
    }

    pub async fn create_session(&self, identifier: &str, password: &SecretText) -> Result<SessionAnswer, CallError> {
        let input = json!({ "identifier": identifier, "password": password.expose() });
        self.post("com.atproto.server.createSession", None, &input, SESSION_TIMEOUT_S).await
    }

    /// Rotates the tokens. The old refresh token works for two more hours and returns the same new one, so a lost
    /// response loses nothing.
    pub async fn refresh_session(&self, refresh: &SecretText) -> Result<SessionAnswer, CallError> {
        self.session("com.atproto.server.refreshSession", refresh).await.and_then(parse("refreshSession"))
    }

    /// Ends the session of a refresh token, even an expired one.
    pub async fn delete_session(&self, refresh: &SecretText) -> Result<(), CallError> {
        self.session("com.atproto.server.deleteSession", refresh).await.map(|_| ())
    }

    pub async fn resolve_handle(&self, handle: &Handle) -> Result<HandleAnswer, CallError> {
        let parameters = [("handle", handle.as_str())];
        self.get("com.atproto.identity.resolveHandle", &parameters, MOST_ANSWER_BYTES).await
    }

    /// Uploads a picture. It is invisible until a record refers to it, and is deleted if none does.
    pub async fn upload_blob(
        &self,
        access: &SecretText,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<BlobAnswer, CallError> {
        let name = "com.atproto.repo.uploadBlob";
        let body = Some((content_type, bytes));
        let call = Method {
            verb: http::Method::POST,
            name,
            parameters: &[],
            token: Some(access),
            body,
            timeout_s: UPLOAD_TIMEOUT_S,
            most_bytes: MOST_ANSWER_BYTES,
        };
        self.call(call).await.and_then(parse(name))
    }

    /// Writes a record under an unused key. Repeating the same record succeeds; another record under the key is refused
    /// with `InvalidSwap`. Both follow from `swapRecord: null`, which is therefore never omitted.
    pub async fn put_new_record(
        &self,
        access: &SecretText,
        account: &str,
        record_key: &str,
        record: &Value,
    ) -> Result<PutAnswer, CallError> {
        let name = "com.atproto.repo.putRecord";
        let input = json!({
            "repo": account,
            "collection": COLLECTION,
            "rkey": record_key,
            "record": record,
            "swapRecord": null,
        });
        let answer: PutAnswer = self.post(name, Some(access), &input, WRITE_TIMEOUT_S).await?;
        let ours = answer.uri.names(account, COLLECTION, record_key);
        if ours { Ok(answer) } else { Err(CallError::Malformed(name)) }
    }

    /// The record of this key, if it exists. Read from the account's own server, which sees every write.
    pub async fn get_record(&self, account: &str, record_key: &str) -> Result<Option<RecordAnswer>, CallError> {
        let name = "com.atproto.repo.getRecord";
        let parameters = [("repo", account), ("collection", COLLECTION), ("rkey", record_key)];
        match self.get::<RecordAnswer>(name, &parameters, MOST_RECORD_BYTES).await {
            Err(CallError::Refused(refusal)) if refusal.meaning == Meaning::NotFound => Ok(None),
            Ok(answer) if !answer.uri.names(account, COLLECTION, record_key) => Err(CallError::Malformed(name)),
            answer => answer.map(Some),
        }
    }

    async fn get<T: DeserializeOwned>(
        &self,
        name: &'static str,
        parameters: &[(&str, &str)],
        most_bytes: usize,
    ) -> Result<T, CallError> {
        let (verb, timeout_s) = (http::Method::GET, READ_TIMEOUT_S);
        let call = Method { verb, name, parameters, token: None, body: None, timeout_s, most_bytes };
        self.call(call).await.and_then(parse(name))
    }

    async fn post<T: DeserializeOwned>(
        &self,
        name: &'static str,
        token: Option<&SecretText>,
        input: &Value,
        timeout_s: u64,
    ) -> Result<T, CallError> {
        let body = Some(("application/json", input.to_string().into_bytes()));
        let (verb, most_bytes) = (http::Method::POST, MOST_ANSWER_BYTES);
        let call = Method { verb, name, parameters: &[], token, body, timeout_s, most_bytes };
        self.call(call).await.and_then(parse(name))
    }

    /// A call without input: the server refuses one with a content type.
    async fn session(&self, name: &'static str, refresh: &SecretText) -> Result<OutboundAnswer, CallError> {
        self.call(Method {
            verb: http::Method::POST,
            name,
            parameters: &[],
            token: Some(refresh),
            body: None,
            timeout_s: SESSION_TIMEOUT_S,
            most_bytes: MOST_ANSWER_BYTES,
        })
        .await
    }

    async fn call(&self, method: Method<'_>) -> Result<OutboundAnswer, CallError> {
        let call = Call {
            url: method_url(self.server, method.name, method.parameters),
            method: method.verb,
            name: method.name,
            token: method.token,
            body: method.body.map(|(content_type, body)| (content_type.to_owned(), body)),
            headers: Vec::new(),
            timeout_s: method.timeout_s,
            most_bytes: method.most_bytes,
        };
        call::call(self.scope, call, &DIALECT).await
    }
}
