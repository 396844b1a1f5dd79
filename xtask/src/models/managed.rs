//! The policies that AWS manages: one JSON object a line, in the order of their ARNs, so that one is found by
//! bisecting the text.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Published {
    create_date: String,
    update_date: String,
    default_version_id: String,
    path: String,
    document: serde_json::Value,
}

/// A line of `models/inputs/managed-policies.jsonl`. The ARN comes first: readers bisect by it.
#[derive(Serialize)]
struct Line<'a> {
    arn: String,
    version: &'a str,
    created: String,
    updated: String,
    document: &'a serde_json::Value,
}

/// Fewer than these would mean that the package has changed its form.
const POLICIES_MIN: usize = 1000;

/// Takes the policies from the module of the package `moto` that holds them as one text of JSON.
pub fn import(moto: &Path, to: &Path) -> Result<()> {
    let module = fs::read_to_string(moto.join("moto/iam/aws_managed_policies.py"))?;
    let text = literal(&module).context("the module does not hold one text")?;
    let published: BTreeMap<String, Published> = serde_json::from_str(text)?;
    ensure!(published.len() >= POLICIES_MIN, "only {} managed policies", published.len());
    let mut lines = BTreeMap::new();
    for (name, policy) in &published {
        let arn = format!("arn:aws:iam::aws:policy{}{name}", policy.path);
        let line = Line {
            arn: arn.clone(),
            version: &policy.default_version_id,
            created: utc(&policy.create_date)?,
            updated: utc(&policy.update_date)?,
            document: &policy.document,
        };
        lines.insert(arn, serde_json::to_string(&line)?);
    }
    let mut out = String::new();
    for line in lines.values() {
        out.push_str(line);
        out.push('\n');
    }
    fs::write(to, out).with_context(|| format!("{}", to.display()))
}

/// The text between the module's only pair of triple quotes, if nothing in it is escaped.
fn literal(module: &str) -> Option<&str> {
    let mut parts = module.split("\"\"\"");
    let (_, text, _) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && !text.contains('\\')).then_some(text)
}

/// `2015-04-09T15:03:43+00:00` as `2015-04-09T15:03:43Z`.
fn utc(date: &str) -> Result<String> {
    let local = date.strip_suffix("+00:00").filter(|local| local.len() == 19);
    Ok(format!("{}Z", local.with_context(|| format!("{date} is not a time in UTC"))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_plain_text_is_read() {
        assert_eq!(literal("x = \"\"\"\n{}\"\"\"\n"), Some("\n{}"));
        assert_eq!(literal("x = \"\"\"\\n{}\"\"\"\n"), None);
        assert_eq!(literal("x = \"\"\"a\"\"\" + \"\"\"b\"\"\""), None);
        assert_eq!(literal("x = 1"), None);
    }

    #[test]
    fn times_are_in_utc() {
        assert_eq!(utc("2015-04-09T15:03:43+00:00").unwrap(), "2015-04-09T15:03:43Z");
        assert!(utc("2015-04-09T15:03:43+02:00").is_err());
        assert!(utc("2015-04-09T15:03:43.5+00:00").is_err());
    }
}
