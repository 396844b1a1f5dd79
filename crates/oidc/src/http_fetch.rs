//! Getting documents over HTTP.

use std::error::Error as _;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};

use crate::fetch::{DOCUMENT_MAX, Fetch, FetchError};

/// For a whole request. Callers wait for it; an issuer that needs longer is as good as away.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Kept connections: documents are asked for in pairs, then not for an hour.
const IDLE_MAX: usize = 1;

type HttpClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// Asks the network, trusting the certificates that the operating system trusts. They are read when first needed.
#[derive(Default)]
pub struct HttpFetch {
    client: OnceLock<HttpClient>,
}

fn client() -> HttpClient {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::warn!(%error, "a certificate of the operating system cannot be read");
    }
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!(
            "the operating system trusts no certificates: OpenID Connect providers cannot be reached"
        );
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider().into();
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has what the default versions need")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build();
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(IDLE_MAX).build(connector)
}

impl HttpFetch {
    /// Nothing is read or asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    async fn ask(&self, address: Uri) -> Result<Bytes, FetchError> {
        let request = Request::get(address)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("cloudlet/", env!("CARGO_PKG_VERSION")))
            .body(Empty::new())
            .map_err(|error| FetchError::Unreachable(error.to_string()))?;
        let answer = self.client.get_or_init(client).request(request).await.map_err(|error| {
            FetchError::Unreachable(error.source().map_or_else(|| error.to_string(), ToString::to_string))
        })?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status().as_u16()));
        }
        let body = Limited::new(answer.into_body(), DOCUMENT_MAX).collect().await;
        match body {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(FetchError::TooLarge),
            Err(error) => Err(FetchError::Unreachable(error.to_string())),
        }
    }
}

impl Fetch for HttpFetch {
    fn get(&self, address: Uri) -> BoxFuture<'_, Result<Bytes, FetchError>> {
        Box::pin(async move {
            match tokio::time::timeout(TIMEOUT, self.ask(address)).await {
                Ok(answer) => answer,
                Err(_) => Err(FetchError::Unreachable("it takes too long to answer".to_owned())),
            }
        })
    }
}
