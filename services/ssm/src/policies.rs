//! Policies of parameters: when one expires, and when somebody is to be told.

use kernel::{CivilTime, Timestamp};
use model_ssm::types::ParameterInlinePolicy;
use model_ssm::{Error, types};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::invalid;
use crate::limits::POLICIES_MAX;
use crate::records::{Policy, PolicyRule};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    r#type: Option<String>,
    version: Option<String>,
    attributes: Option<Attributes>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    timestamp: Option<String>,
    before: Option<String>,
    after: Option<String>,
    unit: Option<String>,
}

/// Reads the policies of a request: a JSON array, which may be empty or hold one empty object to take all away.
pub fn parse(text: &str, now: Timestamp) -> Result<Vec<Policy>, Error> {
    let malformed = || invalid(format!("Invalid policies input: {text}."));
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| malformed())?;
    let mut policies = Vec::new();
    for item in items {
        let given: Given = serde_json::from_str(item.get()).map_err(|_| malformed())?;
        let Some(name) = given.r#type else {
            if given.version.is_none() && given.attributes.is_none() {
                continue;
            }
            return Err(malformed());
        };
        if given.version.is_some_and(|version| version != "1.0") {
            return Err(bad("The Version of a policy must be 1.0."));
        }
        let rule = rule(&name, &given.attributes.unwrap_or_default(), now)?;
        policies.push(Policy { text: item.get().to_owned(), rule });
    }
    check(&policies)?;
    Ok(policies)
}

fn rule(name: &str, attributes: &Attributes, now: Timestamp) -> Result<PolicyRule, Error> {
    match name {
        "Expiration" => {
            let at = attributes.timestamp.as_deref().and_then(instant);
            let at =
                at.ok_or_else(|| bad("The Timestamp of an Expiration policy must be an ISO 8601 instant."))?;
            if at <= now {
                return Err(bad("The Timestamp of an Expiration policy must be in the future."));
            }
            Ok(PolicyRule::Expiration { at_ms: at.millis() })
        }
        "ExpirationNotification" => {
            let before_ms = period(attributes.before.as_deref(), attributes).ok_or_else(|| {
                bad("An ExpirationNotification policy needs Before, a number, and Unit, Days or Hours.")
            })?;
            Ok(PolicyRule::ExpirationNotification { before_ms })
        }
        "NoChangeNotification" => {
            let after_ms = period(attributes.after.as_deref(), attributes).ok_or_else(|| {
                bad("A NoChangeNotification policy needs After, a number, and Unit, Days or Hours.")
            })?;
            Ok(PolicyRule::NoChangeNotification { after_ms })
        }
        other => Err(Error::invalid_policy_type_exception(format!(
            "The policy type {other} is not supported. Parameter Store supports the following policy types: Expiration, \
             ExpirationNotification, and NoChangeNotification."
        ))),
    }
}

/// Policies that do not go together.
fn check(policies: &[Policy]) -> Result<(), Error> {
    if policies.len() > POLICIES_MAX {
        return Err(Error::policies_limit_exceeded_exception(format!(
            "A parameter can have at most {POLICIES_MAX} policies."
        )));
    }
    let expirations =
        policies.iter().filter(|policy| matches!(policy.rule, PolicyRule::Expiration { .. })).count();
    let notified =
        policies.iter().any(|policy| matches!(policy.rule, PolicyRule::ExpirationNotification { .. }));
    if expirations > 1 {
        return Err(Error::incompatible_policy_exception("A parameter can have only one Expiration policy."));
    }
    if notified && expirations == 0 {
        return Err(Error::incompatible_policy_exception(
            "An ExpirationNotification policy needs an Expiration policy.",
        ));
    }
    Ok(())
}

fn bad(why: &str) -> Error {
    Error::invalid_policy_attribute_exception(why)
}

/// A number of days or hours, in milliseconds. Years of them are allowed, not centuries: they are added to times.
fn period(amount: Option<&str>, attributes: &Attributes) -> Option<i64> {
    let unit_ms = match attributes.unit.as_deref()? {
        "Days" => 86_400_000,
        "Hours" => 3_600_000,
        _ => return None,
    };
    let amount: i64 = amount?.parse().ok().filter(|amount| (1..=100_000).contains(amount))?;
    Some(amount * unit_ms)
}

/// An instant: date, time, and `Z` or an offset from it.
fn instant(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once('T')?;
    let at = time.find(['Z', '+', '-'])?;
    let (clock, zone) = time.split_at(at);
    let mut date = date.splitn(3, '-');
    let mut next = || digits(date.next()?);
    let (year, month, day) = (next()?, next()?, next()?);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut clock = clock.splitn(3, ':');
    let (hour, minute) = (digits(clock.next()?)?, digits(clock.next()?)?);
    let second = clock.next().map_or(Some(0), digits)?;
    digits(fraction)?;
    let millisecond = digits(&format!("{fraction:0<3}")[..3])?;
    let civil = CivilTime {
        year: year.into(),
        month: u8::try_from(month).ok()?,
        day: u8::try_from(day).ok()?,
        hour: u8::try_from(hour).ok()?,
        minute: u8::try_from(minute).ok()?,
        second: u8::try_from(second).ok()?,
        millisecond,
    };
    let local = Timestamp::from_civil(civil)?;
    Some(Timestamp::from_millis(local.millis() - offset_ms(zone)?))
}

/// `Z`, `+02:00` or `-0500`.
fn offset_ms(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits_only = zone[1..].replacen(':', "", 1);
    let number = digits(&digits_only).filter(|_| digits_only.len() == 4)?;
    let (hours, minutes) = (i64::from(number / 100), i64::from(number % 100));
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

fn digits(text: &str) -> Option<u16> {
    let plain = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain {
        return None;
    }
    // Of a fraction only the first digits count.
    text.get(..4.min(text.len()))?.parse().ok()
}

/// As answers show them. None has been carried out: an expired parameter is gone, and nobody can be notified.
pub fn shown(policies: &[Policy]) -> Vec<ParameterInlinePolicy> {
    let name = |rule: &PolicyRule| match rule {
        PolicyRule::Expiration { .. } => "Expiration",
        PolicyRule::ExpirationNotification { .. } => "ExpirationNotification",
        PolicyRule::NoChangeNotification { .. } => "NoChangeNotification",
    };
    policies
        .iter()
        .map(|policy| types::ParameterInlinePolicy {
            policy_text: Some(policy.text.clone()),
            policy_type: Some(name(&policy.rule).to_owned()),
            policy_status: Some("Pending".to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_750_000_000);

    fn at(text: &str) -> Option<i64> {
        instant(text).map(Timestamp::millis)
    }

    #[test]
    fn instants() {
        assert_eq!(at("2018-12-02T21:34:33.000Z"), Some(1_543_786_473_000));
        assert_eq!(at("2018-12-02T21:34:33Z"), Some(1_543_786_473_000));
        assert_eq!(at("2018-12-02T21:34:33.5Z"), Some(1_543_786_473_500));
        assert_eq!(at("2018-12-02T21:34Z"), Some(1_543_786_440_000));
        assert_eq!(at("2018-12-02T23:34:33+02:00"), Some(1_543_786_473_000));
        assert_eq!(at("2018-12-02T16:34:33-0500"), Some(1_543_786_473_000));
        for text in
            ["", "2018-12-02", "2018-12-02T21:34:33", "2018-13-02T21:34:33Z", "xTyZ", "2018-12-02T21:34:33+2"]
        {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn rules() {
        let text = r#"[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2030-01-01T00:00:00.000Z"}},
            {"Type":"ExpirationNotification","Version":"1.0","Attributes":{"Before":"15","Unit":"Days"}},
            {"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"20","Unit":"Hours"}}]"#;
        let policies = parse(text, NOW).unwrap();
        let rules: Vec<_> = policies.iter().map(|policy| policy.rule).collect();
        assert_eq!(rules[0], PolicyRule::Expiration { at_ms: 1_893_456_000_000 });
        assert_eq!(rules[1], PolicyRule::ExpirationNotification { before_ms: 15 * 86_400_000 });
        assert_eq!(rules[2], PolicyRule::NoChangeNotification { after_ms: 20 * 3_600_000 });
        let shown = shown(&policies);
        assert_eq!(shown[1].policy_type.as_deref(), Some("ExpirationNotification"));
        assert!(shown[1].policy_text.as_deref().unwrap().contains("\"Before\":\"15\""));
        assert_eq!(parse("[]", NOW).unwrap(), []);
        assert_eq!(parse("[{}]", NOW).unwrap(), []);
    }

    #[test]
    fn refusals() {
        let code = |text: &str| {
            let error = parse(text, NOW).unwrap_err();
            wire::ServiceError::fault(&error).code(wire::Protocol::Json11).to_owned()
        };
        assert_eq!(code("{}"), "ValidationException");
        assert_eq!(code("[{\"Version\":\"1.0\"}]"), "ValidationException");
        assert_eq!(code(r#"[{"Type":"Other"}]"#), "InvalidPolicyTypeException");
        let attribute = "InvalidPolicyAttributeException";
        assert_eq!(code(r#"[{"Type":"Expiration"}]"#), attribute);
        assert_eq!(code(r#"[{"Type":"Expiration","Version":"2.0"}]"#), attribute);
        assert_eq!(
            code(r#"[{"Type":"Expiration","Attributes":{"Timestamp":"2020-01-01T00:00:00Z"}}]"#),
            attribute
        );
        assert_eq!(
            code(r#"[{"Type":"NoChangeNotification","Attributes":{"After":"0","Unit":"Days"}}]"#),
            attribute
        );
        assert_eq!(
            code(r#"[{"Type":"NoChangeNotification","Attributes":{"After":"1","Unit":"Weeks"}}]"#),
            attribute
        );
        let notification = r#"{"Type":"ExpirationNotification","Attributes":{"Before":"1","Unit":"Days"}}"#;
        assert_eq!(code(&format!("[{notification}]")), "IncompatiblePolicyException");
        let expiration = r#"{"Type":"Expiration","Attributes":{"Timestamp":"2030-01-01T00:00:00Z"}}"#;
        assert_eq!(code(&format!("[{expiration},{expiration}]")), "IncompatiblePolicyException");
        let many =
            [r#"{"Type":"NoChangeNotification","Attributes":{"After":"1","Unit":"Days"}}"#; 11].join(",");
        assert_eq!(code(&format!("[{many}]")), "PoliciesLimitExceededException");
    }
}
