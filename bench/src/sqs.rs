//! The few SQS operations the workloads and their preparation use.

use crate::client::{Client, Endpoint};
use crate::http::{Answer, HttpError};
use crate::json::string_values;
use crate::sign::Template;

/// What one send carries: 100 bytes.
pub const MESSAGE_BODY: &str =
    "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789-the-quick-brown-fox-jumps";
/// The most entries SQS takes in one batch.
pub const BATCH_MAX: usize = 10;
/// Enough of an error answer to recognise it.
const ERROR_TEXT_CHARS_MAX: usize = 200;

/// Why a call did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("status {status}: {text}")]
    Status { status: u16, text: String },
    #[error("{0} is missing in the answer")]
    Missing(&'static str),
}

/// Fails unless the answer is 2xx.
pub fn expect_success(client: &Client, answer: Answer) -> Result<(), CallError> {
    if answer.is_success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(client.body());
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(CallError::Status { status: answer.status, text: text.chars().take(ERROR_TEXT_CHARS_MAX).collect() })
}

/// Request templates of the SQS operations on one endpoint.
#[derive(Debug, Clone)]
pub struct Sqs {
    create_queue: Template,
    send: Template,
    send_batch: Template,
    receive: Template,
    delete: Template,
    delete_batch: Template,
    attributes: Template,
}

/// The bodies of the requests to one queue, written once.
#[derive(Debug, Clone)]
pub struct QueueBodies {
    /// `{"QueueUrl":"…",`, the start of every body.
    start: String,
    send: String,
    send_batch: String,
}

impl QueueBodies {
    /// `raw_url` is JSON-escaped, as `string_values` gives it.
    fn new(raw_url: &str) -> Self {
        let start = format!("{{\"QueueUrl\":\"{raw_url}\",");
        let send = format!("{start}\"MessageBody\":\"{MESSAGE_BODY}\"}}");
        let send_batch = send_batch_body(&start, BATCH_MAX);
        Self { start, send, send_batch }
    }

    /// The body of a receive of up to `count` messages, each hidden for `visibility_seconds`.
    pub fn receive(&self, count: usize, visibility_seconds: u32) -> String {
        format!("{}\"MaxNumberOfMessages\":{count},\"VisibilityTimeout\":{visibility_seconds}}}", self.start)
    }
}

fn send_batch_body(start: &str, count: usize) -> String {
    let entries: Vec<String> =
        (0..count).map(|id| format!("{{\"Id\":\"{id}\",\"MessageBody\":\"{MESSAGE_BODY}\"}}")).collect();
    format!("{start}\"Entries\":[{}]}}", entries.join(","))
}

impl Sqs {
    pub fn new(endpoint: &Endpoint) -> Self {
        let operation = |name| Template::json("sqs", &endpoint.host, &format!("AmazonSQS.{name}"));
        Self {
            create_queue: operation("CreateQueue"),
            send: operation("SendMessage"),
            send_batch: operation("SendMessageBatch"),
            receive: operation("ReceiveMessage"),
            delete: operation("DeleteMessage"),
            delete_batch: operation("DeleteMessageBatch"),
            attributes: operation("GetQueueAttributes"),
        }
    }

    /// Creates a standard queue; `name` must need no escaping.
    pub async fn create_queue(&self, client: &mut Client, name: &str) -> Result<QueueBodies, CallError> {
        let body = format!("{{\"QueueName\":\"{name}\"}}");
        call(client, &self.create_queue, &body).await?;
        let url = string_values(client.body(), "QueueUrl").next().ok_or(CallError::Missing("QueueUrl"))?;
        Ok(QueueBodies::new(url))
    }

    /// Sends one message.
    pub async fn send(&self, client: &mut Client, queue: &QueueBodies) -> Result<(), CallError> {
        call(client, &self.send, &queue.send).await
    }

    /// Sends `count` messages, at most [`BATCH_MAX`], in one request and returns how many were accepted.
    pub async fn send_batch(
        &self,
        client: &mut Client,
        queue: &QueueBodies,
        count: usize,
    ) -> Result<usize, CallError> {
        if count == BATCH_MAX {
            call(client, &self.send_batch, &queue.send_batch).await?;
        } else {
            call(client, &self.send_batch, &send_batch_body(&queue.start, count)).await?;
        }
        Ok(string_values(client.body(), "MessageId").count())
    }

    /// Receives with a body from [`QueueBodies::receive`]; true if at least one message came. See [`receipt_handles`].
    pub async fn receive(&self, client: &mut Client, body: &str) -> Result<bool, CallError> {
        call(client, &self.receive, body).await?;
        Ok(receipt_handles(client).next().is_some())
    }

    /// Deletes the first message of the answer `client` read last, which must be that of a receive.
    pub async fn delete_received(
        &self,
        client: &mut Client,
        queue: &QueueBodies,
        scratch: &mut String,
    ) -> Result<(), CallError> {
        let handle = receipt_handles(client).next().ok_or(CallError::Missing("ReceiptHandle"))?;
        scratch.clear();
        for part in [&queue.start, "\"ReceiptHandle\":\"", handle, "\"}"] {
            scratch.push_str(part);
        }
        call(client, &self.delete, scratch).await
    }

    /// Deletes all messages of the answer `client` read last in one request and returns how many were deleted.
    pub async fn delete_all_received(
        &self,
        client: &mut Client,
        queue: &QueueBodies,
    ) -> Result<usize, CallError> {
        let entries: Vec<String> = receipt_handles(client)
            .enumerate()
            .map(|(id, handle)| format!("{{\"Id\":\"{id}\",\"ReceiptHandle\":\"{handle}\"}}"))
            .collect();
        let body = format!("{}\"Entries\":[{}]}}", queue.start, entries.join(","));
        call(client, &self.delete_batch, &body).await?;
        let failed = string_values(client.body(), "Code").count();
        Ok(entries.len().saturating_sub(failed))
    }

    /// How many messages the queue says it has, visible ones only.
    pub async fn visible_messages(&self, client: &mut Client, queue: &QueueBodies) -> Result<u64, CallError> {
        let body = format!("{}\"AttributeNames\":[\"ApproximateNumberOfMessages\"]}}", queue.start);
        call(client, &self.attributes, &body).await?;
        string_values(client.body(), "ApproximateNumberOfMessages")
            .next()
            .and_then(|count| count.parse().ok())
            .ok_or(CallError::Missing("ApproximateNumberOfMessages"))
    }
}

/// The raw receipt handles in the answer `client` read last.
fn receipt_handles(client: &Client) -> impl Iterator<Item = &str> {
    string_values(client.body(), "ReceiptHandle")
}

async fn call(client: &mut Client, template: &Template, body: &str) -> Result<(), CallError> {
    let answer = client.call(template, body.as_bytes()).await?;
    expect_success(client, answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeServer, Reply, credentials};

    #[test]
    fn bodies() {
        assert_eq!(MESSAGE_BODY.len(), 100);
        let queue = QueueBodies::new(r"http:\/\/h\/q");
        assert_eq!(
            queue.receive(1, 30),
            r#"{"QueueUrl":"http:\/\/h\/q","MaxNumberOfMessages":1,"VisibilityTimeout":30}"#
        );
        let batch: serde_json::Value = serde_json::from_str(&queue.send_batch).expect("JSON");
        assert_eq!(batch["Entries"].as_array().map(Vec::len), Some(10));
        assert_eq!(batch["QueueUrl"], "http://h/q");
        let send: serde_json::Value = serde_json::from_str(&queue.send).expect("JSON");
        assert_eq!(send["MessageBody"], MESSAGE_BODY);
    }

    #[tokio::test]
    async fn answers_are_judged() {
        let server = FakeServer::start(|request| match request {
            0 => Reply::kept(r#"{"QueueUrl":"http://h/q"}"#),
            1 => {
                Reply::kept(r#"{"Successful":[{"Id":"0","MessageId":"a"}],"Failed":[{"Id":"1","Code":"X"}]}"#)
            }
            2 => Reply::kept(r#"{"Messages":[]}"#),
            3 => Reply::kept(r#"{"Messages":[{"ReceiptHandle":"r"},{"ReceiptHandle":"s"}]}"#),
            4 => Reply::kept(r#"{"Successful":[{"Id":"0"}],"Failed":[{"Id":"1","Code":"X"}]}"#),
            5 => Reply::kept(r#"{"Attributes":{"ApproximateNumberOfMessages":"17"}}"#),
            6 => Reply::status(400, "{\n \"__type\": \"Bad\"}"),
            _ => Reply::kept("{}"),
        })
        .await;
        let endpoint = Endpoint { address: server.address, host: "h".into(), credentials: credentials() };
        let (sqs, mut client) = (Sqs::new(&endpoint), Client::new(&endpoint));
        let queue = sqs.create_queue(&mut client, "q").await.expect("a queue");
        assert_eq!(sqs.send_batch(&mut client, &queue, 2).await.expect("sent"), 1);
        let receive = queue.receive(10, 1);
        assert!(!sqs.receive(&mut client, &receive).await.expect("empty"));
        assert!(sqs.receive(&mut client, &receive).await.expect("two"));
        assert_eq!(sqs.delete_all_received(&mut client, &queue).await.expect("deleted"), 1);
        assert_eq!(sqs.visible_messages(&mut client, &queue).await.expect("count"), 17);
        let error = sqs.send(&mut client, &queue).await.expect_err("refused");
        assert_eq!(error.to_string(), r#"status 400: { "__type": "Bad"}"#);
        let error = sqs.create_queue(&mut client, "q").await.expect_err("no URL");
        assert_eq!(error.to_string(), "QueueUrl is missing in the answer");
    }
}
