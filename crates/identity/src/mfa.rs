//! Virtual MFA devices: codes by time (RFC 6238 over HMAC-SHA-1, six digits, steps of 30 seconds), of which each works
//! once.

use aws_lc_rs::hmac;
use kernel::{Arn, Ids, Timestamp};
use store::{Record, Tx};
use subtle::ConstantTimeEq;
use vault::Vault;
use zeroize::Zeroizing;

use crate::keys;
use crate::records::MfaDevice;

/// Bytes of a seed: 64 characters in base 32, as AWS gives them.
pub const SEED_BYTES: usize = 40;
/// Digits of a code.
pub const DIGITS: usize = 6;
/// Seconds for which a code is shown (RFC 6238, section 5.2).
pub const STEP_SECS: i64 = 30;
/// Steps that a code may be off beside the known drift, for the time it takes to type it (RFC 6238, section 5.2).
const SLACK: i64 = 1;
/// So many wrong codes may follow one another freely; each further one costs a step's wait. A guess is right with a chance
/// of three in a million, so guessing takes months.
const FREE_FAILURES: u32 = 5;

const PURPOSE: &str = "iam.mfa";

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It was right, and will not be again.
    Right,
    /// It was wrong, or was used before, or came while none is taken after too many wrong ones.
    Wrong,
    /// The user has no such device.
    NoDevice,
}

/// Why a code could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The record of the device is damaged.
    #[error(transparent)]
    Record(#[from] store::RecordError),
    /// The seed does not open.
    #[error(transparent)]
    Seal(#[from] vault::SealBroken),
}

/// A new seed.
pub fn new_seed(ids: Ids) -> Zeroizing<[u8; SEED_BYTES]> {
    Zeroizing::new(ids.bytes())
}

/// A seed as a device's record keeps it.
pub fn seal(vault: &Vault, device: &Arn, seed: &[u8]) -> Vec<u8> {
    vault.seal(PURPOSE, device.as_str(), seed)
}

/// The seed of a device.
///
/// # Errors
/// When it does not open.
pub fn open(vault: &Vault, device: &Arn, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, vault::SealBroken> {
    vault.open(PURPOSE, device.as_str(), sealed)
}

/// The time step of a moment.
pub fn step_of(now: Timestamp) -> i64 {
    now.secs().div_euclid(STEP_SECS)
}

/// The code of a time step.
pub fn code(seed: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    // RFC 4226, section 5.3: the last four bits say where the number lies.
    let at = usize::from(bytes[bytes.len() - 1] & 0xf);
    let number = u32::from_be_bytes([bytes[at] & 0x7f, bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    format!("{:0width$}", number % 1_000_000, width = DIGITS)
}

/// Finds the two codes that follow one another no further than `reach` steps from now, both behind the step `used`: the
/// step of the second.
pub fn find_pair(
    seed: &[u8],
    (first, second): (&str, &str),
    now: Timestamp,
    used: u64,
    reach: i64,
) -> Option<i64> {
    let here = step_of(now);
    let used = i64::try_from(used).unwrap_or(i64::MAX);
    let mut steps = (here - reach..=here + reach).filter(|step| step - 1 > used);
    steps.find(|step| same(&code(seed, step - 1), first) && same(&code(seed, *step), second))
}

/// Checks a code of a user's device, named by its serial number, and remembers in the transaction that it was given: the
/// transaction must be committed whatever the verdict.
///
/// # Errors
/// When it cannot be checked; the caller refuses then.
pub fn check(
    tx: &mut Tx,
    vault: &Vault,
    (account, user): (&str, &str),
    serial: &str,
    given: &str,
    now: Timestamp,
) -> Result<Verdict, CheckError> {
    let Some((name, arn)) = named(account, serial) else { return Ok(Verdict::NoDevice) };
    let row = keys::mfa_device(account, name);
    let Some(bytes) = tx.get(&row)? else { return Ok(Verdict::NoDevice) };
    let mut device = MfaDevice::decode(&bytes)?;
    let of_user = device.enabled.as_ref().is_some_and(|(owner, _)| owner.eq_ignore_ascii_case(user));
    if !of_user || serial_of(account, &device) != arn {
        return Ok(Verdict::NoDevice);
    }
    let waits =
        device.failures >= FREE_FAILURES && now.millis().saturating_sub(device.failed_ms) < STEP_SECS * 1000;
    if waits {
        return Ok(Verdict::Wrong);
    }
    let seed = open(vault, &arn, &device.sealed_seed)?;
    let used = i64::try_from(device.last_step).unwrap_or(i64::MAX);
    let middle = step_of(now).saturating_add(device.drift);
    let found = (middle - SLACK..=middle + SLACK)
        .filter(|step| *step > used)
        .find(|step| same(&code(&seed, *step), given));
    match found {
        Some(step) => {
            (device.last_step, device.failures) = (u64::try_from(step).unwrap_or(0), 0);
            device.drift = step - step_of(now);
        }
        None => (device.failures, device.failed_ms) = (device.failures.saturating_add(1), now.millis()),
    }
    tx.put(row, device.encode());
    Ok(if found.is_some() { Verdict::Right } else { Verdict::Wrong })
}

/// The serial number of a device, which is its ARN.
pub fn serial_of(account: &str, device: &MfaDevice) -> Arn {
    Arn::aws("iam", "", account, &format!("mfa{}{}", device.path, device.name))
}

/// The name in the serial number of a virtual device of this account.
pub fn named<'s>(account: &str, serial: &'s str) -> Option<(&'s str, Arn)> {
    let arn: Arn = serial.parse().ok()?;
    let is_device = arn.service() == "iam" && arn.account() == account && arn.resource().starts_with("mfa/");
    let name = serial.rsplit('/').next().filter(|name| !name.is_empty())?;
    is_device.then_some((name, arn))
}

fn same(right: &str, given: &str) -> bool {
    right.as_bytes().ct_eq(given.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use store::{Options, Store};

    use super::*;

    const ACCOUNT: &str = "123456789012";
    const SERIAL: &str = "arn:aws:iam::123456789012:mfa/team/phone";
    const NOON: Timestamp = Timestamp::from_secs(1_750_000_000);

    #[test]
    fn codes_of_the_rfc() {
        // RFC 6238, appendix B; the last six of its eight digits.
        let seed = b"12345678901234567890";
        for (secs, want) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(seed, step_of(Timestamp::from_secs(secs))), want);
        }
    }

    #[test]
    fn pairs_follow_one_another() {
        let (seed, here) = ([7u8; SEED_BYTES], step_of(NOON));
        let pair = |first: i64, second: i64, used: u64| {
            let codes = (code(&seed, here + first), code(&seed, here + second));
            find_pair(&seed, (&codes.0, &codes.1), NOON, used, 10)
        };
        assert_eq!(pair(-1, 0, 0), Some(here));
        assert_eq!(pair(9, 10, 0), Some(here + 10));
        assert_eq!(pair(10, 11, 0), None);
        assert_eq!(pair(0, -1, 0), None);
        assert_eq!(pair(0, 0, 0), None);
        assert_eq!(pair(-1, 0, u64::try_from(here - 1).unwrap()), None);
    }

    struct World {
        store: Store,
        vault: Vault,
        seed: [u8; SEED_BYTES],
    }

    impl World {
        async fn new() -> Self {
            let world = Self {
                store: Store::in_memory(Options::default()),
                vault: Vault::ephemeral(),
                seed: [9; SEED_BYTES],
            };
            let device = MfaDevice {
                name: "phone".into(),
                path: "/team/".into(),
                sealed_seed: seal(&world.vault, &SERIAL.parse().unwrap(), &world.seed),
                created_ms: 0,
                tags: BTreeMap::new(),
                enabled: Some(("Ann".into(), 0)),
                last_step: 0,
                drift: 0,
                failures: 0,
                failed_ms: 0,
            };
            let mut tx = world.store.begin();
            tx.put(keys::mfa_device(ACCOUNT, "phone"), device.encode());
            tx.commit().await.unwrap();
            world
        }

        async fn check(&self, user: &str, serial: &str, code: &str, now: Timestamp) -> Verdict {
            let mut tx = self.store.begin();
            let verdict = check(&mut tx, &self.vault, (ACCOUNT, user), serial, code, now).unwrap();
            tx.commit().await.unwrap();
            verdict
        }

        fn code(&self, now: Timestamp) -> String {
            code(&self.seed, step_of(now))
        }
    }

    #[tokio::test]
    async fn a_code_works_once_for_its_user() {
        let world = World::new().await;
        let now = world.code(NOON);
        assert_eq!(world.check("bob", SERIAL, &now, NOON).await, Verdict::NoDevice);
        for other in ["arn:aws:iam::123456789012:mfa/phone", "arn:aws:iam::123456789012:mfa/", "GAHT12345678"]
        {
            assert_eq!(world.check("ann", other, &now, NOON).await, Verdict::NoDevice);
        }
        assert_eq!(world.check("ann", SERIAL, &now, NOON).await, Verdict::Right);
        assert_eq!(world.check("ann", SERIAL, &now, NOON).await, Verdict::Wrong);
        let later = Timestamp::from_secs(NOON.secs() + STEP_SECS);
        assert_eq!(world.check("ann", SERIAL, &world.code(later), later).await, Verdict::Right);
        let far = Timestamp::from_secs(NOON.secs() + 10 * STEP_SECS);
        assert_eq!(world.check("ann", SERIAL, &world.code(far), later).await, Verdict::Wrong);
    }

    #[tokio::test]
    async fn guessing_costs_time() {
        let world = World::new().await;
        for _ in 0..FREE_FAILURES {
            assert_eq!(world.check("ann", SERIAL, "abcdef", NOON).await, Verdict::Wrong);
        }
        assert_eq!(world.check("ann", SERIAL, &world.code(NOON), NOON).await, Verdict::Wrong);
        let later = Timestamp::from_secs(NOON.secs() + STEP_SECS);
        assert_eq!(world.check("ann", SERIAL, &world.code(later), later).await, Verdict::Right);
    }

    #[tokio::test]
    async fn a_slow_clock_is_followed() {
        let world = World::new().await;
        let mut now = NOON;
        for behind in 1..4 {
            now = Timestamp::from_secs(now.secs() + 600);
            let shown = Timestamp::from_secs(now.secs() - behind * STEP_SECS);
            assert_eq!(world.check("ann", SERIAL, &world.code(shown), now).await, Verdict::Right, "{behind}");
        }
    }
}
