//! Tokens of an issuer, right and wrong, and how often it is asked.

mod common;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use common::{Issuer, Keys, encode};
use futures::future::BoxFuture;
use http::Uri;
use kernel::Timestamp;
use oidc::{Fetch, FetchError, HttpFetch, Issuers, TokenError};
use parking_lot::Mutex;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_secs(1_750_000_000);
const ISSUER: &str = "https://issuer.example/realm";

/// Documents by address, and what was asked for.
#[derive(Default)]
struct Pages {
    pages: Mutex<HashMap<String, Result<Vec<u8>, FetchError>>>,
    asked: Mutex<Vec<String>>,
}

impl Pages {
    fn put(&self, address: &str, page: &Value) {
        self.pages.lock().insert(address.to_owned(), Ok(page.to_string().into_bytes()));
    }

    fn asked(&self) -> usize {
        std::mem::take(&mut *self.asked.lock()).len()
    }
}

impl Fetch for Pages {
    fn get(&self, address: Uri) -> BoxFuture<'_, Result<Bytes, FetchError>> {
        let address = address.to_string();
        let page = self.pages.lock().get(&address).cloned().unwrap_or(Err(FetchError::Status(404)));
        self.asked.lock().push(address);
        Box::pin(std::future::ready(page.map(Bytes::from)))
    }
}

fn world() -> (Arc<Pages>, Issuers, Keys) {
    let (pages, keys) = (Arc::<Pages>::default(), Keys::generate());
    let configuration = json!({"issuer": ISSUER, "jwks_uri": "https://keys.example/set"});
    pages.put(&format!("{ISSUER}/.well-known/openid-configuration"), &configuration);
    pages.put("https://keys.example/set", &keys.set());
    (pages.clone(), Issuers::new(pages), keys)
}

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "someone", "aud": "here", "exp": NOW.secs() + 300, "iat": NOW.secs()})
}

fn later(secs: i64) -> Timestamp {
    Timestamp::from_secs(NOW.secs() + secs)
}

#[tokio::test]
async fn right_tokens_are_believed() {
    let (_, issuers, keys) = world();
    for (algorithm, kid) in [("ES256", "ec"), ("RS256", "rsa")] {
        let token = keys.token(algorithm, kid, &claims());
        let claims = issuers.verify(ISSUER, &token, NOW, NOW).await.unwrap();
        assert_eq!(
            (claims.subject.as_str(), claims.audiences.as_slice()),
            ("someone", &["here".to_owned()][..])
        );
        assert_eq!(oidc::issuer_of(&token).as_deref(), Some(ISSUER));
    }
}

#[tokio::test]
async fn wrong_tokens_are_not() {
    let (_, issuers, keys) = world();
    let others = Keys::generate();
    let right = keys.token("RS256", "rsa", &claims());
    let parts: Vec<&str> = right.split('.').collect();
    let none = encode(br#"{"alg":"none","typ":"JWT"}"#);
    let other_claims = encode(
        json!({"iss": ISSUER, "sub": "admin", "aud": "here", "exp": NOW.secs() + 300}).to_string().as_bytes(),
    );
    let cases = [
        (others.token("RS256", "rsa", &claims()), TokenError::Signature),
        (others.token("ES256", "ec", &claims()), TokenError::Signature),
        (keys.token("HS256", "rsa", &claims()), TokenError::Algorithm),
        (keys.token("none", "rsa", &claims()), TokenError::Algorithm),
        (format!("{none}.{}.", parts[1]), TokenError::Algorithm),
        (format!("{}.{other_claims}.{}", parts[0], parts[2]), TokenError::Signature),
        (format!("{}.{}.", parts[0], parts[1]), TokenError::Signature),
        (format!("{}.{}", parts[0], parts[1]), TokenError::Malformed),
        // A key of the other kind than the algorithm's.
        (keys.token("RS256", "ec", &claims()), TokenError::UnknownKey),
        (keys.token("ES256", "rsa", &claims()), TokenError::UnknownKey),
        (keys.token("RS256", "gone", &claims()), TokenError::UnknownKey),
        ("x".repeat(20_001), TokenError::Malformed),
        ("a.b.c".to_owned(), TokenError::Malformed),
        (String::new(), TokenError::Malformed),
    ];
    for (token, error) in cases {
        assert_eq!(issuers.verify(ISSUER, &token, NOW, NOW).await, Err(error), "{token}");
    }
    let expired = TokenError::Expired { now: later(300).secs(), expires: later(300).secs() };
    assert_eq!(issuers.verify(ISSUER, &right, later(300), NOW).await, Err(expired));
    let mut other = claims();
    other["iss"] = json!("https://other.example");
    let token = keys.token("RS256", "rsa", &other);
    assert_eq!(issuers.verify(ISSUER, &token, NOW, NOW).await, Err(TokenError::Issuer));
}

#[tokio::test]
async fn keys_are_asked_for_now_and_then() {
    let (pages, issuers, keys) = world();
    let token = keys.token("RS256", "rsa", &claims());
    let unknown = keys.token("RS256", "new", &claims());
    for _ in 0..3 {
        issuers.verify(ISSUER, &token, NOW, NOW).await.unwrap();
    }
    assert_eq!(pages.asked(), 2);
    // Not asked again for every unknown key.
    for _ in 0..3 {
        assert_eq!(issuers.verify(ISSUER, &unknown, NOW, later(59)).await, Err(TokenError::UnknownKey));
    }
    assert_eq!(pages.asked(), 0);
    let mut set = keys.set();
    set["keys"][1]["kid"] = json!("new");
    pages.put("https://keys.example/set", &set);
    assert!(issuers.verify(ISSUER, &unknown, NOW, later(60)).await.is_ok());
    assert_eq!(pages.asked(), 2);
    assert_eq!(issuers.verify(ISSUER, &token, NOW, later(61)).await, Err(TokenError::UnknownKey));
    assert!(issuers.verify(ISSUER, &unknown, NOW, later(60 + 3600)).await.is_ok());
    assert_eq!(pages.asked(), 2);
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_left_alone_for_a_while() {
    let (pages, issuers, keys) = world();
    let token = keys.token("RS256", "rsa", &claims());
    let address = "https://keys.example/set";
    let set = pages.pages.lock().insert(address.to_owned(), Err(FetchError::Status(503)));
    let failed = Err(TokenError::Keys(FetchError::Status(503)));
    assert_eq!(issuers.verify(ISSUER, &token, NOW, NOW).await, failed);
    assert_eq!(pages.asked(), 2);
    pages.pages.lock().insert(address.to_owned(), set.unwrap());
    assert_eq!(issuers.verify(ISSUER, &token, NOW, later(9)).await, failed);
    assert_eq!(pages.asked(), 0);
    assert!(issuers.verify(ISSUER, &token, NOW, later(10)).await.is_ok());
}

#[tokio::test]
async fn configurations_that_lead_elsewhere() {
    let (pages, issuers, keys) = world();
    let token = keys.token("RS256", "rsa", &claims());
    let mut clock = NOW;
    for bad in [
        json!({"issuer": "https://other.example", "jwks_uri": "https://keys.example/set"}),
        json!({"issuer": ISSUER, "jwks_uri": "http://127.0.0.1/set"}),
        json!({"issuer": ISSUER, "jwks_uri": "http://169.254.169.254/set"}),
        json!({"issuer": ISSUER, "jwks_uri": "file:///set"}),
        json!({"issuer": ISSUER}),
        json!([]),
    ] {
        pages.put(&format!("{ISSUER}/.well-known/openid-configuration"), &bad);
        let answer = issuers.verify(ISSUER, &token, NOW, clock).await;
        assert!(matches!(answer, Err(TokenError::Keys(FetchError::Unusable(_)))), "{bad}: {answer:?}");
        assert_eq!(pages.asked(), 1);
        clock = Timestamp::from_secs(clock.secs() + 10);
    }
    let many: Vec<Value> = (0..101).map(|_| keys.set()["keys"][0].clone()).collect();
    pages.put(
        &format!("{ISSUER}/.well-known/openid-configuration"),
        &json!({"issuer": ISSUER, "jwks_uri": "https://keys.example/set"}),
    );
    pages.put("https://keys.example/set", &json!({"keys": many}));
    let answer = issuers.verify(ISSUER, &token, NOW, clock).await;
    assert_eq!(answer, Err(TokenError::Keys(FetchError::Unusable("it has too many keys".into()))));
}

#[tokio::test]
async fn over_the_network() {
    let issuer = Issuer::start().await;
    let issuers = Issuers::new(Arc::new(HttpFetch::new()));
    let mut claims = claims();
    claims["iss"] = json!(issuer.url);
    let token = issuer.keys.token("ES256", "ec", &claims);
    for _ in 0..2 {
        assert!(issuers.verify(&issuer.url, &token, NOW, NOW).await.is_ok());
    }
    assert_eq!(issuer.asked.load(Ordering::Relaxed), 2);
    let gone = issuer.url.clone();
    drop(issuer);
    let issuers = Issuers::new(Arc::new(HttpFetch::new()));
    let answer = issuers.verify(&gone, &token, NOW, NOW).await;
    assert!(matches!(answer, Err(TokenError::Keys(FetchError::Unreachable(_)))), "{answer:?}");
}
