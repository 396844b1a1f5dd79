//! What Cloudlet says of itself, and LocalStack's shapes of the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use gateway::{Admin, AdminRequest, AdminResponse, Gateway};
use http::Method;
use kernel::{Clock, Ids};
use outbox::Counts;
use serde::Deserialize;
use serde_json::json;
use service::Service;
use store::Store;

use crate::clock;
use crate::scrub::Watch;

/// Answers for one running program.
pub struct About {
    pub gateway: Arc<Gateway>,
    pub store: Store,
    pub clock: Clock,
    pub ephemeral: bool,
    /// None: there is no scrub.
    pub scrub: Option<Watch>,
    pub started: Instant,
    pub session_id: String,
}

/// The body of `POST /_cloudlet/clock`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

impl About {
    pub fn new(
        gateway: Arc<Gateway>,
        store: Store,
        clock: Clock,
        ephemeral: bool,
        scrub: Option<Watch>,
    ) -> Self {
        Self { gateway, store, clock, ephemeral, scrub, started: Instant::now(), session_id: Ids.uuid() }
    }

    fn services(&self) -> serde_json::Map<String, serde_json::Value> {
        self.gateway.services().iter().map(|s| (s.model().id.to_owned(), json!("running"))).collect()
    }

    fn health(&self) -> AdminResponse {
        let stats = self.store.stats();
        AdminResponse::json(
            200,
            &json!({
                "status": "running",
                "version": VERSION,
                "ephemeral": self.ephemeral,
                "uptime_seconds": self.started.elapsed().as_secs(),
                "process_id": std::process::id(),
                "commits": stats.commits,
                "deliveries": self.deliveries(),
                "scrub": self.scrub.as_ref().map(Watch::show),
                "services": self.services(),
            }),
        )
    }

    /// What follows from commits and is still to be done, or was given up, by kind.
    fn deliveries(&self) -> serde_json::Value {
        match Counts::of_all_kinds(&self.store) {
            Ok(counts) => counts
                .into_iter()
                .map(|(kind, Counts { pending, parked })| {
                    (kind, json!({ "pending": pending, "parked": parked }))
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Err(error) => {
                tracing::error!(%error, "deliveries cannot be counted");
                serde_json::Value::Null
            }
        }
    }

    /// Services and the names of their operations, all of which work.
    fn operations(&self) -> AdminResponse {
        let names =
            |service: &Service| service.operations().map(|operation| operation.name).collect::<Vec<_>>();
        let of_services: serde_json::Map<_, _> =
            self.gateway.services().iter().map(|s| (s.model().id.to_owned(), json!(names(s)))).collect();
        AdminResponse::json(200, &of_services.into())
    }

    fn localstack_health(&self) -> AdminResponse {
        AdminResponse::json(
            200,
            &json!({ "services": self.services(), "edition": "cloudlet", "version": VERSION }),
        )
    }

    fn localstack_info(&self) -> AdminResponse {
        AdminResponse::json(
            200,
            &json!({
                "version": VERSION,
                "edition": "cloudlet",
                "is_license_activated": false,
                "session_id": self.session_id,
                "system": std::env::consts::OS,
                "is_docker": false,
                "server_time_utc": self.clock.now().to_string(),
                "uptime": self.started.elapsed().as_secs(),
            }),
        )
    }

    fn clock(&self) -> AdminResponse {
        let (now, ahead) = (self.clock.now(), self.clock.advanced());
        AdminResponse::json(200, &json!({ "now": now.to_string(), "advanced_seconds": ahead.as_secs() }))
    }

    async fn advance(&self, request: &AdminRequest<'_>) -> AdminResponse {
        if !request.local {
            return refuse(403, "The clock can be moved from this machine only.");
        }
        let Ok(advance) = serde_json::from_slice::<Advance>(&request.body) else {
            return refuse(400, "The body must be {\"advance_seconds\": <number>}.");
        };
        let by = Duration::from_secs(advance.advance_seconds);
        match clock::advance(&self.store, &self.clock, by).await {
            Ok(Some(())) => self.clock(),
            Ok(None) => refuse(400, "The clock can be at most 100 years ahead."),
            Err(error) => {
                tracing::error!(%error, "the clock");
                refuse(500, "The clock could not be moved.")
            }
        }
    }
}

fn refuse(status: u16, message: &str) -> AdminResponse {
    AdminResponse::json(status, &json!({ "message": message }))
}

impl Admin for About {
    fn answer<'a>(&'a self, request: AdminRequest<'a>) -> BoxFuture<'a, Option<AdminResponse>> {
        Box::pin(async move {
            Some(match (request.path, request.method) {
                ("/_cloudlet/health", &Method::GET) => self.health(),
                ("/_cloudlet/operations", &Method::GET) => self.operations(),
                ("/_localstack/health", &Method::GET) => self.localstack_health(),
                ("/_localstack/info", &Method::GET) => self.localstack_info(),
                ("/_cloudlet/clock", &Method::GET) => self.clock(),
                ("/_cloudlet/clock", &Method::POST) => self.advance(&request).await,
                _ => return None,
            })
        })
    }
}
