//! Restarts on a durable store: what was acknowledged is there, and what was sealed opens.

#![allow(clippy::disallowed_methods)]

mod common;

use std::time::Duration;

use common::*;
use data_encoding::BASE32;
use identity::mfa::{Verdict, check, code, step_of};
use model_iam::ops::*;
use model_iam::types::*;
use service::Deps;
use store::{Options, Store};
use testkit::{ACCOUNT, Kit};

fn open(deps: Deps) -> Kit {
    Kit::on(deps, |deps| vec![iam::service(deps.clone())])
}

#[tokio::test]
async fn credentials_outlive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let memory = testkit::deps();
    let deps = || Deps {
        store: Store::open(dir.path(), Options::default()).unwrap(),
        cloud: service::Cloud::default(),
        ..memory.clone()
    };
    let kit = open(deps());
    user(&kit, "ann").await;
    let input = CreateLoginProfileInput {
        user_name: Some("ann".into()),
        password: Some("Correct-horse7".into()),
        ..Default::default()
    };
    kit.run(CreateLoginProfile, input).await.unwrap();
    let input = CreateVirtualMFADeviceInput { virtual_mfa_device_name: "phone".into(), ..Default::default() };
    let device = kit.run(CreateVirtualMFADevice, input).await.unwrap().virtual_mfa_device.unwrap();
    let (serial, seed) =
        (device.serial_number.unwrap(), BASE32.decode(&device.base32_string_seed.unwrap()).unwrap());
    let now = step_of(kit.call().now);
    let input = EnableMFADeviceInput {
        user_name: "ann".into(),
        serial_number: serial.clone().into(),
        authentication_code1: code(&seed, now - 1).into(),
        authentication_code2: code(&seed, now).into(),
    };
    kit.run(EnableMFADevice, input).await.unwrap();
    kit.run(GenerateCredentialReport, Default::default()).await.unwrap();
    let report = kit.run(GetCredentialReport, Default::default()).await.unwrap().content;
    let store = kit.deps().store.clone();
    drop(kit);
    store.close();

    let kit = open(deps());
    assert_eq!(kit.run(GetCredentialReport, Default::default()).await.unwrap().content, report);
    let input =
        ChangePasswordInput { old_password: "Correct-horse7".into(), new_password: "Other-horse8".into() };
    kit.run_as(by_user(&kit, "ann"), ChangePassword, input).await.unwrap();
    kit.advance(Duration::from_secs(30));
    let try_code = async |step: i64| {
        let mut tx = kit.deps().store.begin();
        let given = code(&seed, step);
        let verdict =
            check(&mut tx, &kit.deps().vault, (ACCOUNT, "ann"), &serial, &given, kit.call().now).unwrap();
        tx.commit().await.unwrap();
        verdict
    };
    // The code that enabled the device is still used up.
    assert_eq!(try_code(now).await, Verdict::Wrong);
    assert_eq!(try_code(now + 1).await, Verdict::Right);
}
