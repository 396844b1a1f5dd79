//! Virtual MFA devices.

use std::sync::Arc;

use data_encoding::BASE32;
use identity::mfa::{self, named, serial_of};
use identity::records::{MfaDevice, User};
use identity::{keys, records};
use kernel::Call;
use model_iam::types::{self, *};
use service::Allowed;
use store::{Record as _, Tx};
use wire::{Bytes, CommonError};

use crate::error::{Error, corrupt, over_quota};
use crate::iam::Iam;
use crate::limits::{MFA_DEVICES, MFA_DEVICES_PER_USER};
use crate::ops::users;
use crate::page::Wanted;
use crate::read::Reader;
use crate::resource::Owner;
use crate::{check, find, qr, quota, shape};

/// Steps of 30 seconds that the clock of a new device may be off: five minutes.
const REACH_NEW: i64 = 10;
/// The same of one that is synchronized again: a day.
const REACH_AGAIN: i64 = 2_880;

impl Iam {
    pub async fn create_virtual_mfa_device(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateVirtualMFADeviceInput,
    ) -> Result<CreateVirtualMFADeviceOutput, Error> {
        let account = &call.account;
        let path = check::path(input.path)?;
        let tags = check::tags(&input.tags.unwrap_or_default())?;
        let mut device = MfaDevice {
            name: input.virtual_mfa_device_name.to_string(),
            path,
            sealed_seed: Vec::new(),
            created_ms: call.now.millis(),
            tags,
            enabled: None,
            last_step: 0,
            drift: 0,
            failures: 0,
            failed_ms: 0,
        };
        let serial = serial_of(account, &device);
        let seed = mfa::new_seed(self.ids);
        device.sealed_seed = mfa::seal(&self.vault, &serial, &*seed);
        let row = keys::mfa_device(account, &device.name);
        let alias = self
            .transact(|tx| {
                if tx.bytes(&row)?.is_some() {
                    let text = "MFADevice entity at the same path and name already exists.";
                    return Err(Error::entity_already_exists_exception(text));
                }
                quota::take(tx, account, "mfa", "VirtualMFADevicesPerAccount", MFA_DEVICES)?;
                tx.put(row.clone(), device.encode());
                Ok(find::account(tx, account)?.alias)
            })
            .await?;
        let secret = BASE32.encode(&*seed);
        let issuer = alias.as_deref().unwrap_or(account);
        let url = format!("otpauth://totp/{}@{issuer}?secret={secret}", device.name);
        let picture = qr::png(&url).ok_or(CommonError::InternalFailure)?;
        let virtual_mfa_device = VirtualMfaDevice {
            serial_number: Some(serial.to_string()),
            base32_string_seed: Some(Bytes::from(secret.into_bytes())),
            qr_code_png: Some(Bytes::from(picture)),
            tags: shape::unless_empty(check::shown_tags(&device.tags)),
            ..VirtualMfaDevice::default()
        };
        Ok(CreateVirtualMFADeviceOutput { virtual_mfa_device: Some(virtual_mfa_device) })
    }

    pub async fn delete_virtual_mfa_device(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteVirtualMFADeviceInput,
    ) -> Result<DeleteVirtualMFADeviceOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let device = find_device(tx, account, &input.serial_number)?;
            if device.enabled.is_some() {
                let text = "MFA VirtualDevice in use. Must deactivate first.";
                return Err(Error::delete_conflict_exception(text));
            }
            tx.delete(keys::mfa_device(account, &device.name));
            quota::give_back(tx, account, "mfa");
            Ok(())
        })
        .await?;
        Ok(DeleteVirtualMFADeviceOutput {})
    }

    pub async fn list_virtual_mfa_devices(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListVirtualMFADevicesInput,
    ) -> Result<ListVirtualMFADevicesOutput, Error> {
        let account = &call.account;
        let status = input.assignment_status.and_then(|status| status.known());
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let mut snapshot = self.store.snapshot();
        let all: Vec<MfaDevice> = snapshot.records(&keys::all(account, "mfa"))?;
        let keep = |device: &MfaDevice| match status {
            Some(AssignmentStatusType::Assigned) => device.enabled.is_some(),
            Some(AssignmentStatusType::Unassigned) => device.enabled.is_none(),
            Some(AssignmentStatusType::Any) | None => true,
        };
        let part = wanted.of(all.into_iter().filter(keep), |device| device.name.clone());
        let mut shown = Vec::with_capacity(part.entries.len());
        for device in &part.entries {
            let (user, enable_date) = match &device.enabled {
                Some((name, since)) => (Some(find::user(&mut snapshot, account, name)?), shape::time(*since)),
                None => (None, None),
            };
            shown.push(VirtualMfaDevice {
                serial_number: Some(serial_of(account, device).to_string()),
                user: user.map(|user| shape::listed_user(account, &user)),
                enable_date,
                ..VirtualMfaDevice::default()
            });
        }
        Ok(ListVirtualMFADevicesOutput {
            is_truncated: part.truncated(),
            virtual_mfa_devices: Some(shown),
            marker: part.marker,
        })
    }

    pub async fn enable_mfa_device(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: EnableMFADeviceInput,
    ) -> Result<EnableMFADeviceOutput, Error> {
        let account = &call.account;
        let codes = (input.authentication_code1.as_str(), input.authentication_code2.as_str());
        self.transact(|tx| {
            let mut user = find::user(tx, account, &input.user_name)?;
            let mut device = find_device(tx, account, &input.serial_number)?;
            if device.enabled.is_some() {
                let text = format!("MFA Device {} is already in use.", *input.serial_number);
                return Err(Error::entity_already_exists_exception(text));
            }
            if user.mfa.len() >= MFA_DEVICES_PER_USER {
                return Err(over_quota("MFADevicesPerUser", MFA_DEVICES_PER_USER));
            }
            self.synchronize(&call, &mut device, codes, REACH_NEW)?;
            device.enabled = Some((user.name.clone(), call.now.millis()));
            user.mfa.push(serial_of(account, &device).to_string());
            users::save(tx, account, &user);
            save(tx, account, &device);
            Ok(())
        })
        .await?;
        Ok(EnableMFADeviceOutput {})
    }

    pub async fn resync_mfa_device(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ResyncMFADeviceInput,
    ) -> Result<ResyncMFADeviceOutput, Error> {
        let account = &call.account;
        let codes = (input.authentication_code1.as_str(), input.authentication_code2.as_str());
        self.transact(|tx| {
            let user = find::user(tx, account, &input.user_name)?;
            let mut device = find_enabled(tx, account, &user, &input.serial_number)?;
            self.synchronize(&call, &mut device, codes, REACH_AGAIN)?;
            save(tx, account, &device);
            Ok(())
        })
        .await?;
        Ok(ResyncMFADeviceOutput {})
    }

    pub async fn deactivate_mfa_device(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: DeactivateMFADeviceInput,
    ) -> Result<DeactivateMFADeviceOutput, Error> {
        let account = &call.account;
        let Owner::User(name) = &*owner else { return Err(not_of_user()) };
        self.transact(|tx| {
            let mut user = find::user(tx, account, name)?;
            let mut device = find_enabled(tx, account, &user, &input.serial_number)?;
            device.enabled = None;
            user.mfa.retain(|serial| *serial != *input.serial_number);
            users::save(tx, account, &user);
            save(tx, account, &device);
            Ok(())
        })
        .await?;
        Ok(DeactivateMFADeviceOutput {})
    }

    pub async fn list_mfa_devices(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: ListMFADevicesInput,
    ) -> Result<ListMFADevicesOutput, Error> {
        let account = &call.account;
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let mut snapshot = self.store.snapshot();
        let (name, mut serials) = match &*owner {
            Owner::User(name) => {
                let user = find::user(&mut snapshot, account, name)?;
                (user.name, user.mfa)
            }
            Owner::Root => (String::new(), Vec::new()),
        };
        serials.sort();
        let part = wanted.of(serials, Clone::clone);
        let mut shown = Vec::with_capacity(part.entries.len());
        for serial in &part.entries {
            let device = find_device(&mut snapshot, account, serial)?;
            shown.push(types::MfaDevice {
                user_name: Some(name.clone()),
                serial_number: Some(serial.clone()),
                enable_date: device.enabled.and_then(|(_, since)| shape::time(since)),
            });
        }
        Ok(ListMFADevicesOutput {
            is_truncated: part.truncated(),
            mfa_devices: Some(shown),
            marker: part.marker,
        })
    }

    pub async fn get_mfa_device(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: GetMFADeviceInput,
    ) -> Result<GetMFADeviceOutput, Error> {
        let Owner::User(name) = &*owner else { return Err(not_of_user()) };
        let mut snapshot = self.store.snapshot();
        let user = find::user(&mut snapshot, &call.account, name)?;
        let device = find_enabled(&mut snapshot, &call.account, &user, &input.serial_number)?;
        Ok(GetMFADeviceOutput {
            user_name: Some(user.name),
            serial_number: Some(input.serial_number.to_string()),
            enable_date: device.enabled.and_then(|(_, since)| shape::time(since)),
            certifications: None,
        })
    }

    /// Learns from two codes that follow one another how far the device's clock is off.
    fn synchronize(
        &self,
        call: &Call,
        device: &mut MfaDevice,
        codes: (&str, &str),
        reach: i64,
    ) -> Result<(), Error> {
        let arn = serial_of(&call.account, device);
        let seed = mfa::open(&self.vault, &arn, &device.sealed_seed).map_err(corrupt)?;
        let step = mfa::find_pair(&seed, codes, call.now, device.last_step, reach).ok_or_else(|| {
            Error::invalid_authentication_code_exception("Authentication code for device is not valid.")
        })?;
        device.last_step = u64::try_from(step).unwrap_or(0);
        device.drift = step - mfa::step_of(call.now);
        device.failures = 0;
        Ok(())
    }
}

/// The device with this serial number.
pub fn find_device(from: &mut impl Reader, account: &str, serial: &str) -> Result<records::MfaDevice, Error> {
    let absent = || {
        let text = format!("VirtualMFADevice with serial number {serial} doesn't exist.");
        Error::no_such_entity_exception(text)
    };
    let (name, arn) = named(account, serial).ok_or_else(absent)?;
    let device: Option<records::MfaDevice> = from.record(&keys::mfa_device(account, name))?;
    device.filter(|device| serial_of(account, device) == arn).ok_or_else(absent)
}

/// Writes a device.
pub fn save(tx: &mut Tx, account: &str, device: &MfaDevice) {
    tx.put(keys::mfa_device(account, &device.name), device.encode());
}

/// The device with this serial number, which must be enabled for the user.
fn find_enabled(
    from: &mut impl Reader,
    account: &str,
    user: &User,
    serial: &str,
) -> Result<MfaDevice, Error> {
    if !user.mfa.iter().any(|have| have == serial) {
        return Err(not_of_user());
    }
    find_device(from, account, serial)
}

fn not_of_user() -> Error {
    Error::no_such_entity_exception("MFA Device invalid for user.")
}
