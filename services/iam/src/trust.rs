//! The principals of trust policies. A role trusts the users and roles that had the names when the policy was written:
//! their unique ids are stored in the places of their ARNs, and shown in those of ARNs that are nobody's any more.

use std::ops::Range;

use identity::keys;
use identity::records::{self, Identity, Role, User};
use kernel::Arn;
use serde_json::value::RawValue;

use crate::error::{Error, corrupt};
use crate::json::{Pairs, list, place};
use crate::read::Reader;
use crate::{arn, quota};

/// A trust policy as it is stored: ARNs of users and roles replaced by their unique ids.
pub fn stored(from: &mut impl Reader, account: &str, document: &str) -> Result<String, Error> {
    rewrite(document, |principal| {
        if is_unique_id(principal) {
            return match from.record::<Identity>(&keys::unique_id(principal))? {
                Some(_) => Ok(None),
                None => Err(invalid(principal)),
            };
        }
        let Some((owner, is_role, name)) = named(principal) else { return Ok(None) };
        let found = if is_role {
            let role: Option<Role> = from.record(&keys::role(&owner, &name))?;
            role.map(|role| (arn::role(&owner, &role), role.id))
        } else {
            let user: Option<User> = from.record(&keys::user(&owner, &name))?;
            user.map(|user| (arn::user(&owner, &user), user.id))
        };
        match found {
            Some((arn, id)) if arn.as_str() == principal => Ok(Some(id)),
            // Nobody here can tell who is in an account that has nobody here.
            _ if owner != account && is_unknown(from, &owner)? => Ok(None),
            _ => Err(invalid(principal)),
        }
    })
}

/// A stored trust policy as it is shown.
pub fn shown(from: &mut impl Reader, document: &str) -> Result<String, Error> {
    rewrite(document, |principal| {
        if !is_unique_id(principal) {
            return Ok(None);
        }
        let Some(identity) = from.record::<Identity>(&keys::unique_id(principal))? else { return Ok(None) };
        let records::Identity { account, is_role, name } = identity;
        let arn = if is_role {
            let role: Option<Role> = from.record(&keys::role(&account, &name))?;
            role.map(|role| arn::role(&account, &role))
        } else {
            let user: Option<User> = from.record(&keys::user(&account, &name))?;
            user.map(|user| arn::user(&account, &user))
        };
        Ok(arn.map(|arn| arn.to_string()))
    })
}

fn is_unknown(from: &mut impl Reader, account: &str) -> Result<bool, Error> {
    Ok(quota::count(from, account, "user")? == 0 && quota::count(from, account, "role")? == 0)
}

fn invalid(principal: &str) -> Error {
    let text = format!("Invalid principal in policy: \"AWS\":\"{principal}\"");
    Error::malformed_policy_document_exception(text)
}

/// Whether a text has the form of a user's or role's unique id (API reference, `idType`: 16 to 128 word characters).
fn is_unique_id(text: &str) -> bool {
    let kind = text.starts_with("AIDA") || text.starts_with("AROA");
    kind && (16..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Account, whether it is a role, and name, of the ARN of a user or role.
fn named(principal: &str) -> Option<(String, bool, String)> {
    let arn: Arn = principal.parse().ok()?;
    let (is_role, name) = match (arn::name_in(&arn, "user/"), arn::name_in(&arn, "role/")) {
        (Some(name), _) => (false, name),
        (_, Some(name)) => (true, name),
        _ => return None,
    };
    Some((arn.account().to_owned(), is_role, name.to_owned()))
}

/// Puts what `replace` says in the places of principals of AWS; everything else stays as it is to the byte.
fn rewrite(
    document: &str,
    mut replace: impl FnMut(&str) -> Result<Option<String>, Error>,
) -> Result<String, Error> {
    let mut places = principals(document).map_err(corrupt)?;
    places.sort_by_key(|(place, _)| place.start);
    let mut out = String::with_capacity(document.len());
    let mut done = 0;
    for (place, principal) in places {
        let Some(new) = replace(&principal)? else { continue };
        out.push_str(&document[done..place.start]);
        // Neither ARNs of existing things nor unique ids hold anything that JSON escapes.
        out.push('"');
        out.push_str(&new);
        out.push('"');
        done = place.end;
    }
    out.push_str(&document[done..]);
    Ok(out)
}

/// The principals of AWS in a document with the places of their strings, quotes included.
fn principals(document: &str) -> serde_json::Result<Vec<(Range<usize>, String)>> {
    let mut texts = Vec::new();
    for (name, statements) in serde_json::from_str::<Pairs<'_>>(document)?.0 {
        if name != "Statement" {
            continue;
        }
        for statement in list(statements)? {
            for (name, value) in serde_json::from_str::<Pairs<'_>>(statement.get())?.0 {
                if name == "Principal" || name == "NotPrincipal" {
                    texts.extend(of_aws(value)?);
                }
            }
        }
    }
    texts.into_iter().map(|raw| Ok((place(document, raw), serde_json::from_str(raw.get())?))).collect()
}

fn of_aws(principal: &RawValue) -> serde_json::Result<Vec<&RawValue>> {
    let mut found = Vec::new();
    if principal.get().starts_with('{') {
        for (kind, value) in serde_json::from_str::<Pairs<'_>>(principal.get())?.0 {
            if kind == "AWS" {
                found.extend(list(value)?);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_principals_of_aws_are_replaced() {
        let document = r#" {"Statement": [{"Principal": {"AWS": ["x", "y\u002f"], "Service": "x", "AWS" : "x"},
            "Action": "x", "Condition": {"StringEquals": {"AWS": "x"}}}, {"NotPrincipal": {"AWS":"x"}},
            {"Principal": "x"}]} "#;
        let mut seen = Vec::new();
        let after = rewrite(document, |principal| {
            seen.push(principal.to_owned());
            Ok((principal == "x").then(|| "AIDA1".to_owned()))
        });
        assert_eq!(seen, ["x", "y/", "x", "x"]);
        let expected = r#" {"Statement": [{"Principal": {"AWS": ["AIDA1", "y\u002f"], "Service": "x", "AWS" : "AIDA1"},
            "Action": "x", "Condition": {"StringEquals": {"AWS": "x"}}}, {"NotPrincipal": {"AWS":"AIDA1"}},
            {"Principal": "x"}]} "#;
        assert_eq!(after.unwrap(), expected);
    }

    #[test]
    fn unique_ids_have_a_form() {
        assert!(is_unique_id("AIDAABCDEFGHIJKLMNOPQ") && is_unique_id("AROAABCDEFGHIJKLMNOPQ"));
        let long = format!("AIDA{}", "A".repeat(5_000));
        for text in ["AIDA", "AKIAABCDEFGHIJKLMNOPQ", "AIDA ABCDEFGHIJKLMNOPQ", long.as_str()] {
            assert!(!is_unique_id(text), "{text}");
        }
    }

    #[test]
    fn who_is_named() {
        assert_eq!(
            named("arn:aws:iam::123456789012:role/a/b"),
            Some(("123456789012".into(), true, "b".into()))
        );
        assert_eq!(
            named("arn:aws:iam::123456789012:user/b"),
            Some(("123456789012".into(), false, "b".into()))
        );
        assert_eq!(named("arn:aws:iam::123456789012:root"), None);
        assert_eq!(named("arn:aws:sts::123456789012:assumed-role/a/b"), None);
        assert_eq!(named("123456789012"), None);
    }
}
