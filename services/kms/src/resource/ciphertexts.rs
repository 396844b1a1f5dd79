//! Operations on ciphertexts, which may name their keys themselves.

use kernel::Call;
use model_kms::Error;
use model_kms::types::{DecryptInput, DryRunModifierType, EncryptionAlgorithmSpec, ReEncryptInput};
use service::Resource;
use store::Snapshot;
use wire::{Bytes, Open};

use crate::crypto::blob::Header;
use crate::error::{bad_ciphertext, invalid, no_key_of_ciphertext};
use crate::kms::Kms;
use crate::resource::{Asked, Found, Looked, Subject, look_up, target};

/// A ciphertext and the key that is to decrypt it.
pub struct Cipher {
    pub subject: Subject,
    /// What the ciphertext says of its key, if it is one of a symmetric key.
    pub header: Option<Header>,
    /// Whether there need be no ciphertext.
    pub ignored: bool,
}

/// The key and ciphertext of a Decrypt.
pub fn ciphertext(kms: &Kms, call: &Call, input: &DecryptInput) -> Result<Resource<Cipher>, Error> {
    let snapshot = kms.store.snapshot();
    let ignored = is_ignored(input.dry_run, input.dry_run_modifiers.as_deref());
    let (looked, header) =
        find(kms, call, &snapshot, input.key_id.as_deref(), input.ciphertext_blob.as_ref())?;
    let asked = Asked::granted("Decrypt")
        .context(input.encryption_context.as_ref())
        .key("kms:EncryptionAlgorithm", Some(name(input.encryption_algorithm.as_ref())));
    let target = target(kms, call, &snapshot, &looked, &asked)?;
    Ok(Resource::new(target, Cipher { subject: looked.subject, header, ignored }))
}

/// The keys of a ReEncrypt: that of the ciphertext, and that of the new one.
pub fn re_encryption(
    kms: &Kms,
    call: &Call,
    input: &ReEncryptInput,
) -> Result<Resource<(Cipher, Subject)>, Error> {
    let snapshot = kms.store.snapshot();
    let ignored = is_ignored(input.dry_run, input.dry_run_modifiers.as_deref());
    let (source, header) =
        find(kms, call, &snapshot, input.source_key_id.as_deref(), input.ciphertext_blob.as_ref())?;
    let destination = look_up(kms, call, &snapshot, &input.destination_key_id, true, true)?;
    let same = matches!((source.key(), destination.key()), (Some(a), Some(b)) if a.arn == b.arn);
    let from = Asked::granted("ReEncryptFrom")
        .for_action("kms:ReEncryptFrom")
        .context(input.source_encryption_context.as_ref())
        .key("kms:EncryptionAlgorithm", Some(name(input.source_encryption_algorithm.as_ref())))
        .key("kms:ReEncryptOnSameKey", Some(same));
    let to = Asked::granted("ReEncryptTo")
        .for_action("kms:ReEncryptTo")
        .context(input.destination_encryption_context.as_ref())
        .key("kms:EncryptionAlgorithm", Some(name(input.destination_encryption_algorithm.as_ref())))
        .key("kms:ReEncryptOnSameKey", Some(same));
    let targets =
        [target(kms, call, &snapshot, &source, &from)?, target(kms, call, &snapshot, &destination, &to)?];
    let [first, second] = targets;
    let cipher = Cipher { subject: source.subject, header, ignored };
    Ok(Resource::new(first, (cipher, destination.subject)).and(second))
}

fn name(algorithm: Option<&Open<EncryptionAlgorithmSpec>>) -> String {
    algorithm.map_or("SYMMETRIC_DEFAULT", Open::as_str).to_owned()
}

fn is_ignored(dry_run: Option<bool>, modifiers: Option<&[Open<DryRunModifierType>]>) -> bool {
    let asked = modifiers
        .unwrap_or_default()
        .iter()
        .any(|one| one.known() == Some(DryRunModifierType::IgnoreCiphertext));
    asked && dry_run == Some(true)
}

/// The key that is named, or that which the ciphertext names.
fn find(
    kms: &Kms,
    call: &Call,
    snapshot: &Snapshot,
    key_id: Option<&str>,
    blob: Option<&Bytes>,
) -> Result<(Looked, Option<Header>), Error> {
    let header = blob.and_then(|blob| Header::parse(blob)).map(|(header, _)| header);
    if let Some(key_id) = key_id {
        return Ok((look_up(kms, call, snapshot, key_id, true, true)?, header));
    }
    let Some(named) = &header else {
        let error = if blob.is_some() { bad_ciphertext() } else { invalid("CiphertextBlob is required.") };
        return Ok((Looked::missing(call.arn("key/*"), error), None));
    };
    let arn = crate::key_id::key_arn(&named.account(), &call.region, &named.id);
    let mut looked = look_up(kms, call, snapshot, arn.as_str(), false, true)?;
    if let Found::Missing(_) = looked.subject.found {
        looked = Looked::missing(arn, no_key_of_ciphertext());
    }
    Ok((looked, header))
}
