//! Sending notifications to queues, as the service itself: the queue's policy decides.

use std::sync::Arc;

use kernel::{Arn, Call, Endpoint};
use model_s3::Error;
use model_sqs::ops::SendMessage;
use model_sqs::types::SendMessageInput;
use outbox::{Delivered, Outcome, Policy};
use store::Record as _;
use wire::{Protocol, ServiceError as _};

use super::{KIND, Notice, message};
use crate::bucket::{Bucket, bucket_arn};
use crate::keys;
use crate::s3::S3;

/// Delivers for ever.
pub async fn run(s3: Arc<S3>) {
    let outbox = s3.outbox.clone();
    let handler = move |delivered: Delivered| {
        let s3 = s3.clone();
        async move { deliver(&s3, &delivered).await }
    };
    outbox.run(KIND, Policy::default(), handler).await;
}

async fn deliver(s3: &S3, delivered: &Delivered) -> Outcome {
    let notice = match Notice::decode(&delivered.payload) {
        Ok(notice) => notice,
        Err(error) => return Outcome::Park(error.to_string()),
    };
    let Some(queue) = queue_of(&notice.queue) else {
        return Outcome::Park("the ARN is not one of a queue".to_owned());
    };
    let from = (bucket_arn(&notice.bucket), notice.bucket_owner.as_str());
    match send(s3, &delivered.id.to_string(), from, &queue, notice.body).await {
        Ok(()) => Outcome::Done,
        Err(error) => {
            let fault = error.fault();
            let (code, text) = (fault.code(Protocol::Json10), fault.message(Protocol::Json10));
            let why = format!("{code}: {text}");
            // A queue that refuses, or is gone, may be mended; there is nobody who would put these events again.
            Outcome::Retry(why)
        }
    }
}

/// Sends the event that shows that a queue can be reached; the text says why it cannot.
pub async fn send_test(
    s3: &S3,
    call: &Call,
    bucket: &Bucket,
    queue: &str,
) -> Result<Result<(), &'static str>, Error> {
    let Some(queue) = queue_of(queue) else { return Ok(Err(GONE)) };
    let body = message::test(bucket, &call.request_id, call.now)?;
    match send(s3, &call.request_id, (bucket.arn.clone(), bucket.owner()), &queue, body).await {
        Ok(()) => Ok(Ok(())),
        Err(model_sqs::Error::QueueDoesNotExist(_)) => Ok(Err(GONE)),
        Err(error) if error.fault().code(Protocol::Json10).contains("AccessDenied") => Ok(Err(REFUSED)),
        Err(error) => Err(crate::error::internal(format!("{error:?}"))),
    }
}

const GONE: &str = "The destination queue does not exist";
const REFUSED: &str =
    "Permissions on the destination queue do not allow S3 to publish notifications from this bucket";

fn queue_of(arn: &str) -> Option<Arn> {
    arn.parse::<Arn>().ok().filter(|arn| arn.service() == "sqs")
}

async fn send(
    s3: &S3,
    request_id: &str,
    (bucket, owner): (Arn, &str),
    queue: &Arn,
    body: String,
) -> Result<(), model_sqs::Error> {
    // A queue is where its ARN says, wherever the bucket is.
    let place = (owner, queue.region());
    let call = Call {
        endpoint: Endpoint { scheme: "http", authority: "sqs".to_owned() },
        source: Some(bucket),
        ..Call::of_service(keys::SERVICE, place, request_id.to_owned(), s3.clock.now())
    };
    let input = SendMessageInput {
        queue_url: format!("{}/{}", queue.account(), queue.resource()).into(),
        message_body: body.into(),
        ..Default::default()
    };
    s3.cloud.call::<SendMessage>(call, input).await.map(drop)
}
