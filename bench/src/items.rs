//! Workloads of DynamoDB: items of about 1 KiB, ten in a partition.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::client::{Client, Endpoint};
use crate::json::string_values;
use crate::prepare::{bar, claim, on_connections};
use crate::sign::Template;
use crate::sqs::{CallError, expect_success};
use crate::workload::Workload;

const TABLE: &str = "bench-items";
const PARTITION_ITEMS: u64 = 10;
/// Different keys that a workload uses, spread over the whole table.
const KEYS: u64 = 10_000;
/// The most that BatchWriteItem takes.
const BATCH_MAX: u64 = 25;
const TRANSACTION_ITEMS: u64 = 4;
/// A page that every peer can answer in less than its time.
const SCANNED: u64 = 100;
/// With the names of the attributes and the key, an item of 1 KiB.
const DATA_BYTES: usize = 1_000;
const ACTIVE_POLL: Duration = Duration::from_millis(50);

const CREATE_TABLE: &str = r#"{"TableName":"bench-items","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]}"#;
/// Says how many items the table was filled with.
const FILLED_KEY: &str = r#""pk":{"S":"filled"},"sk":{"N":"0"}"#;
const DESCRIBE_TABLE: &str = r#"{"TableName":"bench-items"}"#;

/// One workload's requests.
#[derive(Debug, Clone)]
pub struct Items {
    template: Template,
    bodies: Arc<[String]>,
    next: Arc<AtomicUsize>,
}

impl Items {
    /// Those of a workload on a table of `items`; none if it has nothing to do with items.
    pub fn of(workload: Workload, endpoint: &Endpoint, items: u64) -> Option<Self> {
        // The keys that are used lie as far apart as the table allows.
        let used = KEYS.min(items);
        let key_at = |at: u64| (at % used) * (items / used);
        let each = |body: &dyn Fn(u64) -> String| (0..used).map(|at| body(key_at(at))).collect();
        let groups = |size: u64, body: &dyn Fn(&[u64]) -> String| {
            let keys: Vec<u64> = (0..used).map(key_at).collect();
            keys.chunks_exact(size as usize).map(body).collect()
        };
        let (operation, bodies): (_, Vec<String>) = match workload {
            Workload::DdbGet => ("GetItem", each(&|at| format!("{{{},{}}}", table(), key(at)))),
            Workload::DdbPut => ("PutItem", each(&|at| format!("{{{},{}}}", table(), item(at)))),
            Workload::DdbUpdate => ("UpdateItem", each(&update)),
            Workload::DdbUpdateHot => ("UpdateItem", vec![update(0)]),
            Workload::DdbQuery => ("Query", each(&query)),
            Workload::DdbScan => ("Scan", vec![format!("{{{},\"Limit\":{SCANNED}}}", table())]),
            Workload::DdbTransactWrite => ("TransactWriteItems", groups(TRANSACTION_ITEMS, &transaction)),
            Workload::DdbBatchWrite => ("BatchWriteItem", groups(BATCH_MAX, &batch)),
            _ => return None,
        };
        let template = template(endpoint, operation);
        Some(Self { template, bodies: bodies.into(), next: Arc::default() })
    }

    /// The next request; whether the answer was 2xx.
    pub async fn perform(&self, client: &mut Client) -> Result<(), CallError> {
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.bodies.len();
        let answer = client.call(&self.template, self.bodies[at].as_bytes()).await?;
        expect_success(client, answer)
    }
}

fn template(endpoint: &Endpoint, operation: &str) -> Template {
    Template::json("dynamodb", &endpoint.host, &format!("DynamoDB_20120810.{operation}"))
}

fn table() -> String {
    format!("\"TableName\":\"{TABLE}\"")
}

fn partition(at: u64) -> String {
    format!("partition-{:08}", at / PARTITION_ITEMS)
}

fn key_attributes(at: u64) -> String {
    format!("\"pk\":{{\"S\":\"{}\"}},\"sk\":{{\"N\":\"{}\"}}", partition(at), at % PARTITION_ITEMS)
}

fn key(at: u64) -> String {
    format!("\"Key\":{{{}}}", key_attributes(at))
}

fn item(at: u64) -> String {
    let mut data = String::with_capacity(DATA_BYTES);
    while data.len() < DATA_BYTES {
        let _ = write!(data, "{at:010}");
    }
    format!("\"Item\":{{{},\"data\":{{\"S\":\"{data}\"}},\"n\":{{\"N\":\"{at}\"}}}}", key_attributes(at))
}

fn update(at: u64) -> String {
    format!(
        "{{{},{},\"UpdateExpression\":\"SET n = n + :one\",\"ConditionExpression\":\"attribute_exists(pk)\",\
         \"ExpressionAttributeValues\":{{\":one\":{{\"N\":\"1\"}}}}}}",
        table(),
        key(at)
    )
}

fn query(at: u64) -> String {
    format!(
        "{{{},\"KeyConditionExpression\":\"pk = :pk\",\"ExpressionAttributeValues\":{{\":pk\":{{\"S\":\"{}\"}}}}}}",
        table(),
        partition(at)
    )
}

fn transaction(keys: &[u64]) -> String {
    let puts: Vec<_> = keys.iter().map(|at| format!("{{\"Put\":{{{},{}}}}}", table(), item(*at))).collect();
    format!("{{\"TransactItems\":[{}]}}", puts.join(","))
}

fn batch(keys: &[u64]) -> String {
    let puts: Vec<_> = keys.iter().map(|at| format!("{{\"PutRequest\":{{{}}}}}", item(*at))).collect();
    format!("{{\"RequestItems\":{{\"{TABLE}\":[{}]}}}}", puts.join(","))
}

/// Makes the table and fills it through BatchWriteItem, as far as the time allows; says how many items are in it. What
/// an earlier workload has made is used again.
pub async fn prepare(endpoint: &Endpoint, items: u64, deadline: Instant) -> Result<u64, CallError> {
    let client = &mut Client::new(endpoint);
    let create = client.call(&template(endpoint, "CreateTable"), CREATE_TABLE.as_bytes()).await?;
    match expect_success(client, create) {
        Err(CallError::Status { text, .. }) if text.contains("ResourceInUseException") => {
            return filled(client, endpoint).await;
        }
        other => other?,
    }
    let describe = template(endpoint, "DescribeTable");
    while Instant::now() < deadline {
        let answer = client.call(&describe, DESCRIBE_TABLE.as_bytes()).await?;
        expect_success(client, answer)?;
        if string_values(client.body(), "TableStatus").any(|status| status == "ACTIVE") {
            break;
        }
        tokio::time::sleep(ACTIVE_POLL).await;
    }
    let progress = bar("writing items", items);
    let write = template(endpoint, "BatchWriteItem");
    let claimed = Arc::default();
    let written = on_connections(endpoint, |mut client| {
        let (write, claimed, progress) = (write.clone(), Arc::clone(&claimed), progress.clone());
        async move {
            let mut written = 0;
            while Instant::now() < deadline
                && let Some(keys) = claim(&claimed, BATCH_MAX, items)
            {
                let count = keys.end - keys.start;
                let keys: Vec<u64> = keys.collect();
                let answer = client.call(&write, batch(&keys).as_bytes()).await?;
                expect_success(&client, answer)?;
                written += count;
                progress.inc(count);
            }
            Ok(written)
        }
    })
    .await;
    progress.finish_and_clear();
    let written = written?;
    let put = format!("{{{},\"Item\":{{{FILLED_KEY},\"count\":{{\"S\":\"{written}\"}}}}}}", table());
    let answer = client.call(&template(endpoint, "PutItem"), put.as_bytes()).await?;
    expect_success(client, answer)?;
    filled(client, endpoint).await
}

/// How many items the table was filled with.
async fn filled(client: &mut Client, endpoint: &Endpoint) -> Result<u64, CallError> {
    let get = format!(
        "{{{},\"Key\":{{{FILLED_KEY}}},\"ProjectionExpression\":\"#c\",\"ExpressionAttributeNames\":{{\"#c\":\"count\"}}}}",
        table()
    );
    let answer = client.call(&template(endpoint, "GetItem"), get.as_bytes()).await?;
    expect_success(client, answer)?;
    let count = string_values(client.body(), "S").next().and_then(|count| count.parse().ok());
    count.filter(|count| *count >= BATCH_MAX).ok_or(CallError::Missing("the number of items"))
}
