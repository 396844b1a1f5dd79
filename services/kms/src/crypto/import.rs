//! Key material that comes from outside, wrapped for the way.

use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded as _};
use zeroize::Zeroizing;

use crate::crypto::oaep::{Padding, PrivateKey};
use crate::crypto::{Broken, Secret};

/// How material is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// Encrypted with OAEP.
    Oaep(Padding),
    /// Wrapped by an AES key (RFC 5649), which comes before it, encrypted with OAEP.
    AesKeyWrap(Padding),
}

/// Takes material out of its wrapping.
pub fn unwrap(wrapping: Wrapping, pkcs8: &[u8], wrapped: &[u8]) -> Result<Secret, Broken> {
    let key = PrivateKey::new(pkcs8)?;
    match wrapping {
        Wrapping::Oaep(padding) => key.decrypt(padding, wrapped),
        Wrapping::AesKeyWrap(padding) => {
            let (kek, wrapped) = wrapped.split_at_checked(key.ciphertext_len()).ok_or(Broken)?;
            let kek = key.decrypt(padding, kek)?;
            let mut out = Zeroizing::new(vec![0; wrapped.len()]);
            let len = AesKek::new(&AES_256, &kek)?.unwrap_with_padding(wrapped, &mut out)?.len();
            out.truncate(len);
            Ok(out)
        }
    }
}

/// The id of imported material of a key: the same for the same material. The material cannot be guessed, so its digest
/// tells nothing of it.
pub fn material_id(key_id: &str, material: &[u8]) -> String {
    let mut context = digest::Context::new(&SHA256);
    for part in [b"cloudlet kms material id v1".as_slice(), key_id.as_bytes(), material] {
        context.update(part);
        context.update(&[0]);
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::oaep::PublicKey;
    use crate::crypto::pair;
    use crate::spec::Spec;

    #[test]
    fn both_wrappings_come_off() {
        let pkcs8 = pair::generate(Spec::Rsa2048).unwrap();
        let public = PublicKey::new(&pair::public_key(Spec::Rsa2048, &pkcs8).unwrap()).unwrap();
        let material = pair::generate(Spec::Rsa2048).unwrap();
        let kek = [5u8; 32];
        let mut wrapped = vec![0; material.len() + 16];
        let len =
            AesKek::new(&AES_256, &kek).unwrap().wrap_with_padding(&material, &mut wrapped).unwrap().len();
        let mut parcel = public.encrypt(Padding::Sha256, &kek).unwrap();
        parcel.extend_from_slice(&wrapped[..len]);
        let wrapping = Wrapping::AesKeyWrap(Padding::Sha256);
        assert_eq!(unwrap(wrapping, &pkcs8, &parcel).unwrap(), material);
        assert!(unwrap(wrapping, &pkcs8, &parcel[..parcel.len() - 1]).is_err());
        assert!(unwrap(wrapping, &pkcs8, b"short").is_err());
        let parcel = public.encrypt(Padding::Sha1, b"material").unwrap();
        assert_eq!(&unwrap(Wrapping::Oaep(Padding::Sha1), &pkcs8, &parcel).unwrap()[..], b"material");
        assert!(unwrap(Wrapping::Oaep(Padding::Sha256), &pkcs8, &parcel).is_err());
    }

    #[test]
    fn ids_tell_materials_and_keys_apart() {
        let id = material_id("k", b"m");
        assert_eq!(id.len(), 64);
        assert_eq!(id, material_id("k", b"m"));
        assert_ne!(id, material_id("k", b"n"));
        assert_ne!(material_id("ka", b"b"), material_id("k", b"ab"));
    }
}
