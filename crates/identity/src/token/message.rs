//! Messages that say why a request was refused, readable only by those whom `sts:DecodeAuthorizationMessage` is allowed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vault::Vault;

/// Longest sealed message in characters (API reference, `EncodedMessage`).
pub const MESSAGE_MAX: usize = 10_240;

/// Bytes of a message before it is packed. Those that fit sealed are far shorter; a bound for what is unpacked.
const PLAIN_MAX: usize = 256 * 1024;
const PURPOSE: &str = "sts.message";
const LEVEL: u8 = 6;

/// Seals a message for an account. Nothing where the message is too long to be sent.
pub fn seal_message(vault: &Vault, account: &str, text: &str) -> Option<String> {
    if text.len() > PLAIN_MAX {
        return None;
    }
    let packed = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), LEVEL);
    let sealed = URL_SAFE_NO_PAD.encode(vault.seal(PURPOSE, account, &packed));
    (sealed.len() <= MESSAGE_MAX).then_some(sealed)
}

/// Opens what [`seal_message`] made for the same account; nothing where it is anything else.
pub fn open_message(vault: &Vault, account: &str, sealed: &str) -> Option<String> {
    if sealed.len() > MESSAGE_MAX {
        return None;
    }
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let packed = vault.open(PURPOSE, account, &sealed).ok()?;
    let plain = miniz_oxide::inflate::decompress_to_vec_with_limit(&packed, PLAIN_MAX).ok()?;
    String::from_utf8(plain).ok()
}

#[cfg(test)]
mod tests {
    use kernel::Ids;

    use super::*;

    #[test]
    fn there_and_back_for_one_account() {
        let vault = Vault::ephemeral();
        let text = r#"{"allowed":false,"explicitDeny":true}"#;
        let sealed = seal_message(&vault, "123456789012", text).unwrap();
        assert_eq!(open_message(&vault, "123456789012", &sealed).as_deref(), Some(text));
        assert_eq!(open_message(&vault, "210987654321", &sealed), None);
        assert_eq!(open_message(&Vault::ephemeral(), "123456789012", &sealed), None);
        assert_eq!(open_message(&vault, "123456789012", &sealed[1..]), None);
        assert_eq!(open_message(&vault, "123456789012", &format!("{sealed}\n")), None);
    }

    #[test]
    fn too_long() {
        let vault = Vault::ephemeral();
        assert_eq!(seal_message(&vault, "1", &Ids.base32(20_000)), None);
        assert_eq!(seal_message(&vault, "1", &"a".repeat(PLAIN_MAX + 1)), None);
        assert!(seal_message(&vault, "1", &"a".repeat(PLAIN_MAX)).is_some());
        assert_eq!(open_message(&vault, "1", &"A".repeat(MESSAGE_MAX + 1)), None);
    }
}
