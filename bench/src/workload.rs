//! The workloads: what one client does again and again.

use crate::client::{Client, Endpoint};
use crate::items::Items;
use crate::objects::Objects;
use crate::prepare::Prepared;
use crate::reads::Read;
use crate::sqs::{CallError, QueueBodies, Sqs};
use clap::ValueEnum;
use serde::Serialize;

/// A received message comes back after a second, so that the queue stays as long as it is.
const RECEIVE_VISIBILITY_SECONDS: u32 = 1;
/// Longer than any cycle, so that nobody else gets a message that is about to be deleted.
const CYCLE_VISIBILITY_SECONDS: u32 = 60;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum, Serialize)]
#[value(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// GetCallerIdentity in the query protocol: wire and signature only.
    StsIdentity,
    /// GetParameter of a String of 100 bytes.
    SsmGet,
    /// GetSecretValue of 100 bytes, encrypted under the service's own key.
    SecretGet,
    /// PutObject of 1 KiB.
    #[value(name = "s3_put_1k")]
    #[serde(rename = "s3_put_1k")]
    S3Put1k,
    /// GetObject of 1 KiB.
    #[value(name = "s3_get_1k")]
    #[serde(rename = "s3_get_1k")]
    S3Get1k,
    /// PutObject of 1 MiB.
    #[value(name = "s3_put_1m")]
    #[serde(rename = "s3_put_1m")]
    S3Put1m,
    /// GetObject of 1 MiB.
    #[value(name = "s3_get_1m")]
    #[serde(rename = "s3_get_1m")]
    S3Get1m,
    /// PutObject of 100 MiB.
    #[value(name = "s3_put_100m")]
    #[serde(rename = "s3_put_100m")]
    S3Put100m,
    /// GetObject of 100 MiB.
    #[value(name = "s3_get_100m")]
    #[serde(rename = "s3_get_100m")]
    S3Get100m,
    /// ListObjectsV2 of 1,000 objects.
    #[value(name = "s3_list")]
    #[serde(rename = "s3_list")]
    S3List,
    /// GetItem of 1 KiB.
    DdbGet,
    /// PutItem of 1 KiB in the place of another.
    DdbPut,
    /// UpdateItem that adds to a number, with a condition.
    DdbUpdate,
    /// The same, all clients on one item.
    DdbUpdateHot,
    /// Query of a partition of ten items.
    DdbQuery,
    /// Scan of a page of 100 items.
    DdbScan,
    /// TransactWriteItems of four puts.
    DdbTransactWrite,
    /// BatchWriteItem of 25 puts.
    DdbBatchWrite,
    /// SendMessage of 100 bytes.
    SqsSend,
    /// SendMessage, ReceiveMessage and DeleteMessage, counted as one operation, on a queue with 1,000 messages.
    SqsCycle,
    /// The same on a long queue.
    SqsCycleBacklog,
    /// ReceiveMessage on a long queue.
    SqsReceiveBacklog,
    /// ReceiveMessage on a queue where many messages were received and deleted before.
    SqsReceiveAfterDeletes,
}

impl Workload {
    /// Its name on the command line and in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::StsIdentity => "sts_identity",
            Self::SsmGet => "ssm_get",
            Self::SecretGet => "secret_get",
            Self::S3Put1k => "s3_put_1k",
            Self::S3Get1k => "s3_get_1k",
            Self::S3Put1m => "s3_put_1m",
            Self::S3Get1m => "s3_get_1m",
            Self::S3Put100m => "s3_put_100m",
            Self::S3Get100m => "s3_get_100m",
            Self::S3List => "s3_list",
            Self::DdbGet => "ddb_get",
            Self::DdbPut => "ddb_put",
            Self::DdbUpdate => "ddb_update",
            Self::DdbUpdateHot => "ddb_update_hot",
            Self::DdbQuery => "ddb_query",
            Self::DdbScan => "ddb_scan",
            Self::DdbTransactWrite => "ddb_transact_write",
            Self::DdbBatchWrite => "ddb_batch_write",
            Self::SqsSend => "sqs_send",
            Self::SqsCycle => "sqs_cycle",
            Self::SqsCycleBacklog => "sqs_cycle_backlog",
            Self::SqsReceiveBacklog => "sqs_receive_backlog",
            Self::SqsReceiveAfterDeletes => "sqs_receive_after_deletes",
        }
    }

    /// Whether it puts objects that are kept in files.
    pub fn writes_files(self) -> bool {
        matches!(self, Self::S3Put1m | Self::S3Put100m)
    }

    /// Whether each of its operations is one commit of a small record.
    pub fn is_small_commit(self) -> bool {
        matches!(self, Self::SqsSend | Self::S3Put1k | Self::DdbPut | Self::DdbUpdate)
    }

    /// Whether it needs a table with items.
    pub fn is_of_items(self) -> bool {
        use Workload::*;
        let of_items =
            [DdbGet, DdbPut, DdbUpdate, DdbUpdateHot, DdbQuery, DdbScan, DdbTransactWrite, DdbBatchWrite];
        of_items.contains(&self)
    }
}

/// What one operation came to.
#[derive(Debug)]
pub enum Outcome {
    Done,
    /// A receive answered 2xx without a message.
    Empty,
    Failed(CallError),
}

/// Everything a client needs to repeat one workload.
#[derive(Debug, Clone)]
pub struct Operation {
    workload: Workload,
    sqs: Sqs,
    /// What workloads without a queue and without objects do.
    read: Read,
    /// What workloads of S3 do.
    objects: Option<Objects>,
    /// What workloads of DynamoDB do.
    items: Option<Items>,
    /// All workloads of SQS have one.
    queue: Option<QueueBodies>,
    receive: String,
}

impl Operation {
    /// On what was prepared: a queue for workloads of SQS, a number of items for those of DynamoDB.
    pub fn new(workload: Workload, endpoint: &Endpoint, prepared: &Prepared) -> Self {
        let queue = prepared.queue.clone();
        let visibility = match workload {
            Workload::SqsCycle | Workload::SqsCycleBacklog => CYCLE_VISIBILITY_SECONDS,
            _ => RECEIVE_VISIBILITY_SECONDS,
        };
        Self {
            workload,
            sqs: Sqs::new(endpoint),
            read: match workload {
                Workload::SsmGet => Read::parameter(endpoint),
                Workload::SecretGet => Read::secret(endpoint),
                _ => Read::identity(endpoint),
            },
            objects: Objects::of(workload, endpoint),
            items: Items::of(workload, endpoint, prepared.before),
            receive: queue.as_ref().map(|queue| queue.receive(1, visibility)).unwrap_or_default(),
            queue,
        }
    }

    /// Performs the operation once.
    pub async fn perform(&self, client: &mut Client, scratch: &mut String) -> Outcome {
        let result = match (&self.queue, self.workload) {
            (None, _) if let Some(objects) = &self.objects => objects.perform(client).await.map(|()| true),
            (None, _) if let Some(items) = &self.items => items.perform(client).await.map(|()| true),
            (None, _) => self.read.perform(client).await.map(|()| true),
            (Some(queue), Workload::SqsSend) => self.sqs.send(client, queue).await.map(|()| true),
            (Some(queue), Workload::SqsCycle | Workload::SqsCycleBacklog) => {
                self.cycle(client, queue, scratch).await
            }
            (Some(_), _) => self.sqs.receive(client, &self.receive).await,
        };
        match result {
            Ok(true) => Outcome::Done,
            Ok(false) => Outcome::Empty,
            Err(error) => Outcome::Failed(error),
        }
    }

    async fn cycle(
        &self,
        client: &mut Client,
        queue: &QueueBodies,
        scratch: &mut String,
    ) -> Result<bool, CallError> {
        self.sqs.send(client, queue).await?;
        if !self.sqs.receive(client, &self.receive).await? {
            return Ok(false);
        }
        self.sqs.delete_received(client, queue, scratch).await?;
        Ok(true)
    }
}
