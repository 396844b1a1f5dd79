//! What the way of one request costs: the same signed request again and again over one connection in memory, with a user's
//! key and policies in the store. `identity` does no work of its own; `object` and `put` are of objects of 1 KiB with all that S3
//! does for them, and `item`, `write`, `update` and `query` of items of 1 KiB with all that DynamoDB does. Run with `--release`;
//! for instructions a request:
//!
//! `valgrind --tool=callgrind target/release/examples/one_request_bench identity 2000`
//!
//! with two numbers of requests, whose difference is that of the requests alone.

use std::sync::Arc;
use std::time::Instant;

use futures::future::BoxFuture;
use gateway::{Admin, AdminRequest, AdminResponse, Credential, Credentials, Gateway, Limits, NoCredential};
use gateway::{Presentation, serve_stream};
use http::{HeaderMap, HeaderName};
use identity::records::{AccessKey, User};
use identity::{Authority, Directory, Documents, KeyError, Keyring, Usage, keys};
use kernel::Call;
use model_sts::types::{GetCallerIdentityInput, GetCallerIdentityOutput};
use service::{Allowed, Resource, Service};
use sha2::{Digest, Sha256};
use sigv4::{PayloadToSign, Policy, Signer};
use store::Record;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const REQUESTS: usize = 20_000;
/// More than any answer here has.
const ANSWER_MAX: usize = 32 * 1024;
const OBJECT: &str = "/bucket/reports/2025/06/summary.json";
const CONTENT: [u8; 1024] = [7; 1024];
const TABLE: &str = r#"{"TableName":"table","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]}"#;
const UPDATE: &str = r#"{"TableName":"table","Key":{"pk":{"S":"partition"},"sk":{"N":"7"}},"UpdateExpression":"SET n = n + :one","ConditionExpression":"attribute_exists(pk)","ExpressionAttributeValues":{":one":{"N":"1"}}}"#;
const QUERY: &str = r#"{"TableName":"table","KeyConditionExpression":"pk = :pk","ExpressionAttributeValues":{":pk":{"S":"partition"}}}"#;
const KEY_OF_ITEM: &str = r#"{"TableName":"table","Key":{"pk":{"S":"partition"},"sk":{"N":"7"}}}"#;

/// The keys of the store, as the program has them.
struct Keys {
    keyring: Keyring,
    usage: Usage,
}

impl Credentials for Keys {
    fn find(&self, presented: &Presentation<'_>) -> Result<Credential, NoCredential> {
        let found = self.keyring.find(presented.access_key, presented.token, presented.now);
        match found {
            Ok(found) => {
                Ok(Credential { secret: found.secret, principal: found.principal, well_known: false })
            }
            Err(KeyError::Unknown) => Err(NoCredential::Unknown),
            Err(KeyError::Expired) => Err(NoCredential::Expired),
        }
    }

    fn used(&self, call: &Call) {
        self.usage.note(call);
    }
}

struct NoAdmin;

impl Admin for NoAdmin {
    fn answer<'a>(&'a self, _: AdminRequest<'a>) -> BoxFuture<'a, Option<AdminResponse>> {
        Box::pin(std::future::ready(None))
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let only = arguments.next();
    let requests = arguments.next().map_or(REQUESTS, |text| text.parse().expect("a number of requests"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let gateway = Arc::new(runtime.block_on(gateway()));
    let items = (0..10).map(|sort| item_request("PutItem", &put_item(sort)));
    let made = [item_request("CreateTable", TABLE), put("/bucket", &[]), put(OBJECT, &CONTENT)];
    let mut furnishing: Vec<_> = made.into_iter().chain(items).collect();
    let cases = [
        ("identity", caller_identity()),
        ("object", get_object()),
        ("put", put(OBJECT, &CONTENT)),
        ("item", item_request("GetItem", KEY_OF_ITEM)),
        ("write", item_request("PutItem", &put_item(7))),
        ("update", item_request("UpdateItem", UPDATE)),
        ("query", item_request("Query", QUERY)),
    ];
    for (name, request) in cases {
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        let (mut client, server) = tokio::io::duplex(64 * 1024);
        let peer = ([127, 0, 0, 1], 50_000).into();
        let address = ([127, 0, 0, 1], 4566).into();
        let serving = serve_stream(server, (address, peer), gateway.clone(), Arc::new(NoAdmin));
        let serving = runtime.spawn(serving);
        let mut answer = vec![0; ANSWER_MAX];
        runtime.block_on(async {
            for request in furnishing.drain(..) {
                exchange(&mut client, &request, &mut answer).await;
            }
        });
        let begun = Instant::now();
        let allocated = allocation_counter::measure(|| {
            runtime.block_on(async {
                for _ in 0..requests {
                    exchange(&mut client, &request, &mut answer).await;
                }
            });
        });
        let micros = begun.elapsed().as_secs_f64() * 1e6 / requests as f64;
        let (count, bytes) = (allocated.count_total, allocated.bytes_total);
        let each = |total: u64| total as f64 / requests as f64;
        println!(
            "{name}: {micros:.2} µs, {:.1} allocations, {:.0} bytes allocated a request ({requests} requests)",
            each(count),
            each(bytes)
        );
        drop(client);
        runtime.block_on(serving).expect("the connection ends");
    }
}

/// Sends the request and reads the answer to its end.
async fn exchange(client: &mut DuplexStream, request: &[u8], answer: &mut [u8]) {
    client.write_all(request).await.expect("a request is written");
    let mut filled = 0;
    loop {
        let read = client.read(&mut answer[filled..]).await.expect("an answer");
        assert!(read > 0, "the connection ended: {}", String::from_utf8_lossy(&answer[..filled]));
        filled += read;
        if is_whole(&answer[..filled]) {
            assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..filled]));
            return;
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    const LENGTH: &[u8] = b"content-length: ";
    let Some(head) = find(answer, b"\r\n\r\n").map(|at| at + 4) else { return false };
    let at = find(&answer[..head], LENGTH).expect("answers say their length") + LENGTH.len();
    let digits = answer[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    answer.len() == head + length
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

async fn gateway() -> Gateway {
    let deps = testkit::deps();
    let documents = Arc::new(Documents::default());
    let directory = Arc::new(Directory::new(deps.store.clone(), documents.clone()));
    let keyring = Keyring::new(deps.store.clone(), deps.vault.clone(), directory.clone());
    let mut user = User::new("ann", "/", "AIDA1".to_owned(), 0);
    user.policies.attached = ["AmazonS3FullAccess", "AmazonDynamoDBFullAccess"]
        .map(|name| format!("arn:aws:iam::aws:policy/{name}"))
        .into();
    let key = AccessKey {
        account: testkit::ACCOUNT.to_owned(),
        user: Some("ann".to_owned()),
        sealed_secret: deps.vault.seal("iam.access-key", KEY, SECRET.as_bytes()),
        active: true,
        created_ms: 0,
    };
    let mut tx = deps.store.begin();
    tx.put(keys::user(testkit::ACCOUNT, "ann"), user.encode());
    tx.put(keys::access_key(KEY), key.encode());
    tx.commit().await.expect("a commit");
    let authority = Arc::new(Authority::new(directory, documents));
    let mut services = vec![sts()];
    services.extend(dynamodb::services(deps.clone(), dynamodb::Settings::default()));
    services.extend(s3::services(deps.clone()));
    // What services do unasked: S3 learns by it that no bucket is logged.
    services.iter().flat_map(Service::take_background).for_each(|work| drop(tokio::spawn(work)));
    deps.cloud.fill(services, authority);
    let keys = Arc::new(Keys { keyring, usage: Usage::default() });
    Gateway::new(catalog::ALL, deps.cloud, keys, deps.clock, Limits::default())
}

fn sts() -> Service {
    async fn answer(
        _: Arc<()>,
        call: Arc<Call>,
        _: Allowed<()>,
        _: GetCallerIdentityInput,
    ) -> Result<GetCallerIdentityOutput, model_sts::Error> {
        Ok(GetCallerIdentityOutput {
            user_id: Some(call.principal.user_id.clone()),
            account: Some(call.account.clone()),
            arn: Some(call.principal.arn.to_string()),
        })
    }
    let resolve = |_: &(), call: &Call, _: &GetCallerIdentityInput| Ok(Resource::new(call.arn("*"), ()));
    Service::builder(&model_sts::SERVICE, Arc::new(()))
        .op(model_sts::ops::GetCallerIdentity, resolve, answer)
        .build()
}

const AGENT: (&str, &str) = (
    "user-agent",
    "Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12 cfg/retry-mode#standard",
);

/// As boto3 sends it.
fn caller_identity() -> Vec<u8> {
    const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
    let headers = [
        ("accept-encoding", "identity"),
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        AGENT,
        ("amz-sdk-invocation-id", "8f1b8cf1-7b6f-4a3d-9d7e-9a1b8cf17b6f"),
        ("amz-sdk-request", "attempt=1"),
        ("content-length", "43"),
    ];
    let payload = PayloadToSign::Hash(Sha256::digest(BODY).into());
    [signed("POST", "/", &headers, "sts", (&Policy::DEFAULT, payload)), BODY.as_bytes().to_vec()].concat()
}

fn get_object() -> Vec<u8> {
    let headers = [
        ("accept-encoding", "identity"),
        AGENT,
        ("x-amz-checksum-mode", "ENABLED"),
        ("amz-sdk-invocation-id", "8f1b8cf1-7b6f-4a3d-9d7e-9a1b8cf17b6f"),
        ("amz-sdk-request", "attempt=1"),
    ];
    let payload = PayloadToSign::Hash(Sha256::digest("").into());
    signed("GET", OBJECT, &headers, "s3", (&Policy::S3, payload))
}

fn put(path: &str, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_string();
    let headers = [
        ("accept-encoding", "identity"),
        AGENT,
        ("amz-sdk-invocation-id", "8f1b8cf1-7b6f-4a3d-9d7e-9a1b8cf17b6f"),
        ("amz-sdk-request", "attempt=1"),
        ("content-length", &length),
    ];
    let payload = PayloadToSign::Hash(Sha256::digest(content).into());
    [signed("PUT", path, &headers, "s3", (&Policy::S3, payload)), content.to_vec()].concat()
}

/// As boto3 sends it.
fn item_request(operation: &str, body: &str) -> Vec<u8> {
    let target = format!("DynamoDB_20120810.{operation}");
    let length = body.len().to_string();
    let headers = [
        ("x-amz-target", target.as_str()),
        ("accept-encoding", "identity"),
        ("content-type", "application/x-amz-json-1.0"),
        AGENT,
        ("amz-sdk-invocation-id", "8f1b8cf1-7b6f-4a3d-9d7e-9a1b8cf17b6f"),
        ("amz-sdk-request", "attempt=1"),
        ("content-length", &length),
    ];
    let payload = PayloadToSign::Hash(Sha256::digest(body).into());
    [signed("POST", "/", &headers, "dynamodb", (&Policy::DEFAULT, payload)), body.as_bytes().to_vec()]
        .concat()
}

/// An item of eleven attributes and 1 KiB.
fn put_item(sort: usize) -> String {
    let text = "0123456789abcdef".repeat(7);
    let attributes: Vec<_> = (0..8).map(|at| format!(r#""a{at}":{{"S":"{text}"}}"#)).collect();
    format!(
        r#"{{"TableName":"table","Item":{{"pk":{{"S":"partition"}},"sk":{{"N":"{sort}"}},"n":{{"N":"0"}},{}}}}}"#,
        attributes.join(",")
    )
}

fn signed(
    method: &str,
    path: &str,
    list: &[(&str, &str)],
    service: &str,
    (policy, payload): (&Policy, PayloadToSign),
) -> Vec<u8> {
    let mut headers = HeaderMap::new();
    headers.insert("host", "localhost:4566".parse().expect("a host"));
    for (name, value) in list {
        headers.insert(HeaderName::try_from(*name).expect("a name"), value.parse().expect("a value"));
    }
    let credentials = sigv4::Credentials { access_key: KEY, secret: SECRET, session_token: None };
    let time = testkit::deps().clock.now().secs();
    let signer = Signer { credentials, region: testkit::REGION, service, time, policy };
    signer.sign(method, path, "", &mut headers, payload).expect("signs");
    let mut head = format!("{method} {path} HTTP/1.1\r\n").into_bytes();
    for (name, value) in &headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}
