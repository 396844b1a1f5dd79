//! Puts the lines that wait into log objects.

use std::sync::Arc;
use std::time::Duration;

use checksum::Algorithm;
use futures::StreamExt as _;
use model_s3::Error;
use service::places;
use store::{KeyRange, RangeOptions, Record as _};
use wire::ByteStream;

use super::buffer::Batch;
use super::{object_name, target};
use crate::attributes::Attributes;
use crate::bucket::{Bucket, kind};
use crate::conditions::Writing;
use crate::error::{access_denied, no_such_bucket};
use crate::expected::Expected;
use crate::keys::{Place, SERVICE, text_after};
use crate::limits::PUT_BYTES_MAX;
use crate::object_lock;
use crate::ops::object::put::object_of;
use crate::records::{self, Headers};
use crate::s3::S3;
use crate::sealing::Wanted;

/// How long a line waits at most. Short, so that little is lost when the program is killed; long enough that a bucket in
/// use has one object for thousands of requests.
const WAIT: Duration = Duration::from_secs(5);
/// After an error of the store: it says in its log what is wrong.
const REST: Duration = Duration::from_secs(60);
/// Logs that are written at once.
const CONCURRENCY: usize = 4;
/// Buckets that are looked at from one snapshot.
const BUCKETS: usize = 1_000;

/// Delivers for ever.
pub async fn run(s3: Arc<S3>) {
    while let Err(error) = find(&s3) {
        tracing::error!(%error, "which buckets have access logs cannot be read");
        s3.clock.sleep(REST).await;
    }
    loop {
        s3.logs.arrived().await;
        while s3.logs.waits() {
            s3.clock.sleep(Duration::from_secs(1)).await;
            let before = s3.clock.now().minus(WAIT);
            deliver_all(&s3, s3.logs.take(before)).await;
        }
    }
}

/// Delivers what waits, and sees to it that what is being delivered arrives: for when the program ends.
pub async fn flush(s3: Arc<S3>) {
    deliver_all(&s3, s3.logs.take(s3.clock.now())).await;
    s3.logs.settled().await;
}

async fn deliver_all(s3: &S3, batches: Vec<Batch>) {
    let deliveries = batches.into_iter().map(|batch| deliver(s3, batch));
    futures::stream::iter(deliveries).buffer_unordered(CONCURRENCY).collect::<()>().await;
}

/// Finds the buckets that have logs, once: from then on they are known by being configured.
fn find(s3: &S3) -> Result<(), store::Error> {
    let mut names = Vec::new();
    for (account, region) in places(&s3.store, SERVICE)? {
        let place = Place { account, region };
        let mut range = KeyRange::prefix(place.buckets());
        loop {
            let page = s3.store.snapshot().range(range.clone(), RangeOptions::limit(BUCKETS))?;
            for (row, value) in &page.entries {
                if records::Bucket::decode(value)?.has(kind::LOGGING) {
                    names.push(text_after(row, &place.buckets())?);
                }
            }
            match page.entries.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => break,
            }
        }
    }
    s3.logs.complete(names);
    Ok(())
}

/// A log that cannot be delivered is lost, and this is told.
async fn deliver(s3: &S3, batch: Batch) {
    let (bucket, bytes) = (batch.source.bucket.name.clone(), batch.lines.len());
    if let Err(error) = write(s3, batch).await {
        tracing::warn!(bucket, bytes, ?error, "an access log cannot be delivered and is lost");
    }
    s3.logs.delivered();
}

async fn write(s3: &S3, batch: Batch) -> Result<(), Error> {
    let (source, configuration) = (&*batch.source.bucket, &*batch.source.configuration);
    let bucket = s3.bucket(&configuration.target_bucket)?;
    // The name may be another's by now.
    if bucket.place != source.place {
        return Err(no_such_bucket(&bucket.name).into());
    }
    let call = target::logger(s3, source);
    let key = object_name::of(configuration, source, (batch.first, call.now), &s3.ids);
    if !target::may_write(s3, &call, &bucket, (&configuration.target_prefix, &key)) {
        return Err(access_denied().into());
    }
    let attributes = attributes(s3, configuration, &bucket)?;
    let (sealing, object_key) = s3.new_key(&call, &bucket, &key, Wanted::default()).await?;
    let body = ByteStream::from(batch.lines.into_bytes());
    let expected = Expected::copied(Algorithm::Crc64Nvme, PUT_BYTES_MAX);
    let written = s3.write(&bucket.place, (&sealing, &object_key), &body, &expected).await?;
    let new = object_of(attributes, sealing, &written, call.now.millis());
    let conditions = Writing::new(None, None)?;
    s3.put_written(&call, &bucket, &key, &conditions, ("ObjectCreated:Put", written, new)).await?;
    Ok(())
}

fn attributes(
    s3: &S3,
    configuration: &model_s3::types::LoggingEnabled,
    bucket: &Bucket,
) -> Result<Attributes, Error> {
    let (retention, _) = object_lock::of_new(bucket, object_lock::Said::default(), s3.clock.now())?;
    Ok(Attributes {
        owner: bucket.owner().to_owned(),
        acl: target::acl_of_logs(s3, configuration, bucket).unwrap_or_default(),
        storage_class: "STANDARD".to_owned(),
        headers: Headers { content_type: Some("text/plain".to_owned()), ..Default::default() },
        metadata: Default::default(),
        tags: Default::default(),
        retention,
        legal_hold: false,
    })
}
