//! A service with some operations of S3: it keeps objects in memory, and notes what it was sent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Method};
use kernel::{Arn, Call};
use model_s3::{Error, SERVICE, ops, types::*};
use parking_lot::Mutex;
use service::{Allowed, Edge, EdgeHead, EdgeRequest, EdgeResponse, Ended, Resource, Service};
use sha2::{Digest, Sha256};
use wire::{ByteStream, CommonError, CommonSource, Detailed, StreamError};

/// What a put was.
#[derive(Clone, Debug)]
pub struct Put {
    pub key: String,
    pub len: u64,
    pub sha256: String,
    pub announced: Option<u64>,
    pub encoding: Option<String>,
    pub trailers: BTreeMap<String, String>,
    pub account: String,
}

#[derive(Default)]
pub struct State {
    /// What came whole.
    pub puts: Mutex<Vec<Put>>,
    /// Puts that ended in an error of their body.
    pub broken: AtomicUsize,
    /// Bytes that any put was given.
    pub given: AtomicU64,
    /// The most memory the process had while a body came, in KiB.
    pub peak_kib: AtomicU64,
    /// Keys that were deleted.
    pub deleted: Mutex<Vec<String>>,
    /// Services and access keys, as they were used.
    pub used: Mutex<Vec<String>>,
    /// How requests ended that were watched.
    pub ended: Mutex<Vec<Ended>>,
    objects: Mutex<BTreeMap<String, Bytes>>,
}

pub fn service(state: &Arc<State>) -> Service {
    Service::builder(&SERVICE, state.clone())
        .op(ops::PutObject, |_: &State, _: &Call, i: &PutObjectInput| Ok(object(&i.bucket, &i.key)), put)
        .op(ops::GetObject, |_: &State, _: &Call, i: &GetObjectInput| Ok(object(&i.bucket, &i.key)), get)
        .op(ops::HeadObject, |_: &State, _: &Call, i: &HeadObjectInput| Ok(object(&i.bucket, &i.key)), head)
        .op(
            ops::DeleteObject,
            |_: &State, _: &Call, i: &DeleteObjectInput| Ok(object(&i.bucket, &i.key)),
            |_, _, _, _| async { Ok(DeleteObjectOutput::default()) },
        )
        .op(
            ops::DeleteObjects,
            |_: &State, _: &Call, i: &DeleteObjectsInput| Ok(object(&i.bucket, "*")),
            delete,
        )
        .edge(Arc::new(Door(state.clone())))
        .build()
}

fn object(bucket: &str, key: &str) -> Resource<String> {
    Resource::new(Arn::aws("s3", "", "", &format!("{bucket}/{key}")), format!("{bucket}/{key}"))
}

/// Keys that end in `slow` are read slowly; `deny` is refused before the body, `late` after its first piece.
async fn put(
    state: Arc<State>,
    call: Arc<Call>,
    key: Allowed<String>,
    input: PutObjectInput,
) -> Result<PutObjectOutput, Error> {
    if key.ends_with("/deny") {
        return Err(Detailed::new("NoSuchBucket", 404, "There is no such bucket.").into_common().into());
    }
    let body = input.body.unwrap_or_default();
    let announced = body.length();
    let keep = announced.is_some_and(|length| length <= 8 * 1024 * 1024);
    let (mut hash, mut len, mut kept, mut pieces) = (Sha256::new(), 0, Vec::new(), 0_u64);
    let mut reader = body.open();
    while let Some(part) = reader.next().await {
        let part = match part {
            Ok(part) => part,
            Err(error) => {
                state.broken.fetch_add(1, Ordering::Relaxed);
                return Err(error.into_common().into());
            }
        };
        state.given.fetch_add(part.len() as u64, Ordering::Relaxed);
        hash.update(&part);
        len += part.len() as u64;
        pieces += 1;
        if key.ends_with("/late") {
            return Err(Detailed::new("NoSuchUpload", 404, "Too late.").into_common().into());
        }
        if key.ends_with("/slow") && pieces.is_multiple_of(64) {
            state.peak_kib.fetch_max(State::resident_kib(), Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if keep {
            kept.extend_from_slice(&part);
        }
    }
    let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
    let trailers = reader.trailers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let (key, account) = (key.into_inner(), call.account.clone());
    state.objects.lock().insert(key.clone(), kept.into());
    state.puts.lock().push(Put {
        key,
        len,
        sha256,
        announced,
        encoding: input.content_encoding,
        trailers,
        account,
    });
    Ok(PutObjectOutput { e_tag: Some("\"tag\"".to_owned()), ..Default::default() })
}

impl State {
    /// The memory of this process, in KiB.
    pub fn resident_kib() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

async fn get(
    state: Arc<State>,
    _: Arc<Call>,
    key: Allowed<String>,
    _: GetObjectInput,
) -> Result<GetObjectOutput, Error> {
    let part = || Ok(Bytes::from_static(&[7; 1000]));
    let body = match key.rsplit('/').next().unwrap_or_default() {
        "broken" => ByteStream::of_bytes(Some(2000), stream::iter([part(), Err(StreamError::Broken)])),
        "broken-unsaid" => ByteStream::of_bytes(None, stream::iter([part(), Err(StreamError::Broken)])),
        "late" => ByteStream::of_bytes(Some(2 << 20), late()),
        "short" => ByteStream::of_bytes(Some(2000), stream::iter([part()])),
        "long" => ByteStream::of_bytes(Some(1500), stream::iter([part(), part()])),
        "unsaid" => ByteStream::of_bytes(None, stream::iter([part(), part()])),
        "huge" => {
            ByteStream::of_bytes(Some(64 << 20), stream::repeat_with(|| Ok(vec![1; 1 << 20].into())).take(64))
        }
        _ => match state.objects.lock().get(&*key) {
            Some(bytes) => bytes.clone().into(),
            None => {
                return Err(Detailed::new("NoSuchKey", 404, "None.")
                    .with("Key", &**key)
                    .into_common()
                    .into());
            }
        },
    };
    let content_length = body.length().map(|length| length as i64);
    Ok(GetObjectOutput { body: Some(body), content_length, ..Default::default() })
}

/// A mebibyte, and after a while an error.
fn late() -> impl futures::Stream<Item = Result<Bytes, StreamError>> {
    let first = stream::iter([Ok(Bytes::from(vec![1; 1 << 20]))]);
    first.chain(stream::once(async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Err(StreamError::Broken)
    }))
}

async fn head(
    state: Arc<State>,
    _: Arc<Call>,
    key: Allowed<String>,
    _: HeadObjectInput,
) -> Result<HeadObjectOutput, Error> {
    match state.objects.lock().get(&*key) {
        Some(bytes) => {
            Ok(HeadObjectOutput { content_length: Some(bytes.len() as i64), ..Default::default() })
        }
        None => Err(Detailed::new("NotFound", 404, "Not Found").into_common().into()),
    }
}

async fn delete(
    state: Arc<State>,
    _: Arc<Call>,
    _: Allowed<String>,
    input: DeleteObjectsInput,
) -> Result<DeleteObjectsOutput, Error> {
    state.deleted.lock().extend(input.delete.objects.iter().map(|object| object.key.to_string()));
    Ok(DeleteObjectsOutput::default())
}

/// Preflights, forms of one line a field, websites; and a header on every answer.
struct Door(Arc<State>);

impl Edge for Door {
    fn wants(&self, head: &EdgeHead<'_>) -> bool {
        head.path != "/unwanted"
    }

    fn answer(&self, request: EdgeRequest) -> BoxFuture<'static, Result<EdgeResponse, CommonError>> {
        let state = self.0.clone();
        Box::pin(async move {
            if request.method != Method::POST {
                let bucket = request.bucket.as_deref().unwrap_or("-");
                let text = format!("{} {bucket} {} {}", request.method, request.path, request.website);
                return Ok(EdgeResponse {
                    status: 200,
                    body: Bytes::from(text).into(),
                    ..Default::default()
                });
            }
            let body = request.body.open().whole(64 * 1024).await.map_err(StreamError::into_common)?;
            let text = String::from_utf8(body.unwrap_or_default().to_vec()).unwrap();
            let fields: Vec<_> = text
                .lines()
                .filter_map(|line| line.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            let call = request.call_of_form(&fields)?;
            let len = text.len() as u64;
            state.puts.lock().push(Put {
                key: request.path.clone(),
                len,
                sha256: String::new(),
                announced: request.body.length(),
                encoding: None,
                trailers: BTreeMap::new(),
                account: call.account,
            });
            Ok(EdgeResponse { status: 204, ..Default::default() })
        })
    }

    fn decorate(&self, head: &EdgeHead<'_>, status: u16, headers: &mut HeaderMap) {
        if head.headers.contains_key("origin") {
            let value = format!("{} {status}", head.bucket.unwrap_or("-"));
            headers.insert("x-decorated", HeaderValue::from_str(&value).unwrap());
        }
    }

    fn watches(&self, head: &EdgeHead<'_>) -> bool {
        head.path.starts_with("/watched")
    }

    fn ended(&self, ended: Ended) {
        self.0.ended.lock().push(ended);
    }
}
