//! What lies in the store: it survives, and nothing in it tells a secret.

mod common;

use common::*;
use kernel::{Clock, Timestamp};
use model_kms::ops::*;
use model_kms::types::*;
use service::{Cloud, Deps};
use store::{KeyRange, Options, RangeOptions, Store};
use wire::Open;

fn on(deps: Deps) -> Kit {
    Kit::on(deps, |deps| vec![kms::service(deps.clone())])
}

#[tokio::test]
async fn keys_survive_with_the_same_vault_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Store::open(dir.path(), Options::default()).unwrap();
    let clock = || Clock::frozen(Timestamp::from_secs(1_750_000_000));
    let first = testkit::deps_on(open(), clock());
    let vault = first.vault.clone();
    let kit = on(first);
    let id = symmetric(&kit).await;
    let blob = encrypt(&kit, &id, b"kept").await.unwrap();
    kit.run(RotateKeyOnDemand, RotateKeyOnDemandInput { key_id: id.as_str().into() }).await.unwrap();
    kit.run(
        CreateAlias,
        CreateAliasInput { alias_name: "alias/a".into(), target_key_id: id.as_str().into() },
    )
    .await
    .unwrap();
    kit.deps().store.clone().close();
    drop(kit);
    let deps = Deps { vault, cloud: Cloud::default(), ..testkit::deps_on(open(), clock()) };
    let kit = on(deps);
    assert_eq!(decrypt(&kit, &blob).await.unwrap(), "kept");
    encrypt(&kit, "alias/a", b"x").await.unwrap();
    kit.deps().store.clone().close();
    drop(kit);
    let kit = on(testkit::deps_on(open(), clock()));
    refused_as(decrypt(&kit, &blob).await, "InternalFailure");
    assert_eq!(describe(&kit, &id).await.unwrap().key_state.unwrap().as_str(), "Enabled");
}

#[tokio::test]
async fn imported_material_is_nowhere_to_be_read() {
    use rsa::pkcs8::DecodePublicKey as _;
    let kit = kit();
    let secret = *b"an unmistakable key of 32 bytes!";
    let input = CreateKeyInput { origin: Some(OriginType::External.into()), ..CreateKeyInput::default() };
    let id = create(&kit, input).await.key_id.unwrap();
    let input = GetParametersForImportInput {
        key_id: id.as_str().into(),
        wrapping_algorithm: Open::from(AlgorithmSpec::RsaesOaepSha256).into(),
        wrapping_key_spec: Open::from(WrappingKeySpec::Rsa2048).into(),
    };
    let parameters = kit.run(GetParametersForImport, input).await.unwrap();
    let public = rsa::RsaPublicKey::from_public_key_der(&parameters.public_key.unwrap()).unwrap();
    let wrapped = public.encrypt(&mut rand::thread_rng(), rsa::Oaep::new::<sha2::Sha256>(), &secret).unwrap();
    let input = ImportKeyMaterialInput {
        key_id: id.as_str().into(),
        import_token: parameters.import_token.unwrap().into(),
        encrypted_key_material: wire::Bytes::from(wrapped).into(),
        expiration_model: Some(ExpirationModelType::KeyMaterialDoesNotExpire.into()),
        ..ImportKeyMaterialInput::default()
    };
    kit.run(ImportKeyMaterial, input).await.unwrap();
    encrypt(&kit, &id, b"x").await.unwrap();
    let page = kit.deps().store.snapshot().range(KeyRange::all(), RangeOptions::default()).unwrap();
    assert!(!page.more && page.entries.len() >= 2);
    // Not even a quarter of it.
    for (row, value) in &page.entries {
        for part in secret.chunks(8) {
            let holds = |bytes: &[u8]| bytes.windows(part.len()).any(|window| window == part);
            assert!(!holds(row) && !holds(value));
        }
    }
}
