//! The keys of issuers, fetched and kept.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use kernel::Timestamp;
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::address;
use crate::claims::Claims;
use crate::fetch::{Fetch, FetchError};
use crate::verify::{self, TokenError};

/// Issuers whose keys are kept. An account may have 100 providers (IAM quota).
const ISSUERS_MAX: usize = 256;
/// Documents on their way at the same time, for all issuers together.
const AT_ONCE: usize = 8;
/// Keys of one issuer; those in use publish fewer than ten.
const KEYS_MAX: usize = 100;
/// Keys are asked for anew after so long: how long a withdrawn key may still be good.
const FRESH: Duration = Duration::from_secs(3600);
/// For a key that is not there the issuer is asked again, though not more often: whoever makes up key ids asks in vain.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// An issuer that did not answer is left alone for so long.
const REST: Duration = Duration::from_secs(10);

/// Believes tokens or not.
pub struct Issuers {
    fetch: Arc<dyn Fetch>,
    known: Mutex<HashMap<String, Arc<Issuer>>>,
    at_once: Semaphore,
}

/// One issuer. Whoever asks it holds the lock, so that the others wait for the same answer.
#[derive(Default)]
struct Issuer {
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Its keys, and since when.
    keys: Option<(Arc<JwkSet>, Timestamp)>,
    /// When it was asked in vain, and what it answered.
    failed: Option<(FetchError, Timestamp)>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuers {
    /// Gets keys by `fetch`.
    pub fn new(fetch: Arc<dyn Fetch>) -> Self {
        Self { fetch, known: Mutex::default(), at_once: Semaphore::new(AT_ONCE) }
    }

    /// The claims of a token of this issuer, good at the time `now`, which is the issuer's. `clock` is the time by which
    /// keys are kept.
    ///
    /// # Errors
    /// Why it is not believed.
    pub async fn verify(
        &self,
        issuer: &str,
        token: &str,
        now: Timestamp,
        clock: Timestamp,
    ) -> Result<Claims, TokenError> {
        let header = verify::header(token)?;
        let mut keys = self.keys(issuer, clock, FRESH).await?;
        if verify::key(&keys, &header).is_none() {
            keys = self.keys(issuer, clock, ASK_AGAIN).await?;
        }
        let key = verify::key(&keys, &header).ok_or(TokenError::UnknownKey)?;
        verify::claims(token, key, header.alg, issuer, now)
    }

    /// The keys of an issuer, no older than `fresh`.
    async fn keys(&self, issuer: &str, clock: Timestamp, fresh: Duration) -> Result<Arc<JwkSet>, FetchError> {
        let known = self.issuer(issuer);
        let mut state = known.state.lock().await;
        if let Some((keys, since)) = &state.keys
            && clock.since(*since) < fresh
        {
            return Ok(keys.clone());
        }
        if let Some((error, at)) = &state.failed
            && clock.since(*at) < REST
        {
            return Err(error.clone());
        }
        match self.ask(issuer).await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                *state = State { keys: Some((keys.clone(), clock)), failed: None };
                Ok(keys)
            }
            Err(error) => {
                tracing::warn!(issuer, %error, "an identity provider's keys cannot be had");
                state.failed = Some((error.clone(), clock));
                Err(error)
            }
        }
    }

    fn issuer(&self, issuer: &str) -> Arc<Issuer> {
        let mut known = self.known.lock();
        if let Some(found) = known.get(issuer) {
            return found.clone();
        }
        if known.len() >= ISSUERS_MAX {
            known.clear();
        }
        known.entry(issuer.to_owned()).or_default().clone()
    }

    async fn ask(&self, issuer: &str) -> Result<JwkSet, FetchError> {
        let _permit =
            self.at_once.acquire().await.map_err(|error| FetchError::Unreachable(error.to_string()))?;
        let unusable = |why: &str| FetchError::Unusable(why.to_owned());
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let address = address::parse(&address).ok_or_else(|| unusable("its address is not allowed"))?;
        let document = self.fetch.get(address).await?;
        let discovery: Discovery =
            serde_json::from_slice(&document).map_err(|error| FetchError::Unusable(error.to_string()))?;
        if discovery.issuer != issuer {
            return Err(unusable("its configuration is that of another issuer"));
        }
        let address = address::keys_of(issuer, &discovery.jwks_uri)
            .ok_or_else(|| unusable("the address of its keys is not allowed"))?;
        let document = self.fetch.get(address).await?;
        let keys: JwkSet =
            serde_json::from_slice(&document).map_err(|error| FetchError::Unusable(error.to_string()))?;
        if keys.keys.len() > KEYS_MAX {
            return Err(unusable("it has too many keys"));
        }
        Ok(keys)
    }
}
