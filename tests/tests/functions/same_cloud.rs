//! The cloud in process answers like the AWS emulator: the same requests to both, with the same answers.
//!
//! The emulator is no judge of AWS either. Where the two differ, one of them is wrong, and the difference is listed here
//! with the vendor's page that decides.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use shared::config::Tables;
use shared::crypto::digest::{base64, sha256};
use shared::tenancy::{ByteRange, Presentation, Ranged};
use shared::testing::{TableCall, TestApp, schemas};
use test_support::emulator::{CLIENT, emulator};

use crate::domains::endpoints;
use crate::events::jobs_in_order;
use crate::none;
use crate::place::World;
use crate::sample::Sample;

/// Every expression that the functions send, in the order of one run of all of them.
#[tokio::test]
async fn the_tables_answer_every_call_of_every_function_like_the_emulator() {
    let world = World::recorded().await;
    let mut place = world.place().await;
    for endpoint in endpoints() {
        let event = Sample::of(endpoint.entry).filled(&world.ready_for(endpoint.name(), &place).await);
        // Two at once, so that some fail a condition.
        futures::join!(world.send(&endpoint, &event), world.send(&endpoint, &event));
    }
    for entry in jobs_in_order() {
        place = world.renewed(place).await;
        let event = Sample::of(entry).filled(&world.ready_for(entry.name(), &place).await);
        // One that refuses its sample under this configuration has sent its calls.
        drop(world.app.run(entry.function(), event).await);
    }
    let deployment = world.unique("same-", "");
    let here = world.app.tables().system.strip_suffix("-system").unwrap();
    let (here, there) = (format!("\"{here}-"), format!("\"{deployment}-"));
    for schema in schemas(&Tables::named(&deployment)) {
        dynamodb("CreateTable", schema.to_string()).await;
    }
    let mut faults = Vec::new();
    let calls = world.app.cloud().table_calls();
    let cancelled = calls.iter().filter(|call| call.operation == "TransactWriteItems" && call.status == 400).count();
    assert!(calls.len() > 2_000 && cancelled > 10, "{} calls, {cancelled} cancelled transactions", calls.len());
    for call in &calls {
        let request = call.request.replace(&here, &there);
        let (status, body) = dynamodb(&call.operation, request).await;
        let other = TableCall { status, response: body.replace(&there, &here), ..call.clone() };
        if comparable(call) != comparable(&other) {
            faults.push(format!(
                "{} {}\n  here     {}\n  emulator {}",
                call.operation,
                call.request,
                comparable(call),
                comparable(&other)
            ));
        }
    }
    none(faults);
}

/// A call of a service with the AWS JSON protocol, in which `{name}` stands for a member of an earlier answer.
struct Step {
    call: &'static str,
    request: &'static str,
    /// Members of the answer to keep: a name for it, and its JSON pointer.
    keep: &'static [(&'static str, &'static str)],
    /// The page by which the emulator is wrong.
    decided_by: Option<&'static str>,
}

const fn step(call: &'static str, request: &'static str) -> Step {
    kept(call, request, &[])
}

const fn kept(call: &'static str, request: &'static str, keep: &'static [(&'static str, &'static str)]) -> Step {
    Step { call, request, keep, decided_by: None }
}

const KEYS: [Step; 19] = [
    kept(
        "CreateKey",
        r#"{"Tags": [{"TagKey": "workspace", "TagValue": "ws_1"}]}"#,
        &[("key", "/KeyMetadata/KeyId"), ("arn", "/KeyMetadata/Arn")],
    ),
    kept("CreateKey", "{}", &[("other", "/KeyMetadata/KeyId")]),
    kept(
        "CreateKey",
        r#"{"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}"#,
        &[("mac", "/KeyMetadata/KeyId")],
    ),
    step("DescribeKey", r#"{"KeyId": "{key}"}"#),
    step("DescribeKey", r#"{"KeyId": "11111111-1111-1111-1111-111111111111"}"#),
    step("ListResourceTags", r#"{"KeyId": "{key}"}"#),
    step("EnableKeyRotation", r#"{"KeyId": "{key}"}"#),
    step("CreateAlias", r#"{"AliasName": "alias/same/{unique}", "TargetKeyId": "{key}"}"#),
    step("CreateAlias", r#"{"AliasName": "alias/same/{unique}", "TargetKeyId": "{key}"}"#),
    step("DescribeKey", r#"{"KeyId": "alias/same/{unique}"}"#),
    kept(
        "Encrypt",
        r#"{"KeyId": "{arn}", "Plaintext": "cGxhaW4=", "EncryptionContext": {"a": "b"}}"#,
        &[("sealed", "/CiphertextBlob")],
    ),
    step("Decrypt", r#"{"KeyId": "{key}", "CiphertextBlob": "{sealed}", "EncryptionContext": {"a": "b"}}"#),
    step("Decrypt", r#"{"KeyId": "{key}", "CiphertextBlob": "{sealed}", "EncryptionContext": {"a": "c"}}"#),
    step("Decrypt", r#"{"KeyId": "{key}", "CiphertextBlob": "bm90aGluZw==", "EncryptionContext": {"a": "b"}}"#),
    step("GenerateDataKey", r#"{"KeyId": "{key}", "KeySpec": "AES_256"}"#),
    step("GenerateMac", r#"{"KeyId": "{mac}", "MacAlgorithm": "HMAC_SHA_256", "Message": "bGFiZWw="}"#),
    step("GenerateMac", r#"{"KeyId": "{key}", "MacAlgorithm": "HMAC_SHA_256", "Message": "bGFiZWw="}"#),
    step("ScheduleKeyDeletion", r#"{"KeyId": "{key}", "PendingWindowInDays": 7}"#),
    step("GenerateDataKey", r#"{"KeyId": "{key}", "KeySpec": "AES_256"}"#),
];

const QUEUES: [Step; 13] = [
    kept(
        "CreateQueue",
        r#"{"QueueName": "{unique}", "Attributes": {"VisibilityTimeout": "600"}}"#,
        &[("url", "/QueueUrl")],
    ),
    step("GetQueueUrl", r#"{"QueueName": "{unique}"}"#),
    step("GetQueueUrl", r#"{"QueueName": "{unique}-other"}"#),
    step("SendMessage", r#"{"QueueUrl": "{url}", "MessageBody": "one"}"#),
    step("SendMessage", r#"{"QueueUrl": "{url}", "MessageBody": "later", "DelaySeconds": 900}"#),
    Step {
        decided_by: Some("https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"),
        ..step("SendMessage", r#"{"QueueUrl": "{url}", "MessageBody": "too late", "DelaySeconds": 901}"#)
    },
    kept("ReceiveMessage", r#"{"QueueUrl": "{url}"}"#, &[("receipt", "/Messages/0/ReceiptHandle")]),
    step("ReceiveMessage", r#"{"QueueUrl": "{url}"}"#),
    step("ChangeMessageVisibility", r#"{"QueueUrl": "{url}", "ReceiptHandle": "{receipt}", "VisibilityTimeout": 0}"#),
    kept("ReceiveMessage", r#"{"QueueUrl": "{url}"}"#, &[("receipt", "/Messages/0/ReceiptHandle")]),
    step("DeleteMessage", r#"{"QueueUrl": "{url}", "ReceiptHandle": "{receipt}"}"#),
    step("ReceiveMessage", r#"{"QueueUrl": "{url}"}"#),
    step("DeleteQueue", r#"{"QueueUrl": "{url}"}"#),
];

/// A service by both: the status, the error code, and the members of each answer.
async fn same(app: &TestApp, (prefix, service): (&str, &str), steps: &[Step]) {
    let unique = format!("same-{:016x}", u64::from_le_bytes(app.entropy().bytes()));
    let mut here = BTreeMap::from([("{unique}".to_owned(), unique)]);
    let (mut there, mut faults) = (here.clone(), Vec::new());
    for Step { call, request, keep, decided_by } in steps {
        let target = format!("{prefix}.{call}");
        let ours = match app.cloud().call(&target, &serde_json::from_str(&filled(request, &here)).unwrap()) {
            Ok(body) => (200, body),
            Err(failure) => (failure.status, json!({ "__type": failure.code })),
        };
        let theirs = emulator(Method::POST, "/", service)
            .header("x-amz-target", &target)
            .header("content-type", "application/x-amz-json-1.1")
            .body(filled(request, &there));
        let theirs = theirs.send().await.unwrap();
        let theirs = (theirs.status().as_u16(), theirs.json::<Value>().await.unwrap_or(json!({})));
        if (shape(&ours) == shape(&theirs)) == decided_by.is_some() {
            faults.push(format!(
                "{call} {request}\n  here     {} {}\n  emulator {} {}",
                ours.0, ours.1, theirs.0, theirs.1
            ));
        }
        for (name, pointer) in *keep {
            for (known, body) in [(&mut here, &ours.1), (&mut there, &theirs.1)] {
                let value = body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
                known.insert(format!("{{{name}}}"), value.to_owned());
            }
        }
    }
    none(faults);
}

fn filled(request: &str, known: &BTreeMap<String, String>) -> String {
    known.iter().fold(request.to_owned(), |request, (name, value)| request.replace(name, value))
}

/// The status, and the error code or the members that this cloud has.
fn shape((status, body): &(u16, Value)) -> (u16, String) {
    match body["__type"].as_str() {
        Some(code) => (*status, code.rsplit_once('#').map_or(code, |(_, code)| code).to_owned()),
        None => (*status, format!("{:?}", body.as_object().map(|members| members.contains_key("Messages")))),
    }
}

#[tokio::test]
async fn keys_answer_like_the_emulator() {
    same(&TestApp::new(), ("TrentService", "kms"), &KEYS).await;
}

#[tokio::test]
async fn queues_answer_like_the_emulator() {
    same(&TestApp::new(), ("AmazonSQS", "sqs"), &QUEUES).await;
}

/// What the product's own calls of S3 and its signed URLs do.
async fn objects(app: &TestApp, fetch: impl AsyncFn(http::Request<Vec<u8>>) -> u16) -> Vec<String> {
    let scope = app.object_scope(app.owner().await.unwrap().workspace);
    let mut done = Vec::new();
    let first = scope.write_object("a", "text/plain", b"0123456789".to_vec()).await.unwrap();
    let second = scope.write_object("a", "text/plain", b"other".to_vec()).await.unwrap();
    for version in [None, Some(first.as_str()), Some(second.as_str())] {
        let read = scope.read_object("a", version, 100).await.unwrap().unwrap();
        done.push(format!("{} {}", String::from_utf8_lossy(&read.bytes), read.version == second));
        for (from, length) in [(0, 1), (2, 3), (4, 100), (5, 1), (10, 1)] {
            let range = ByteRange::new(from, length).unwrap();
            done.push(match scope.read_range("a", version, range).await.unwrap() {
                Ranged::Part(part) => format!("{} of {}", String::from_utf8_lossy(&part.bytes), part.size_bytes),
                Ranged::BeyondEnd => "beyond".to_owned(),
                Ranged::Absent => "absent".to_owned(),
            });
        }
    }
    done.push(format!("{}", scope.read_object("b", None, 100).await.unwrap().is_none()));
    let signed = scope.sign_download("a", &first, &Presentation::inline("image/png")).await.unwrap();
    for url in [signed.url.clone(), signed.url.replace("image", "imago")] {
        done.push(format!("GET {}", fetch(http::Request::get(url).body(Vec::new()).unwrap()).await));
    }
    let file = b"a file";
    let upload = scope.sign_upload("c", file.len() as u64, &base64(&sha256(file))).await.unwrap();
    for (url, bytes) in [
        (upload.url.clone(), &b"a FILE"[..]),
        (upload.url.clone(), b"a longer file"),
        (upload.url.replace("/c?", "/d?"), file),
        (upload.url.clone(), file),
    ] {
        let mut request = http::Request::put(url);
        for (name, value) in &upload.headers {
            let length = (name == "content-length").then(|| bytes.len().to_string());
            request = request.header(name, length.unwrap_or_else(|| value.clone()));
        }
        done.push(format!("PUT {}", fetch(request.body(bytes.to_vec()).unwrap()).await));
    }
    done
}

#[tokio::test]
async fn objects_answer_like_the_emulator() {
    let (here, there) = (TestApp::new(), TestApp::in_the_emulator());
    let ours = objects(&here, async |request| here.fetch(request).status).await;
    let theirs =
        objects(&there, async |request| CLIENT.execute(request.try_into().unwrap()).await.unwrap().status().as_u16());
    assert_eq!(ours, theirs.await);
}

async fn dynamodb(operation: &str, body: String) -> (u16, String) {
    let request = emulator(Method::POST, "/", "dynamodb")
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("content-type", "application/x-amz-json-1.0");
    let answer = request.body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// What callers may rely on: not the wording of errors, the order of a batch, or the capacity used.
fn comparable(call: &TableCall) -> Value {
    let mut body: Value = serde_json::from_str(&call.response).unwrap_or_default();
    if let Some(error) = body["__type"].as_str().map(str::to_owned) {
        let (_, code) = error.rsplit_once('#').unwrap_or(("", &error));
        let reasons = body["CancellationReasons"].as_array().into_iter().flatten();
        let reasons: Vec<_> = reasons.map(|reason| json!([reason["Code"], reason["Item"]])).collect();
        return json!({ "status": call.status, "code": code, "reasons": reasons, "item": body["Item"] });
    }
    if let Some(members) = body.as_object_mut() {
        members.remove("ConsumedCapacity");
        members.retain(|_, value| *value != json!({}));
    }
    let is_unordered = matches!(call.operation.as_str(), "BatchGetItem" | "Scan");
    if is_unordered {
        sort(&mut body);
    }
    json!({ "status": call.status, "body": body })
}

fn sort(value: &mut Value) {
    match value {
        Value::Array(items) => items.sort_by_key(Value::to_string),
        Value::Object(members) => members.values_mut().for_each(sort),
        _ => {}
    }
}

/// A request of a service without the AWS JSON protocol.
struct Plain {
    body: String,
    /// What the answer must have, by both: an element, or an error's code.
    has: &'static str,
    /// The page by which the emulator is wrong.
    decided_by: Option<&'static str>,
}

/// The status of each answer, and whether it has what it must.
async fn same_plain(app: &TestApp, service: &str, path: &str, content_type: &str, requests: &[Plain]) {
    let mut faults = Vec::new();
    for Plain { body, has, decided_by } in requests {
        let here = http::Request::post(format!("http://127.0.0.1{path}")).header("content-type", content_type);
        let here = app.fetch(here.body(body.clone().into_bytes()).unwrap());
        let there = emulator(Method::POST, path, service).header("content-type", content_type).body(body.clone());
        let there = there.send().await.unwrap();
        let status = there.status().as_u16();
        // An error's code may be a header.
        let there = (status, format!("{:?} ", there.headers()) + &there.text().await.unwrap());
        let [ours, theirs] =
            [(here.status, &here.text), (there.0, &there.1)].map(|(status, text)| (status, text.contains(has)));
        if !ours.1 || (ours == theirs) == decided_by.is_some() {
            faults
                .push(format!("{body}\n  here     {} {}\n  emulator {} {}", here.status, here.text, there.0, there.1));
        }
    }
    none(faults);
}

#[tokio::test]
async fn mail_is_answered_like_by_the_emulator() {
    let app = TestApp::new();
    let domain = format!("{:016x}.example.com", u64::from_le_bytes(app.entropy().bytes()));
    app.cloud().verify_sender(&domain);
    let identity = json!({ "EmailIdentity": domain }).to_string();
    let identity = emulator(Method::POST, "/v2/email/identities", "ses").body(identity).send().await.unwrap();
    assert_eq!(identity.status(), 200);
    let mail = |from: &str, to: &str| {
        let text = json!({ "Data": "A text" });
        let simple = json!({ "Subject": text, "Body": { "Text": text, "Html": text } });
        let to = json!({ "ToAddresses": [to] });
        json!({ "FromEmailAddress": from, "Destination": to, "Content": { "Simple": simple } }).to_string()
    };
    let from = format!("Bulkhead <no-reply@{domain}>");
    let sent = |from: &str, to: &str, has| Plain { body: mail(from, to), has, decided_by: None };
    let decided_by = Some("https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html");
    let requests = [
        sent(&from, "ada@example.com", "MessageId"),
        sent("no-reply@unverified.example.com", "ada@example.com", "MessageRejected"),
        Plain { decided_by, ..sent(&from, "ada", "BadRequestException") },
        Plain { decided_by, ..sent("", "ada@example.com", "BadRequestException") },
    ];
    same_plain(&app, "ses", "/v2/email/outbound-emails", "application/json", &requests).await;
}

#[tokio::test]
async fn sessions_are_opened_like_by_the_emulator() {
    let assume = |changes: &[(&str, &str)], has| {
        let mut form = BTreeMap::from([
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", "arn:aws:iam::000000000000:role/bulkhead-tenant"),
            ("RoleSessionName", "same"),
            ("DurationSeconds", "900"),
            ("Policy", r#"{"Version":"2012-10-17","Statement":[]}"#),
        ]);
        form.extend(changes.iter().copied());
        // The action comes first, by which the cloud in process knows the protocol.
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        Plain { body, has, decided_by: None }
    };
    let decided_by = Some("https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html");
    let long = "x".repeat(2049);
    let requests = [
        assume(&[], "AccessKeyId"),
        Plain { decided_by, ..assume(&[("RoleSessionName", "a")], "ValidationError") },
        Plain { decided_by, ..assume(&[("DurationSeconds", "899")], "ValidationError") },
        Plain { decided_by, ..assume(&[("Policy", &long)], "PackedPolicyTooLarge") },
    ];
    same_plain(&TestApp::new(), "sts", "/", "application/x-www-form-urlencoded", &requests).await;
}
