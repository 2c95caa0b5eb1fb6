//! Policies: the grants of `shared::aws::grants` as IAM statements of the deployed roles.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::aws::grants::{
    CERTIFICATE_KEY, Holder, ItemRight, LETTER, OBJECT_PREFIXES, Resource, Statement, Table, item_rights, leading_keys,
};

use crate::names::physical;

/// The condition of a stack whose workspaces share a key.
pub const POOLED: &str = "Pooled";

/// The statements of a role, each once: those of items by table, then the others in the order of the grants.
pub fn statements<'a>(declared: impl Iterator<Item = &'a Statement> + Clone, holder: Holder) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let items = item_rights(declared.clone(), holder).into_iter().map(|right| items(&right));
    let others = declared.filter(|statement| statement.holder == holder).flat_map(written);
    items.chain(others).filter(|statement| seen.insert(statement.to_string())).collect()
}

/// Whether a function acts for one workspace at a time, through its domain's tenant-access role.
pub fn enters_tenants<'a>(mut declared: impl Iterator<Item = &'a Statement>) -> bool {
    declared.any(|statement| statement.holder == Holder::Tenant)
}

/// The IAM form of a right on items.
fn items(right: &ItemRight) -> Value {
    let keys: Vec<String> = right.keys.iter().map(|key| tagged(key)).collect();
    allow_if(&right.actions, arn("dynamodb", &format!("table/{}", table_name(right.table))), leading_keys(&keys))
}

/// The IAM form of a statement that is not of items. Most are one; rights that differ by resource type are several.
fn written(statement: &Statement) -> Vec<Value> {
    let actions = statement.actions;
    match statement.resource {
        Resource::Items(..) => Vec::new(),
        Resource::DueIndex(table) => vec![allow(actions, index(table, "due"))],
        Resource::DomainIndex(table) => vec![allow(actions, index(table, "domain"))],
        Resource::Stream(table) => {
            vec![allow(actions, arn("dynamodb", &format!("table/{}/stream/*", table_name(table))))]
        }
        Resource::Objects(prefix) => {
            let objects = format!("arn:${{AWS::Partition}}:s3:::${{MediaBucket}}/{}", sub_text(prefix));
            vec![allow(actions, json!({ "Fn::Sub": objects }))]
        }
        Resource::ObjectVersions => {
            let prefixes: Vec<String> = OBJECT_PREFIXES.iter().map(|prefix| tagged(prefix)).collect();
            let bucket = json!({ "Fn::Sub": "arn:${AWS::Partition}:s3:::${MediaBucket}" });
            vec![allow_if(actions, bucket, json!({ "StringLike": { "s3:prefix": prefixes } }))]
        }
        Resource::WorkspaceKeys => workspace_keys(actions),
        Resource::TaggedWorkspaceKey => vec![allow_if(
            actions,
            arn("kms", "key/*"),
            json!({ "StringEquals": {
                "aws:ResourceTag/workspace": tagged("{workspace}"),
                "aws:ResourceTag/deployment": deployment(),
            } }),
        )],
        Resource::NewWorkspaceKey => new_workspace_key(actions),
        Resource::AnyWorkspaceKey => any_workspace_key(actions),
        Resource::StorageKey => vec![allow_if(
            actions,
            json!({ "Ref": "DataKey" }),
            json!({ "StringEquals": { "kms:ViaService": [through("dynamodb"), through("s3")] } }),
        )],
        Resource::SystemKey => vec![allow(actions, json!({ "Ref": "SystemKey" }))],
        Resource::LetterKey => vec![allow_if(
            actions,
            json!({ "Ref": "SystemKey" }),
            json!({ "StringEquals": { "kms:EncryptionContext:purpose": LETTER } }),
        )],
        Resource::CertificateKey => vec![allow_if(
            actions,
            json!({ "Ref": "SystemKey" }),
            json!({ "StringEquals": { "kms:EncryptionContext:purpose": CERTIFICATE_KEY } }),
        )],
        Resource::DerivationKey => vec![allow(actions, json!({ "Ref": "DerivationKey" }))],
        Resource::Queues => vec![allow(actions, arn("sqs", &physical("*")))],
        Resource::PlatformApps => vec![allow(actions, arn("secretsmanager", "secret:${Name}/platforms/*"))],
        Resource::MailIdentity => vec![allow_if(
            actions,
            arn("ses", "identity/*"),
            json!({ "StringEquals": { "ses:FromAddress": { "Ref": "MailFrom" } } }),
        )],
    }
}

/// Wrapping and unwrapping, only with the session's workspace in the encryption context: under the workspace's own key,
/// and under the pooled key if the deployment has one.
fn workspace_keys(actions: &[&str]) -> Vec<Value> {
    let workspace = tagged("{workspace}");
    let own = allow_if(
        actions,
        arn("kms", "key/*"),
        json!({ "StringEquals": {
            "aws:ResourceTag/workspace": workspace,
            "aws:ResourceTag/deployment": deployment(),
            "kms:EncryptionContext:workspace": workspace,
        } }),
    );
    let pooled = allow_if(
        actions,
        json!({ "Ref": "PooledKey" }),
        json!({ "StringEquals": { "kms:EncryptionContext:workspace": workspace } }),
    );
    vec![own, json!({ "Fn::If": [POOLED, pooled, { "Ref": "AWS::NoValue" }] })]
}

/// Creating a key with the session's workspace as its tag, and naming or deleting such a key.
fn new_workspace_key(actions: &[&str]) -> Vec<Value> {
    let workspace = tagged("{workspace}");
    let (making, using): (Vec<&str>, Vec<&str>) =
        actions.iter().partition(|action| matches!(**action, "kms:CreateKey" | "kms:TagResource"));
    // The tag assigns a key to a workspace. A key with a workspace keeps it, and the stack's own keys (with the stack's
    // `application` tag) are assigned to none.
    let requested = json!({
        "StringEquals": {
            "aws:RequestTag/workspace": workspace,
            "aws:RequestTag/deployment": deployment(),
        },
        "StringEqualsIfExists": { "aws:ResourceTag/workspace": workspace },
        "Null": { "aws:ResourceTag/application": "true" },
    });
    let owned = json!({ "StringEquals": {
        "aws:ResourceTag/workspace": workspace,
        "aws:ResourceTag/deployment": deployment(),
    } });
    let aliases: Vec<&str> = using.iter().copied().filter(|action| *action == "kms:CreateAlias").collect();
    // A key that is being created has no ARN to name yet.
    let mut written = vec![allow_if(&making, json!("*"), requested)];
    written.push(allow_if(&using, arn("kms", "key/*"), owned));
    if !aliases.is_empty() {
        written.push(allow(&aliases, arn("kms", &alias_pattern())));
    }
    written
}

/// Listing has no resource; the other actions apply only to keys that this deployment tagged.
fn any_workspace_key(actions: &[&str]) -> Vec<Value> {
    let (listing, using): (Vec<&str>, Vec<&str>) = actions.iter().partition(|action| **action == "kms:ListAliases");
    vec![
        allow(&listing, json!("*")),
        allow_if(
            &using,
            arn("kms", "key/*"),
            json!({ "StringEquals": { "aws:ResourceTag/deployment": deployment() } }),
        ),
    ]
}

/// The tag that `shared::aws::kms` adds to every workspace key.
fn deployment() -> Value {
    json!({ "Fn::Sub": physical("tenants") })
}

fn alias_pattern() -> String {
    format!("alias/{}/ws/*", physical("tenants"))
}

pub fn table_name(table: Table) -> String {
    physical(match table {
        Table::Tenants => "tenants",
        Table::Outbox => "outbox",
        Table::Audit => "audit",
        Table::Proofs => "proofs",
        Table::Accounts => "accounts",
        Table::System => "system",
    })
}

fn index(table: Table, name: &str) -> Value {
    arn("dynamodb", &format!("table/{}/index/{name}", table_name(table)))
}

/// A service of this region in KMS's form.
fn through(service: &str) -> Value {
    json!({ "Fn::Sub": format!("{service}.${{AWS::Region}}.amazonaws.com") })
}

/// An ARN in this region and account.
pub fn arn(service: &str, resource: &str) -> Value {
    json!({ "Fn::Sub": format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}") })
}

/// The ARN of a role of this deployment.
pub fn role_arn(name: &str) -> Value {
    json!({ "Fn::Sub": format!("arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{}", physical(name)) })
}

pub fn allow(actions: &[&str], resource: Value) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resource })
}

pub fn allow_if(actions: &[&str], resource: Value, condition: Value) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resource, "Condition": condition })
}

/// `W#{workspace}` with the policy variable of the session's tag. CloudFormation interprets `${…}` only in a `!Sub`.
fn tagged(template: &str) -> String {
    template.replace("{workspace}", "${aws:PrincipalTag/workspace}").replace("{user}", "${aws:PrincipalTag/user}")
}

/// The same within a `!Sub`, which must not substitute it.
fn sub_text(template: &str) -> String {
    tagged(template).replace("${aws:", "${!aws:")
}
