//! Workloads of S3: small and large objects, and lists.

use crate::client::{Client, Endpoint};
use crate::sign::Template;
use crate::sqs::{CallError, expect_success};
use crate::workload::Workload;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const BUCKET: &str = "/bench-objects";
/// Objects that are put and got in turn, so that no two clients of a run are after the same one.
const KEYS: usize = 64;
/// Objects in the list: one page.
const LISTED: usize = 1_000;
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// One workload's requests.
#[derive(Debug, Clone)]
pub struct Objects {
    templates: Arc<[Template]>,
    body: Arc<[u8]>,
    next: Arc<AtomicUsize>,
}

impl Objects {
    /// Those of a workload; none if it has nothing to do with objects.
    pub fn of(workload: Workload, endpoint: &Endpoint) -> Option<Self> {
        Some(match workload {
            Workload::S3Put1k => Self::put("put-1k", KIB, KEYS, endpoint),
            Workload::S3Put1m => Self::put("put-1m", MIB, KEYS, endpoint),
            Workload::S3Put100m => Self::put("put-100m", 100 * MIB, 2, endpoint),
            Workload::S3Get1k => Self::get("get-1k", KEYS, endpoint),
            Workload::S3Get1m => Self::get("get-1m", KEYS, endpoint),
            Workload::S3Get100m => Self::get("get-100m", 1, endpoint),
            Workload::S3List => {
                let query = format!("list-type=2&max-keys={LISTED}&prefix=list-");
                Self::new(vec![Template::s3("GET", BUCKET, &query, &endpoint.host, b"")], &[])
            }
            _ => return None,
        })
    }

    fn new(templates: Vec<Template>, body: &[u8]) -> Self {
        Self { templates: templates.into(), body: body.into(), next: Arc::default() }
    }

    fn put(name: &str, size: usize, count: usize, endpoint: &Endpoint) -> Self {
        let body: Vec<u8> = (0..size).map(|at| ((at * 31) >> 3) as u8).collect();
        let templates = (0..count).map(|at| template("PUT", name, at, endpoint, &body)).collect();
        Self::new(templates, &body)
    }

    fn get(name: &str, count: usize, endpoint: &Endpoint) -> Self {
        Self::new((0..count).map(|at| template("GET", name, at, endpoint, b"")).collect(), &[])
    }

    /// The next request; whether the answer was 2xx.
    pub async fn perform(&self, client: &mut Client) -> Result<(), CallError> {
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.templates.len();
        let answer = client.call(&self.templates[at], &self.body).await?;
        expect_success(client, answer)
    }

    async fn perform_all(&self, client: &mut Client) -> Result<(), CallError> {
        for _ in 0..self.templates.len() {
            self.perform(client).await?;
        }
        Ok(())
    }
}

fn template(method: &'static str, name: &str, at: usize, endpoint: &Endpoint, body: &[u8]) -> Template {
    Template::s3(method, &format!("{BUCKET}/{name}-{at}"), "", &endpoint.host, body)
}

/// Makes the bucket, and what is to be got or listed.
pub async fn prepare(endpoint: &Endpoint, workload: Workload) -> Result<(), CallError> {
    let client = &mut Client::new(endpoint);
    let create = Objects::new(vec![Template::s3("PUT", BUCKET, "", &endpoint.host, b"")], &[]);
    match create.perform(client).await {
        Err(CallError::Status { text, .. }) if text.contains("BucketAlready") => {}
        other => other?,
    }
    match workload {
        Workload::S3Get1k => Objects::put("get-1k", KIB, KEYS, endpoint).perform_all(client).await,
        Workload::S3Get1m => Objects::put("get-1m", MIB, KEYS, endpoint).perform_all(client).await,
        Workload::S3Get100m => Objects::put("get-100m", 100 * MIB, 1, endpoint).perform_all(client).await,
        Workload::S3List => Objects::put("list", 10, LISTED, endpoint).perform_all(client).await,
        _ => Ok(()),
    }
}
