//! The cloud in process of a test: the tables of `infra/data.yaml`, and the keys of `template.yaml`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use simulated_cloud::{Cloud, Failure};
use url::Url;

use super::{Response, TestApp};
use crate::aws::grants::Table;
use crate::aws::wire::{Network, NoAnswer};
use crate::config::{Config, Tables};
use crate::kernel::entropy::Entropy;
use crate::kernel::time::Clock;

const TABLES: [Table; 6] = [Table::Tenants, Table::Outbox, Table::Audit, Table::Proofs, Table::Accounts, Table::System];

/// The network of a test: the cloud answers at once, and hosts of the internet are where the test says.
pub(super) struct InProcess {
    pub(super) cloud: Arc<Cloud>,
    pub(super) hosts: Hosts,
}

/// The address of each simulated host.
pub(super) type Hosts = Arc<Mutex<HashMap<&'static str, Url>>>;

impl Network for InProcess {
    fn aws<'a>(
        &'a self,
        _call: &'a str,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, NoAnswer>> {
        Box::pin(async move {
            // Concurrent tasks of a test take turns at every call, before it and after it.
            tokio::task::yield_now().await;
            let answer = self.cloud.answer(&request);
            tokio::task::yield_now().await;
            Ok(answer)
        })
    }

    fn address(&self, url: &Url) -> Option<Url> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut address = hosts.get(url.host_str()?)?.clone();
        address.set_path(url.path());
        address.set_query(url.query());
        Some(address)
    }
}

#[allow(clippy::panic)]
pub(super) fn start(config: &Config, clock: &Clock, entropy: &Entropy) -> Arc<Cloud> {
    let (clock, entropy) = (clock.clone(), entropy.clone());
    let now = move || Duration::try_from(clock.now().as_duration()).unwrap_or_default();
    let cloud = Cloud::new(Arc::new(now), Arc::new(move |bytes| entropy.fill(bytes)));
    let started = cloud.and_then(|cloud| prepare(&cloud, config).map(|()| Arc::new(cloud)));
    started.unwrap_or_else(|failure| panic!("the cloud in process did not start: {failure}"))
}

impl TestApp {
    /// The name of a job's queue.
    pub fn queue(&self, job: &str) -> String {
        let (_, prefix) = self.config().queue_base.rsplit_once('/').unwrap_or_default();
        format!("{prefix}{job}")
    }

    /// Creates a job's queue, which hides received messages for ten minutes. Returns its URL.
    pub fn create_queue(&self, job: &str) -> Result<Value, Failure> {
        let timeout = json!({ "VisibilityTimeout": "600" });
        let queue = json!({ "QueueName": self.queue(job), "Attributes": timeout });
        Ok(self.cloud().call("AmazonSQS.CreateQueue", &queue)?["QueueUrl"].clone())
    }

    /// Puts the operator's app on a platform, as an operator would: the one before becomes the previous version.
    pub fn put_platform_app(&self, platform: &str, client_id: &str, client_secret: &str) -> Result<(), Failure> {
        let value = json!({ "client_id": client_id, "client_secret": client_secret });
        self.put_platform_secret(platform, &value.to_string())
    }

    /// The same with any text.
    pub fn put_platform_secret(&self, platform: &str, value: &str) -> Result<(), Failure> {
        let name = format!("{}{platform}", self.config().platform_apps);
        let (create, put) =
            (json!({ "Name": name, "SecretString": value }), json!({ "SecretId": name, "SecretString": value }));
        match self.cloud().call("secretsmanager.CreateSecret", &create) {
            Err(exists) if exists.code == "ResourceExistsException" => {
                self.cloud().call("secretsmanager.PutSecretValue", &put).map(drop)
            }
            created => created.map(drop),
        }
    }

    /// Lets a server at this address answer for a host of the internet.
    pub fn simulate_host(&self, host: &'static str, address: Url) {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).insert(host, address);
    }

    /// A request of a browser to a signed URL.
    pub fn fetch(&self, request: http::Request<Vec<u8>>) -> Response {
        Response::read(self.cloud().answer(&request.map(Bytes::from)).map(|body| body.to_vec().into()))
    }

    /// Sends a file by the description of an upload in a response: its `url` and `headers`.
    #[allow(clippy::panic)]
    pub fn upload(&self, described: &Value, file: Vec<u8>) -> Response {
        let mut request = http::Request::put(described["url"].as_str().unwrap_or_default());
        for (name, value) in described["headers"].as_object().into_iter().flatten() {
            // A client computes it from the body.
            let length = (name == "content-length").then(|| file.len().to_string());
            request = request.header(name, length.as_deref().or(value.as_str()).unwrap_or_default());
        }
        self.fetch(request.body(file).unwrap_or_else(|error| panic!("{error}: {described}")))
    }
}

fn prepare(cloud: &Cloud, config: &Config) -> Result<(), Failure> {
    for schema in schemas(&config.tables) {
        cloud.call("DynamoDB_20120810.CreateTable", &schema)?;
    }
    for (alias, spec) in [(&config.system_key, "SYMMETRIC_DEFAULT"), (&config.derivation_key, "HMAC_256")] {
        let key = cloud.call("TrentService.CreateKey", &json!({ "KeySpec": spec }))?;
        let named = json!({ "AliasName": alias, "TargetKeyId": key["KeyMetadata"]["KeyId"] });
        cloud.call("TrentService.CreateAlias", &named)?;
    }
    let (_, domain) = config.mail_from.rsplit_once('@').unwrap_or_default();
    cloud.verify_sender(domain);
    Ok(())
}

/// The requests of CreateTable.
pub fn schemas(tables: &Tables) -> Vec<Value> {
    TABLES.iter().map(|table| schema(*table, table.name(tables))).collect()
}

fn schema(table: Table, name: &str) -> Value {
    let attributes = |names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| json!({ "AttributeName": name, "AttributeType": "S" })).collect()
    };
    let key = |hash: &str, range: &str| {
        json!([
            { "AttributeName": hash, "KeyType": "HASH" },
            { "AttributeName": range, "KeyType": "RANGE" },
        ])
    };
    let mut schema = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": attributes(&["pk", "sk"]),
        "KeySchema": key("pk", "sk"),
    });
    let index = |name: &str| {
        json!({
            "IndexName": name,
            "KeySchema": key(&format!("{name}_pk"), &format!("{name}_sk")),
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        })
    };
    if matches!(table, Table::Tenants | Table::Outbox) {
        schema["AttributeDefinitions"] = json!(attributes(&["pk", "sk", "due_pk", "due_sk"]));
        schema["GlobalSecondaryIndexes"] = json!([index("due")]);
    }
    if table == Table::Accounts {
        schema["AttributeDefinitions"] = json!(attributes(&["pk", "sk", "due_pk", "due_sk", "domain_pk", "domain_sk"]));
        schema["GlobalSecondaryIndexes"] = json!([index("due"), index("domain")]);
    }
    schema
}
