//! Calling a running Cloudlet as any client does: signed, over HTTP, in the query protocol.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use sigv4::{Credentials, PayloadToSign, Policy, Signer};

use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(30);

/// The credentials of the environment, by the variables that every AWS tool reads; without any, a developer's own.
pub struct Caller {
    access_key: String,
    secret: String,
    session_token: Option<String>,
}

/// A service that speaks the query protocol.
pub struct Service {
    /// The name that signatures are scoped to.
    pub name: &'static str,
    /// Its API version.
    pub version: &'static str,
}

/// AWS Identity and Access Management.
pub const IAM: Service = Service { name: "iam", version: "2010-05-08" };
/// AWS Security Token Service.
pub const STS: Service = Service { name: "sts", version: "2011-06-15" };

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorResponse {
    error: ErrorBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorBody {
    code: String,
    message: Option<String>,
}

impl Caller {
    /// From the environment.
    pub fn from_environment() -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
            (Some(access_key), Some(secret)) => {
                Ok(Self { access_key, secret, session_token: variable("AWS_SESSION_TOKEN") })
            }
            (None, None) => {
                Ok(Self { access_key: "test".to_owned(), secret: "test".to_owned(), session_token: None })
            }
            _ => bail!("of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set"),
        }
    }

    /// Calls an operation and reads its answer's XML.
    pub fn call<T: DeserializeOwned>(
        &self,
        config: &Config,
        service: &Service,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<T> {
        let url = config.url();
        let mut form = vec![("Action", action), ("Version", service.version)];
        form.extend_from_slice(parameters);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut headers = HeaderMap::new();
        let host = url.split_once("://").map_or(url.as_str(), |(_, host)| host);
        headers.insert("host", HeaderValue::from_str(host)?);
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        let signer = Signer {
            credentials: Credentials {
                access_key: &self.access_key,
                secret: &self.secret,
                session_token: self.session_token.as_deref(),
            },
            region: &config.region,
            service: service.name,
            time: kernel::Clock::system(Duration::ZERO).now().secs(),
            policy: &Policy::DEFAULT,
        };
        let hash = Sha256::digest(body.as_bytes()).into();
        signer.sign("POST", "/", "", &mut headers, PayloadToSign::Hash(hash))?;
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .build()
            .into();
        let mut request = agent.post(format!("{url}/"));
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let mut answer = request.send(&body).with_context(|| format!("no Cloudlet answers at {url}"))?;
        let text = answer.body_mut().read_to_string()?;
        let other = || format!("what answers at {url} is not a Cloudlet");
        if !answer.status().is_success() {
            let ErrorResponse { error } = quick_xml::de::from_str(&text).with_context(other)?;
            bail!("{}: {}", error.code, error.message.unwrap_or_default());
        }
        quick_xml::de::from_str(&text).with_context(other)
    }
}
