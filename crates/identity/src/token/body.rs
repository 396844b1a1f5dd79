//! What a session token holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Principal, PrincipalKind, Session, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{MintError, PACKED_MAX, TOKEN_MAX, percent};

/// The first byte of a body. A token lives 36 hours at most, so that a new form needs the old one for no longer.
const VERSION: u8 = 1;
/// Bytes that what is packed may have once unpacked: the longest policy and its ARNs, and fifty tags with keys of 128 and
/// values of 256 characters of four bytes.
const UNPACKED_MAX: usize = 128 * 1024;
/// Speed against size; higher levels save less than a percent of a policy.
const LEVEL: u8 = 6;

/// As it is in the token.
#[derive(Serialize, Deserialize)]
struct Body<'a> {
    secret: &'a str,
    kind: Kind,
    account: &'a str,
    arn: &'a str,
    user_id: &'a str,
    issuer_arn: &'a str,
    issuer_id: &'a str,
    name: &'a str,
    issued_ms: i64,
    expires_ms: i64,
    mfa_ms: Option<i64>,
    source_identity: Option<&'a str>,
    provider: Option<&'a str>,
    claims: BTreeMap<&'a str, Vec<&'a str>>,
    chained: bool,
    /// [`Packed`], compressed; empty where there is nothing to pack.
    packed: &'a [u8],
}

/// What may be long.
#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Packed {
    policies: Vec<String>,
    policy_arns: Vec<String>,
    tags: BTreeMap<String, String>,
    transitive: Vec<String>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Kind {
    Root,
    User,
    AssumedRole,
    FederatedUser,
}

/// A body to seal.
pub struct Written {
    pub bytes: Zeroizing<Vec<u8>>,
    /// Bytes of it that are policies and tags.
    pub packed: Option<usize>,
}

/// Writes a body of at least `bytes_min` bytes.
pub fn write(
    secret: &str,
    principal: &Principal,
    session: &Session,
    bytes_min: usize,
) -> Result<Written, MintError> {
    let kind = match principal.kind {
        PrincipalKind::Root => Kind::Root,
        PrincipalKind::User => Kind::User,
        PrincipalKind::AssumedRole => Kind::AssumedRole,
        PrincipalKind::FederatedUser => Kind::FederatedUser,
        PrincipalKind::Service | PrincipalKind::Anonymous => return Err(MintError::NoSession),
    };
    let packed = pack(session)?;
    let body = Body {
        secret,
        kind,
        account: &principal.account,
        arn: principal.arn.as_str(),
        user_id: &principal.user_id,
        issuer_arn: &session.issuer_arn,
        issuer_id: &session.issuer_id,
        name: &session.name,
        issued_ms: session.issued.millis(),
        expires_ms: session.expires.millis(),
        mfa_ms: session.mfa.map(Timestamp::millis),
        source_identity: session.source_identity.as_deref(),
        provider: session.provider.as_deref(),
        claims: session
            .claims
            .iter()
            .map(|(key, values)| (&**key, values.iter().map(|v| &**v).collect()))
            .collect(),
        chained: session.chained,
        packed: &packed,
    };
    // Room from the start, so that the secret is not left behind in a smaller buffer. A body that has none fits no
    // token.
    let mut bytes = Zeroizing::new(vec![0; TOKEN_MAX]);
    bytes[0] = VERSION;
    let too_large = MintError::TooLarge { percent: percent(TOKEN_MAX + 1, TOKEN_MAX) };
    let used = postcard::to_slice(&body, &mut bytes[1..]).map_err(|_| too_large)?.len() + 1;
    // What follows stays as padding.
    bytes.truncate(used.max(bytes_min));
    Ok(Written { bytes, packed: (!packed.is_empty()).then_some(packed.len()) })
}

/// Reads a body; nothing where it is not one.
pub fn read(bytes: &[u8], access_key_id: &str) -> Option<(Zeroizing<String>, Principal)> {
    let (&VERSION, bytes) = bytes.split_first()? else { return None };
    let (body, padding) = postcard::take_from_bytes::<Body<'_>>(bytes).ok()?;
    if padding.iter().any(|byte| *byte != 0) {
        return None;
    }
    let Packed { policies, policy_arns, tags, transitive } = unpack(body.packed)?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let session = Session {
        issuer_arn: body.issuer_arn.to_owned(),
        issuer_id: body.issuer_id.to_owned(),
        name: body.name.to_owned(),
        issued: Timestamp::from_millis(body.issued_ms),
        expires: Timestamp::from_millis(body.expires_ms),
        mfa: body.mfa_ms.map(Timestamp::from_millis),
        tags,
        transitive,
        source_identity: owned(body.source_identity),
        policies,
        policy_arns,
        provider: owned(body.provider),
        claims: body
            .claims
            .iter()
            .map(|(key, values)| ((*key).to_owned(), values.iter().map(|v| (*v).to_owned()).collect()))
            .collect(),
        chained: body.chained,
    };
    let principal = Principal {
        kind: match body.kind {
            Kind::Root => PrincipalKind::Root,
            Kind::User => PrincipalKind::User,
            Kind::AssumedRole => PrincipalKind::AssumedRole,
            Kind::FederatedUser => PrincipalKind::FederatedUser,
        },
        account: body.account.to_owned(),
        arn: body.arn.parse().ok()?,
        user_id: body.user_id.to_owned(),
        access_key: access_key_id.to_owned(),
        session: Some(Arc::new(session)),
    };
    Some((Zeroizing::new(body.secret.to_owned()), principal))
}

fn pack(session: &Session) -> Result<Vec<u8>, MintError> {
    let packed = Packed {
        policies: session.policies.clone(),
        policy_arns: session.policy_arns.clone(),
        tags: session.tags.clone(),
        transitive: session.transitive.clone(),
    };
    if packed == Packed::default() {
        return Ok(Vec::new());
    }
    let plain = postcard::to_stdvec(&packed).expect("texts in lists and maps serialize");
    let bytes = miniz_oxide::deflate::compress_to_vec(&plain, LEVEL);
    if bytes.len() > PACKED_MAX || plain.len() > UNPACKED_MAX {
        // Text that packs this well and is still beyond the second limit is as far beyond the first as it is long.
        let length = if bytes.len() > PACKED_MAX { bytes.len() } else { plain.len() };
        return Err(MintError::TooLarge { percent: percent(length, PACKED_MAX) });
    }
    Ok(bytes)
}

fn unpack(bytes: &[u8]) -> Option<Packed> {
    if bytes.is_empty() {
        return Some(Packed::default());
    }
    let plain = miniz_oxide::inflate::decompress_to_vec_with_limit(bytes, UNPACKED_MAX).ok()?;
    postcard::from_bytes(&plain).ok()
}
