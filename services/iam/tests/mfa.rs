//! MFA devices.

mod common;

use std::time::Duration;

use common::*;
use data_encoding::BASE32;
use identity::mfa::{Verdict, check, code, step_of};
use model_iam::Error;
use model_iam::ops::*;
use model_iam::types::*;
use testkit::{ACCOUNT, Kit};

/// A device as its owner has it.
struct Device {
    serial: String,
    seed: Vec<u8>,
}

impl Device {
    async fn new(kit: &Kit, name: &str) -> Self {
        let shown = try_new(kit, name).await.expect("a device");
        let text = shown.base32_string_seed.expect("a seed");
        assert_eq!(text.len(), 64);
        let seed = BASE32.decode(&text).expect("base 32");
        let picture = shown.qr_code_png.expect("a picture");
        assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"));
        Self { serial: shown.serial_number.expect("a serial number"), seed }
    }

    /// The code so many steps from now.
    fn code(&self, kit: &Kit, steps: i64) -> String {
        code(&self.seed, step_of(kit.call().now) + steps)
    }

    async fn enable(&self, kit: &Kit, user: &str, steps: i64) -> Result<(), Error> {
        let input = EnableMFADeviceInput {
            user_name: user.into(),
            serial_number: self.serial.clone().into(),
            authentication_code1: self.code(kit, steps - 1).into(),
            authentication_code2: self.code(kit, steps).into(),
        };
        kit.run(EnableMFADevice, input).await.map(drop)
    }

    async fn resync(&self, kit: &Kit, user: &str, steps: i64) -> Result<(), Error> {
        let input = ResyncMFADeviceInput {
            user_name: user.into(),
            serial_number: self.serial.clone().into(),
            authentication_code1: self.code(kit, steps - 1).into(),
            authentication_code2: self.code(kit, steps).into(),
        };
        kit.run(ResyncMFADevice, input).await.map(drop)
    }

    async fn deactivate(&self, kit: &Kit, user: &str) -> Result<(), Error> {
        let input = DeactivateMFADeviceInput {
            user_name: Some(user.into()),
            serial_number: self.serial.clone().into(),
        };
        kit.run(DeactivateMFADevice, input).await.map(drop)
    }

    async fn delete(&self, kit: &Kit) -> Result<(), Error> {
        let input = DeleteVirtualMFADeviceInput { serial_number: self.serial.clone().into() };
        kit.run(DeleteVirtualMFADevice, input).await.map(drop)
    }

    async fn check(&self, kit: &Kit, user: &str, code: &str) -> Verdict {
        let mut tx = kit.deps().store.begin();
        let verdict =
            check(&mut tx, &kit.deps().vault, (ACCOUNT, user), &self.serial, code, kit.call().now).unwrap();
        tx.commit().await.unwrap();
        verdict
    }
}

async fn try_new(kit: &Kit, name: &str) -> Result<VirtualMfaDevice, Error> {
    let input = CreateVirtualMFADeviceInput {
        virtual_mfa_device_name: name.into(),
        path: Some("/team/".into()),
        tags: Some(vec![tag("kind", "phone")]),
    };
    kit.run(CreateVirtualMFADevice, input).await.map(|output| output.virtual_mfa_device.expect("a device"))
}

async fn listed(kit: &Kit, status: AssignmentStatusType) -> Vec<VirtualMfaDevice> {
    let input = ListVirtualMFADevicesInput { assignment_status: Some(status.into()), ..Default::default() };
    kit.run(ListVirtualMFADevices, input).await.unwrap().virtual_mfa_devices.unwrap()
}

#[tokio::test]
async fn a_device_from_beginning_to_end() {
    let kit = kit();
    user(&kit, "ann").await;
    let device = Device::new(&kit, "phone").await;
    assert_eq!(device.serial, arn("mfa/team/phone"));
    refused(
        try_new(&kit, "phone").await,
        "EntityAlreadyExists",
        "MFADevice entity at the same path and name already exists.",
    );
    assert_eq!(listed(&kit, AssignmentStatusType::Unassigned).await.len(), 1);
    assert_eq!(listed(&kit, AssignmentStatusType::Assigned).await.len(), 0);
    let shown = listed(&kit, AssignmentStatusType::Any).await.remove(0);
    assert!(shown.base32_string_seed.is_none() && shown.qr_code_png.is_none());

    refused(device.enable(&kit, "bob", 0).await, "NoSuchEntity", "The user with name bob cannot be found.");
    let wrong = "Authentication code for device is not valid.";
    refused(device.enable(&kit, "ann", 1000).await, "InvalidAuthenticationCode", wrong);
    device.enable(&kit, "ann", 0).await.unwrap();
    let in_use = format!("MFA Device {} is already in use.", device.serial);
    refused(device.enable(&kit, "ann", 2).await, "EntityAlreadyExists", &in_use);
    let shown = listed(&kit, AssignmentStatusType::Assigned).await.remove(0);
    assert_eq!(shown.user.unwrap().user_name.as_deref(), Some("ann"));

    let input = ListMFADevicesInput { user_name: Some("ann".into()), ..Default::default() };
    let of_ann = kit.run(ListMFADevices, input).await.unwrap().mfa_devices.unwrap();
    assert_eq!(of_ann[0].serial_number.as_deref(), Some(device.serial.as_str()));
    let get = |user: &str| {
        let user_name = Some(user.to_owned());
        kit.run(GetMFADevice, GetMFADeviceInput { user_name, serial_number: device.serial.clone().into() })
    };
    assert_eq!(get("ann").await.unwrap().enable_date, of_ann[0].enable_date);
    user(&kit, "bob").await;
    refused(get("bob").await, "NoSuchEntity", "MFA Device invalid for user.");

    let conflict = "MFA VirtualDevice in use. Must deactivate first.";
    refused(device.delete(&kit).await, "DeleteConflict", conflict);
    let input = DeleteUserInput { user_name: "ann".into() };
    let text = "Cannot delete entity, must delete MFA device first.";
    refused(kit.run(DeleteUser, input).await, "DeleteConflict", text);
    refused(device.deactivate(&kit, "bob").await, "NoSuchEntity", "MFA Device invalid for user.");
    device.deactivate(&kit, "ann").await.unwrap();
    device.delete(&kit).await.unwrap();
    let absent = format!("VirtualMFADevice with serial number {} doesn't exist.", device.serial);
    refused(device.delete(&kit).await, "NoSuchEntity", &absent);
    refused(device.enable(&kit, "ann", 0).await, "NoSuchEntity", &absent);
}

#[tokio::test]
async fn codes_work_once_and_clocks_are_followed() {
    let kit = kit();
    user(&kit, "ann").await;
    let device = Device::new(&kit, "phone").await;
    // Five minutes behind.
    device.enable(&kit, "ann", -9).await.unwrap();
    assert_eq!(device.check(&kit, "ann", &device.code(&kit, -9)).await, Verdict::Wrong);
    kit.advance(Duration::from_secs(30));
    assert_eq!(device.check(&kit, "ann", &device.code(&kit, -9)).await, Verdict::Right);
    assert_eq!(device.check(&kit, "ann", &device.code(&kit, -9)).await, Verdict::Wrong);
    kit.advance(Duration::from_secs(3600));
    assert_eq!(device.check(&kit, "ann", &device.code(&kit, 0)).await, Verdict::Wrong);
    refused(
        device.resync(&kit, "ann", 5000).await,
        "InvalidAuthenticationCode",
        "Authentication code for device is not valid.",
    );
    device.resync(&kit, "ann", 100).await.unwrap();
    kit.advance(Duration::from_secs(30));
    assert_eq!(device.check(&kit, "ann", &device.code(&kit, 100)).await, Verdict::Right);
    user(&kit, "bob").await;
    refused(device.resync(&kit, "bob", 101).await, "NoSuchEntity", "MFA Device invalid for user.");
}

#[tokio::test]
async fn a_renamed_user_keeps_its_device() {
    let kit = kit();
    user(&kit, "ann").await;
    let device = Device::new(&kit, "phone").await;
    device.enable(&kit, "ann", 0).await.unwrap();
    let input =
        UpdateUserInput { user_name: "ann".into(), new_user_name: Some("eve".into()), ..Default::default() };
    kit.run(UpdateUser, input).await.unwrap();
    kit.advance(Duration::from_secs(30));
    assert_eq!(device.check(&kit, "eve", &device.code(&kit, 0)).await, Verdict::Right);
    assert_eq!(device.check(&kit, "ann", &device.code(&kit, 1)).await, Verdict::NoDevice);
}

#[tokio::test]
async fn a_user_has_eight_devices_at_most() {
    let kit = kit();
    user(&kit, "ann").await;
    for number in 0..8 {
        Device::new(&kit, &format!("phone{number}")).await.enable(&kit, "ann", 0).await.unwrap();
    }
    let ninth = Device::new(&kit, "phone8").await;
    refused(
        ninth.enable(&kit, "ann", 0).await,
        "LimitExceeded",
        "Cannot exceed quota for MFADevicesPerUser: 8",
    );
}

#[tokio::test]
async fn tags_and_what_policies_see_of_them() {
    let kit = kit();
    let device = Device::new(&kit, "phone").await;
    let asked = kit.asked().pop().unwrap();
    assert_eq!(
        (asked.action.as_str(), asked.target.arn.to_string()),
        ("iam:CreateVirtualMFADevice", device.serial.clone())
    );
    assert!(asked.target.keys.iter().any(|(name, _)| name == "aws:RequestTag/kind"));
    let input = TagMFADeviceInput {
        serial_number: device.serial.clone().into(),
        tags: vec![tag("team", "a")].into(),
    };
    kit.run(TagMFADevice, input).await.unwrap();
    let asked = kit.asked().pop().unwrap();
    for key in ["aws:ResourceTag/kind", "aws:RequestTag/team", "aws:TagKeys"] {
        assert!(asked.target.keys.iter().any(|(name, _)| name == key), "{key}");
    }
    let list =
        || ListMFADeviceTagsInput { serial_number: device.serial.clone().into(), ..Default::default() };
    assert_eq!(kit.run(ListMFADeviceTags, list()).await.unwrap().tags.unwrap().len(), 2);
    let tag_keys = vec!["kind".to_owned()].into();
    let input = UntagMFADeviceInput { serial_number: device.serial.clone().into(), tag_keys };
    kit.run(UntagMFADevice, input).await.unwrap();
    assert_eq!(&*kit.run(ListMFADeviceTags, list()).await.unwrap().tags.unwrap()[0].key, "team");
    device.enable(&kit, "nobody", 0).await.unwrap_err();
    kit.deny("iam:TagMFADevice");
    let input =
        TagMFADeviceInput { serial_number: device.serial.clone().into(), tags: vec![tag("x", "y")].into() };
    assert_eq!(refusal(kit.run(TagMFADevice, input).await).0, "AccessDenied");
}
