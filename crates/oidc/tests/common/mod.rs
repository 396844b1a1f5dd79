//! An issuer on a loopback address, with keys of its own.
#![allow(dead_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKey, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use aws_lc_rs::{hmac, signature};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Two keys: an elliptic one and one of RSA.
pub struct Keys {
    pub elliptic: EcdsaKeyPair,
    pub rsa: RsaKey,
}

impl Keys {
    pub fn generate() -> Self {
        Self {
            elliptic: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            rsa: RsaKey::generate(KeySize::Rsa2048).unwrap(),
        }
    }

    /// What the issuer publishes.
    pub fn set(&self) -> Value {
        let point = self.elliptic.public_key().as_ref();
        let rsa = self.rsa.public_key();
        json!({"keys": [
            {"kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig", "alg": "ES256",
             "x": encode(&point[1..33]), "y": encode(&point[33..65])},
            {"kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256",
             "n": encode(rsa.modulus().big_endian_without_leading_zero()),
             "e": encode(rsa.exponent().big_endian_without_leading_zero())},
        ]})
    }

    pub fn token(&self, algorithm: &str, kid: &str, claims: &Value) -> String {
        let header = json!({"alg": algorithm, "typ": "JWT", "kid": kid});
        let message =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = self.sign(algorithm, message.as_bytes());
        format!("{message}.{}", encode(&signature))
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        match algorithm {
            "ES256" => self.elliptic.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            "RS256" => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                let pair = signature::RsaKeyPair::from_pkcs8(self.rsa.as_der().unwrap().as_ref()).unwrap();
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
            // The old trick: the public key as a shared secret.
            "HS256" => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.rsa.public_key().as_ref());
                hmac::sign(&key, message).as_ref().to_vec()
            }
            _ => Vec::new(),
        }
    }
}

pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A server that publishes a configuration and keys.
pub struct Issuer {
    pub url: String,
    pub keys: Keys,
    pub asked: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

impl Issuer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let keys = Keys::generate();
        let configuration = json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string();
        let set = keys.set().to_string();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let server = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                let mut buffer = [0; 1024];
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    match stream.read(&mut buffer).await {
                        Ok(0) | Err(_) => break,
                        Ok(read) => request.extend_from_slice(&buffer[..read]),
                    }
                }
                count.fetch_add(1, Ordering::Relaxed);
                let path = String::from_utf8_lossy(&request).split(' ').nth(1).unwrap_or_default().to_owned();
                let (status, body) = match path.as_str() {
                    "/.well-known/openid-configuration" => ("200 OK", configuration.as_str()),
                    "/keys" => ("200 OK", set.as_str()),
                    _ => ("404 Not Found", ""),
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                // A client that went away is its own business.
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, keys, asked, server }
    }

    /// As in the ARN of the provider.
    pub fn name(&self) -> &str {
        self.url.trim_start_matches("http://")
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}
