//! Passwords: what rules ask of them, and their hashes.

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Argon2, Params};
use identity::records::PasswordPolicy;
use kernel::Ids;
use tokio::sync::Semaphore;
use wire::CommonError;
use zeroize::Zeroizing;

use crate::error::Error;

/// Symbols that count as such (documentation of password policies).
const SYMBOLS: &str = "!@#$%^&*()_+-=[]{}|'";
/// Characters of a password where the account has no rules of its own (documentation, default password policy).
const DEFAULT_CHARS_MIN: u32 = 8;
/// How many of the four kinds of character it needs then.
const DEFAULT_KINDS: usize = 3;
/// Hashes computed at a time: each takes 19 MiB and a core for some tens of milliseconds.
static AT_WORK: Semaphore = Semaphore::const_new(2);

/// Refuses a password that the rules do not let pass.
pub fn check(password: &str, rules: Option<&PasswordPolicy>, account_names: &[&str]) -> Result<(), Error> {
    let violation = |text: String| Err(Error::password_policy_violation_exception(text));
    let has = |kind: &dyn Fn(char) -> bool| password.chars().any(kind);
    let kinds = [
        (has(&|c| c.is_ascii_uppercase()), "Password should have at least one uppercase letter"),
        (has(&|c| c.is_ascii_lowercase()), "Password should have at least one lowercase letter"),
        (has(&|c| c.is_ascii_digit()), "Password should have at least one number"),
        (has(&|c| SYMBOLS.contains(c)), "Password should have at least one symbol"),
    ];
    let min = rules.map_or(DEFAULT_CHARS_MIN, |rules| rules.min_length);
    if password.chars().count() < usize::try_from(min).unwrap_or(usize::MAX) {
        return violation(format!("Password should have a minimum length of {min}"));
    }
    match rules {
        Some(rules) => {
            let wanted = [rules.uppercase, rules.lowercase, rules.numbers, rules.symbols];
            let missing: Vec<&str> = std::iter::zip(kinds, wanted)
                .filter(|((has, _), wanted)| *wanted && !has)
                .map(|((_, text), _)| text)
                .collect();
            if missing.is_empty() { Ok(()) } else { violation(missing.join(", ")) }
        }
        None => {
            let missing: Vec<&str> = kinds.iter().filter(|(has, _)| !has).map(|(_, text)| *text).collect();
            let more = DEFAULT_KINDS.saturating_sub(kinds.len() - missing.len());
            if more > 0 {
                let list = missing.join(", ");
                return violation(format!(
                    "Password should meet {more} more of the following requirements: {list}"
                ));
            }
            if account_names.iter().any(|name| name.eq_ignore_ascii_case(password)) {
                return violation("Password should not be the same as the account's name".to_owned());
            }
            Ok(())
        }
    }
}

/// The hash of a password, in the PHC string format, with the parameters that argon2 recommends (OWASP's first choice).
pub async fn hash(ids: Ids, password: &str) -> Result<String, Error> {
    let salt = ids.bytes::<16>();
    at_work(password, move |password| {
        let salt = SaltString::encode_b64(&salt).ok()?;
        Some(hasher().hash_password(password.as_bytes(), &salt).ok()?.to_string())
    })
    .await
}

/// The place of the first of these hashes that is the password's.
pub async fn find(password: &str, hashes: Vec<String>) -> Result<Option<usize>, Error> {
    at_work(password, move |password| {
        let is = |hash: &String| {
            let parsed = PasswordHash::new(hash).ok()?;
            hasher().verify_password(password.as_bytes(), &parsed).ok()
        };
        Some(hashes.iter().position(|hash| is(hash).is_some()))
    })
    .await
}

fn hasher() -> Argon2<'static> {
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, Params::DEFAULT)
}

/// Runs beside the threads that serve requests.
async fn at_work<T: Send + 'static>(
    password: &str,
    work: impl FnOnce(&str) -> Option<T> + Send + 'static,
) -> Result<T, Error> {
    let failed = || Error::from(CommonError::InternalFailure);
    let password = Zeroizing::new(password.to_owned());
    let _turn = AT_WORK.acquire().await.map_err(|_| failed())?;
    let done = tokio::task::spawn_blocking(move || work(&password)).await;
    done.ok().flatten().ok_or_else(failed)
}

#[cfg(test)]
mod tests {
    use model_iam::Error;
    use wire::{Protocol, ServiceError};

    use super::*;

    fn text(result: Result<(), Error>) -> String {
        let Err(error) = result else { return String::new() };
        error.fault().message(Protocol::Query).into_owned()
    }

    #[test]
    fn the_default_rules() {
        assert_eq!(text(check("Secret-word", None, &[])), "");
        assert_eq!(text(check("Secret1", None, &[])), "Password should have a minimum length of 8");
        assert_eq!(
            text(check("secretword1", None, &[])),
            "Password should meet 1 more of the following requirements: Password should have at least one uppercase \
             letter, Password should have at least one symbol"
        );
        assert_ne!(text(check("My-Account1", None, &["my-account1"])), "");
    }

    #[test]
    fn rules_of_the_account() {
        let rules = PasswordPolicy {
            min_length: 6,
            symbols: true,
            numbers: true,
            uppercase: false,
            lowercase: false,
            may_change: false,
            max_age_days: None,
            reuse_prevention: None,
            hard_expiry: None,
        };
        assert_eq!(text(check("abc1|f", Some(&rules), &[])), "");
        assert_eq!(text(check("abc1|", Some(&rules), &[])), "Password should have a minimum length of 6");
        assert_eq!(
            text(check("abcdef", Some(&rules), &[])),
            "Password should have at least one number, Password should have at least one symbol"
        );
    }

    #[tokio::test]
    async fn hashes_are_salted_and_found() {
        let (one, two) = (hash(Ids, "secret").await.unwrap(), hash(Ids, "secret").await.unwrap());
        assert!(one.starts_with("$argon2id$") && one != two);
        let hashes = vec!["damaged".to_owned(), hash(Ids, "other").await.unwrap(), one];
        assert_eq!(find("secret", hashes.clone()).await.unwrap(), Some(2));
        assert_eq!(find("Secret", hashes).await.unwrap(), None);
    }
}
