//! S3 by a client in Rust, `object_store`, against the program.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder, S3CopyIfNotExists};
use object_store::path::Path;
use object_store::signer::Signer as _;
use object_store::{
    Attribute, Attributes, Error, GetOptions, GetRange, ObjectStore as _, ObjectStoreExt as _, PutMode,
    PutOptions, PutPayload, UpdateVersion, WriteMultipart,
};

/// The program, in memory, on a port that it chooses. It ends with this.
struct Cloudlet {
    child: Child,
    url: String,
}

impl Cloudlet {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cloudlet"))
            .args(["up", "--ephemeral", "--output", "json", "--listen", "127.0.0.1:0", "--log", "warn"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("its first line");
        let ready: serde_json::Value = serde_json::from_str(&line).expect("its first line is JSON");
        let url = format!("http://{}", ready["listen"].as_str().expect("where it listens"));
        Self { child, url }
    }

    fn builder(&self) -> AmazonS3Builder {
        AmazonS3Builder::new()
            .with_endpoint(&self.url)
            .with_allow_http(true)
            .with_region("us-east-1")
            .with_bucket_name("kept")
            .with_access_key_id("437064342167")
            .with_secret_access_key("test")
    }

    /// A client of a bucket that it makes.
    async fn store(&self) -> AmazonS3 {
        let store = self.builder().build().expect("a client");
        // This client makes no buckets, but it signs.
        let bucket = store.signed_url(http::Method::PUT, &Path::default(), Duration::from_secs(60)).await;
        let made = ureq::put(bucket.expect("a URL").as_str()).send_empty().expect("a bucket");
        assert_eq!(made.status(), 200);
        store
    }
}

impl Drop for Cloudlet {
    fn drop(&mut self) {
        self.child.kill().expect("the program ran until now");
        self.child.wait().expect("its end");
    }
}

fn bytes(len: usize) -> Bytes {
    (0..len).map(|at| ((at * 7) >> 3) as u8).collect()
}

#[tokio::test]
async fn objects_come_and_go() {
    let cloudlet = Cloudlet::start();
    let store = cloudlet.store().await;
    // In a record, and in a file.
    for (key, len) in [("a/short", 1_000), ("a/long one/+%25?", 300_000), ("ü", 0)] {
        let (path, body) = (Path::parse(key).expect("a path"), bytes(len));
        let attributes = Attributes::from_iter([(Attribute::ContentType, "text/plain")]);
        let put = store.put_opts(&path, body.clone().into(), attributes.into()).await.expect("put");
        let got = store.get(&path).await.expect("get");
        assert_eq!(got.attributes.get(&Attribute::ContentType).map(|kind| kind.as_ref()), Some("text/plain"));
        assert_eq!(got.bytes().await.expect("the body"), body);
        let head = store.head(&path).await.expect("head");
        assert_eq!((head.size, head.e_tag), (len as u64, put.e_tag));
    }
    let long = Path::parse("a/long one/+%25?").expect("a path");
    let ranges = [0..10, 65_530..65_545, 299_990..300_000];
    let found = store.get_ranges(&long, &ranges).await.expect("ranges");
    for (range, found) in ranges.iter().zip(found) {
        assert_eq!(found, bytes(300_000).slice(range.start as usize..range.end as usize));
    }
    let last = GetOptions { range: Some(GetRange::Suffix(7)), ..Default::default() };
    let last = store.get_opts(&long, last).await.expect("the end").bytes().await.expect("the body");
    assert_eq!(last, bytes(300_000).slice(299_993..));

    let listed: Vec<_> = store.list(Some(&Path::from("a"))).try_collect().await.expect("a list");
    assert_eq!(listed.len(), 2);
    let level = store.list_with_delimiter(None).await.expect("a level");
    assert_eq!(level.common_prefixes, [Path::from("a")]);
    assert_eq!(level.objects.iter().map(|found| found.location.as_ref()).collect::<Vec<_>>(), ["ü"]);

    store.copy(&long, &Path::from("copy")).await.expect("copied");
    assert_eq!(store.get(&Path::from("copy")).await.expect("get").bytes().await.expect("it"), bytes(300_000));
    store.rename(&Path::from("copy"), &Path::from("moved")).await.expect("moved");
    assert!(matches!(store.head(&Path::from("copy")).await, Err(Error::NotFound { .. })));
    let all = store.list(None).map_ok(|found| found.location);
    let gone: Vec<_> = store.delete_stream(Box::pin(all)).try_collect().await.expect("all deleted");
    assert_eq!(gone.len(), 4);
    assert!(store.list(None).try_next().await.expect("a list").is_none());
}

#[tokio::test]
async fn writes_and_reads_may_have_conditions() {
    let cloudlet = Cloudlet::start();
    let store = cloudlet.store().await;
    let path = Path::from("key");
    let put = |mode: PutMode, text: &'static str| {
        store.put_opts(&path, PutPayload::from_static(text.as_bytes()), PutOptions::from(mode))
    };
    let first = put(PutMode::Create, "first").await.expect("there is none yet");
    assert!(matches!(put(PutMode::Create, "again").await, Err(Error::AlreadyExists { .. })));
    let version = |put: &object_store::PutResult| UpdateVersion::from(put.clone());
    let second = put(PutMode::Update(version(&first)), "second").await.expect("it is the first");
    let stale = put(PutMode::Update(version(&first)), "third").await;
    assert!(matches!(stale, Err(Error::Precondition { .. })));

    let get = |options: GetOptions| store.get_opts(&path, options);
    let changed = GetOptions { if_none_match: second.e_tag.clone(), ..Default::default() };
    assert!(matches!(get(changed).await, Err(Error::NotModified { .. })));
    let same = GetOptions { if_match: first.e_tag.clone(), ..Default::default() };
    assert!(matches!(get(same).await, Err(Error::Precondition { .. })));
    let found = store.get(&path).await.expect("get").bytes().await.expect("the body");
    assert_eq!(found, "second");

    let careful = cloudlet.builder().with_copy_if_not_exists(S3CopyIfNotExists::Multipart).build();
    let careful = careful.expect("a client");
    let other = Path::from("other");
    careful.copy_if_not_exists(&path, &other).await.expect("there is none yet");
    let again = careful.copy_if_not_exists(&path, &other).await;
    assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{again:?}");
}

#[tokio::test]
async fn uploads_in_parts_and_presigned_urls() {
    let cloudlet = Cloudlet::start();
    let store = Arc::new(cloudlet.store().await);
    let (path, body) = (Path::from("parts"), bytes((12 << 20) + 5));
    let upload = store.put_multipart(&path).await.expect("begun");
    let mut writer = WriteMultipart::new_with_chunk_size(upload, 5 << 20);
    for piece in body.chunks(1_000_003) {
        writer.write(piece);
    }
    writer.finish().await.expect("completed");
    let found = store.get(&path).await.expect("get");
    assert_eq!(found.meta.size, body.len() as u64);
    assert!(found.bytes().await.expect("the body") == body);
    let mut given_up = store.put_multipart(&Path::from("never")).await.expect("begun");
    given_up.put_part(bytes(5 << 20).into()).await.expect("a part");
    given_up.abort().await.expect("given up");
    assert!(matches!(store.head(&Path::from("never")).await, Err(Error::NotFound { .. })));

    let url = |method| store.signed_url(method, &path, Duration::from_secs(60));
    let get = url(http::Method::GET).await.expect("a URL");
    let mut got = ureq::get(get.as_str()).call().expect("an answer");
    assert!(got.body_mut().with_config().limit(32 << 20).read_to_vec().expect("the body") == body);
    let unsigned = ureq::get(get.as_str().split_once('?').expect("a query").0).call();
    assert!(matches!(unsigned, Err(ureq::Error::StatusCode(403))), "{unsigned:?}");
    let put = url(http::Method::PUT).await.expect("a URL");
    assert_eq!(ureq::put(put.as_str()).send("anew").expect("an answer").status(), 200);
    assert_eq!(store.get(&path).await.expect("get").bytes().await.expect("the body"), "anew");
}
