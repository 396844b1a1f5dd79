//! Temporary credentials. They are self-contained: the session token holds, sealed, all that is needed to check a
//! signature made with them and to say who signed. Nothing is stored when they are issued, and nothing is read from
//! the store to open them.

mod body;
mod key_id;
mod message;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::{Ids, Principal, Timestamp};
use vault::Vault;
use zeroize::Zeroizing;

pub use key_id::{account_of, new_key_id};
pub use message::{MESSAGE_MAX, open_message, seal_message};

/// Longest token in characters. The largest size that a caller may ask STS for (API reference, `MinimumSessionTokenSize`),
/// and half of what common servers take as one header line.
pub const TOKEN_MAX: usize = 4096;

/// Bytes of policies, their ARNs and tags once packed: 100 percent. What is left of [`TOKEN_MAX`] holds the longest names
/// that a principal can have.
const PACKED_MAX: usize = 2048;

/// What the vault binds tokens to, beside the id of the access key.
const PURPOSE: &str = "sts.session";

/// New credentials.
pub struct Issued {
    /// `ASIA…`
    pub access_key_id: String,
    /// 40 characters.
    pub secret: Zeroizing<String>,
    /// At most [`TOKEN_MAX`] characters.
    pub token: String,
    /// When they end.
    pub expires: Timestamp,
    /// How much of the room for policies and tags is taken, from 1 to 100; nothing where there are none.
    pub packed_percent: Option<u32>,
}

/// Why no credentials can be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// Policies and tags take more room than there is.
    #[error("policies and tags take {percent} percent of the room for them")]
    TooLarge {
        /// How much they would take, more than 100.
        percent: u32,
    },
    /// The principal has no session, or is of a kind that has none.
    #[error("only sessions of users and roles have temporary credentials")]
    NoSession,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was not issued here, or with another access key, or was changed.
    #[error("the session token is not valid")]
    Invalid,
    /// It was good until its time was over.
    #[error("the session token has expired")]
    Expired,
}

/// Issues credentials for a session, good from its `issued` to its `expires`. The principal's access key is not looked at:
/// the new one takes its place. The token has at least `min_size` characters, as far as [`TOKEN_MAX`] allows.
///
/// # Errors
/// When the session does not fit into a token, or there is none.
pub fn mint(vault: &Vault, ids: Ids, principal: &Principal, min_size: usize) -> Result<Issued, MintError> {
    let session = principal.session.as_ref().ok_or(MintError::NoSession)?;
    let access_key_id = new_key_id(ids, "ASIA", &principal.account);
    let secret = Zeroizing::new(STANDARD.encode(*Zeroizing::new(ids.bytes::<30>())));
    let body = body::write(&secret, principal, session, padded_body(vault, min_size))?;
    let token = STANDARD.encode(vault.seal(PURPOSE, &access_key_id, &body.bytes));
    if token.len() > TOKEN_MAX {
        return Err(MintError::TooLarge { percent: percent(token.len(), TOKEN_MAX) });
    }
    let packed_percent = body.packed.map(|packed| percent(packed, PACKED_MAX));
    Ok(Issued { access_key_id, secret, token, expires: session.expires, packed_percent })
}

/// Opens a token that came with a request signed by `access_key_id`: the secret to check the signature with, and who
/// signed. Whether the user or role behind it is still there, the caller has to see.
///
/// # Errors
/// When the token is not one of this access key, or its time is over.
pub fn open(
    vault: &Vault,
    access_key_id: &str,
    token: &str,
    now: Timestamp,
) -> Result<(Zeroizing<String>, Principal), TokenError> {
    if token.len() > TOKEN_MAX {
        return Err(TokenError::Invalid);
    }
    let sealed = STANDARD.decode(token).map_err(|_| TokenError::Invalid)?;
    let plain = vault.open(PURPOSE, access_key_id, &sealed).map_err(|_| TokenError::Invalid)?;
    let (secret, principal) = body::read(&plain, access_key_id).ok_or(TokenError::Invalid)?;
    match &principal.session {
        Some(session) if now < session.expires => Ok((secret, principal)),
        Some(_) => Err(TokenError::Expired),
        None => Err(TokenError::Invalid),
    }
}

/// Bytes of a body whose token has at least this many characters: n bytes become 4⌈n/3⌉.
fn padded_body(vault: &Vault, token_min: usize) -> usize {
    if token_min == 0 {
        return 0;
    }
    let overhead = vault.seal(PURPOSE, "", &[]).len();
    (token_min.min(TOKEN_MAX).div_ceil(4) * 3).saturating_sub(overhead)
}

/// A part of a whole in percent, rounded up, so that more than the whole is more than 100.
fn percent(part: usize, whole: usize) -> u32 {
    u32::try_from((part * 100).div_ceil(whole)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use kernel::{Arn, PrincipalKind, Session};

    use super::*;

    fn principal() -> Principal {
        let session = Session {
            issuer_arn: "arn:aws:iam::123456789012:role/app/deploy".into(),
            issuer_id: "AROAAAAAAAAAAAAAAAAAA".into(),
            name: "ci".into(),
            issued: Timestamp::from_secs(1_750_000_000),
            expires: Timestamp::from_secs(1_750_003_600),
            mfa: Some(Timestamp::from_secs(1_749_999_999)),
            tags: BTreeMap::from([("Team".into(), "Rot".into()), ("cost".into(), String::new())]),
            transitive: vec!["Team".into()],
            source_identity: Some("ann".into()),
            policies: vec![r#"{"Version":"2012-10-17","Statement":[]}"#.into()],
            policy_arns: vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".into()],
            provider: Some("arn:aws:iam::123456789012:oidc-provider/example.com".into()),
            claims: BTreeMap::from([("example.com:sub".into(), vec!["a".into(), "b".into()])]),
            chained: true,
        };
        Principal {
            kind: PrincipalKind::AssumedRole,
            account: "123456789012".into(),
            arn: Arn::aws("sts", "", "123456789012", "assumed-role/deploy/ci"),
            user_id: "AROAAAAAAAAAAAAAAAAAA:ci".into(),
            access_key: String::new(),
            session: Some(Arc::new(session)),
        }
    }

    fn with(change: impl FnOnce(&mut Session)) -> Principal {
        let mut principal = principal();
        let mut session = Session::clone(principal.session.as_ref().unwrap());
        change(&mut session);
        principal.session = Some(Arc::new(session));
        principal
    }

    #[test]
    fn everything_comes_back() {
        let vault = Vault::ephemeral();
        let issued = mint(&vault, Ids, &principal(), 0).unwrap();
        assert!(issued.access_key_id.starts_with("ASIA") && issued.access_key_id.len() == 20);
        assert_eq!(issued.secret.len(), 40);
        assert!(issued.token.len() < 1000, "{}", issued.token.len());
        assert_eq!(issued.expires, Timestamp::from_secs(1_750_003_600));
        assert!(issued.packed_percent.is_some_and(|percent| (1..20).contains(&percent)));
        let now = Timestamp::from_secs(1_750_003_599);
        let (secret, opened) = open(&vault, &issued.access_key_id, &issued.token, now).unwrap();
        assert_eq!(*secret, *issued.secret);
        assert_eq!(opened, Principal { access_key: issued.access_key_id.clone(), ..principal() });
    }

    #[test]
    fn every_kind_that_has_sessions() {
        let vault = Vault::ephemeral();
        let now = Timestamp::from_secs(1_750_000_000);
        for kind in [PrincipalKind::Root, PrincipalKind::User, PrincipalKind::FederatedUser] {
            let issued = mint(&vault, Ids, &Principal { kind, ..principal() }, 0).unwrap();
            let (_, opened) = open(&vault, &issued.access_key_id, &issued.token, now).unwrap();
            assert_eq!(opened.kind, kind);
        }
        for kind in [PrincipalKind::Service, PrincipalKind::Anonymous] {
            let refused = mint(&vault, Ids, &Principal { kind, ..principal() }, 0);
            assert_eq!(refused.err(), Some(MintError::NoSession));
        }
        let refused = mint(&vault, Ids, &Principal { session: None, ..principal() }, 0);
        assert_eq!(refused.err(), Some(MintError::NoSession));
    }

    #[test]
    fn refused_tokens() {
        let vault = Vault::ephemeral();
        let issued = mint(&vault, Ids, &principal(), 0).unwrap();
        let (id, token) = (&*issued.access_key_id, &*issued.token);
        let now = Timestamp::from_secs(1_750_000_000);
        let refuse = |id: &str, token: &str| open(&vault, id, token, now).err();
        assert_eq!(refuse(id, token), None);
        assert_eq!(open(&vault, id, token, issued.expires).err(), Some(TokenError::Expired));
        assert_eq!(refuse("ASIAAAAAAAAAAAAAAAAA", token), Some(TokenError::Invalid));
        assert_eq!(open(&Vault::ephemeral(), id, token, now).err(), Some(TokenError::Invalid));
        for bad in ["", "A", "AAAA", "not base64!", &token[4..], &token[..token.len() - 4]] {
            assert_eq!(refuse(id, bad), Some(TokenError::Invalid), "{bad}");
        }
        assert_eq!(refuse(id, &"A".repeat(TOKEN_MAX + 4)), Some(TokenError::Invalid));
        let mut bytes = STANDARD.decode(token).unwrap();
        for at in [0, 20, bytes.len() - 1] {
            bytes[at] ^= 1;
            assert_eq!(refuse(id, &STANDARD.encode(&bytes)), Some(TokenError::Invalid), "{at}");
            bytes[at] ^= 1;
        }
    }

    #[test]
    fn the_largest_session_fits_and_a_larger_one_does_not() {
        let vault = Vault::ephemeral();
        let now = Timestamp::from_secs(1_750_000_000);
        // Text that does not repeat itself: the longest policy, and the longest names a role can have.
        let noise = |len: usize| Ids.base32(len);
        let big = with(|session| {
            session.policies = vec![noise(2048)];
            session.policy_arns =
                (0..10).map(|i| format!("arn:aws:iam::123456789012:policy/limit-{i}")).collect();
            session.tags = (0..50).map(|i| (format!("tag-{i}"), "value".to_owned())).collect();
            session.transitive = session.tags.keys().cloned().collect();
            session.issuer_arn = format!("arn:aws:iam::123456789012:role/{}/{}", noise(512), noise(64));
            session.name = noise(64);
            session.source_identity = Some(noise(64));
        });
        let issued = mint(&vault, Ids, &big, 0).unwrap();
        assert!(issued.packed_percent.is_some_and(|percent| percent <= 100));
        assert!(issued.token.len() <= TOKEN_MAX);
        let (_, opened) = open(&vault, &issued.access_key_id, &issued.token, now).unwrap();
        assert_eq!(opened.session, big.session);

        let tags = |count| (0..count).map(|i| (format!("{i}{}", noise(100)), noise(256))).collect();
        let larger = with(|session| session.tags = tags(50));
        let Err(MintError::TooLarge { percent }) = mint(&vault, Ids, &larger, 0) else { panic!("it fits") };
        assert!((101..2000).contains(&percent), "{percent}");
    }

    #[test]
    fn a_token_is_as_long_as_was_asked() {
        let vault = Vault::ephemeral();
        let now = Timestamp::from_secs(1_750_000_000);
        for min in [0, 1, 999, 1000, 1001, 1002, 4095, 4096, 100_000] {
            let issued = mint(&vault, Ids, &principal(), min).unwrap();
            let wanted = min.min(TOKEN_MAX);
            let fits = if wanted < 900 { issued.token.len() < 900 } else { issued.token.len() - wanted < 4 };
            assert!(fits, "{min}: {}", issued.token.len());
            assert!(open(&vault, &issued.access_key_id, &issued.token, now).is_ok());
        }
    }

    #[test]
    fn nothing_to_pack() {
        let plain = with(|session| {
            (session.policies, session.policy_arns) = (Vec::new(), Vec::new());
            (session.tags, session.transitive) = (BTreeMap::new(), Vec::new());
        });
        assert_eq!(mint(&Vault::ephemeral(), Ids, &plain, 0).unwrap().packed_percent, None);
    }
}
