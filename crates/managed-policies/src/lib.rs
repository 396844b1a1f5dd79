//! The policies that AWS manages, as it has published them: `arn:aws:iam::aws:policy/…`.
//!
//! They are part of the program's file, as lines of JSON in the order of their ARNs. One is found by bisecting that
//! text, so those who never ask pay nothing, and a lookup touches a dozen pages of the file and parses one line.

use kernel::{CivilTime, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// One line a policy, sorted by ARN, each beginning with [`LINE_START`].
static LINES: &str = include_str!("../../../models/inputs/managed-policies.jsonl");

const LINE_START: &str = "{\"arn\":\"";

const ARN_START: &str = "arn:aws:iam::aws:policy";

/// A policy that AWS manages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedPolicy {
    /// `AWSLambdaBasicExecutionRole`
    pub name: &'static str,
    /// `arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`
    pub arn: &'static str,
    /// `/service-role/`
    pub path: &'static str,
    /// `ANPA…`: made from the ARN, for the published ones are not known; always the same.
    pub id: String,
    /// The version in force, the only one that is known: `v1`.
    pub version: &'static str,
    /// The document of that version, as JSON without white space.
    pub document: &'static str,
    /// When its first version was published.
    pub created: Timestamp,
    /// When the version in force was published.
    pub updated: Timestamp,
}

#[derive(Deserialize)]
struct Line<'a> {
    arn: &'a str,
    version: &'a str,
    created: &'a str,
    updated: &'a str,
    #[serde(borrow)]
    document: &'a RawValue,
}

/// The policy with this ARN.
pub fn find(arn: &str) -> Option<ManagedPolicy> {
    if !arn.starts_with(ARN_START) {
        return None;
    }
    // Always whole lines: those before `low` have lesser ARNs, those from `high` on greater.
    let (mut low, mut high) = (0, LINES.len());
    while low < high {
        let middle = low + (high - low) / 2;
        // The middle may lie within a character: bytes, until a line is cut out.
        let before = LINES.as_bytes()[low..middle].iter().rposition(|byte| *byte == b'\n');
        let start = before.map_or(low, |at| low + at + 1);
        let line = LINES[start..high].split_inclusive('\n').next()?;
        match arn_of(line)?.cmp(arn) {
            std::cmp::Ordering::Less => low = start + line.len(),
            std::cmp::Ordering::Greater => high = start,
            std::cmp::Ordering::Equal => return read(line),
        }
    }
    None
}

/// All of them, in the order of their ARNs.
pub fn all() -> impl Iterator<Item = ManagedPolicy> {
    LINES.lines().filter_map(read)
}

fn arn_of(line: &'static str) -> Option<&'static str> {
    line.strip_prefix(LINE_START)?.split_once('"').map(|(arn, _)| arn)
}

fn read(line: &'static str) -> Option<ManagedPolicy> {
    let line: Line<'static> = serde_json::from_str(line).ok()?;
    let resource = line.arn.strip_prefix(ARN_START)?;
    let (path, name) = resource.split_at(resource.rfind('/')? + 1);
    Some(ManagedPolicy {
        name,
        arn: line.arn,
        path,
        id: id_of(line.arn),
        version: line.version,
        document: line.document.get(),
        created: time(line.created)?,
        updated: time(line.updated)?,
    })
}

/// The form of AWS's ids: `ANPA` and 17 characters of base 32.
fn id_of(arn: &str) -> String {
    const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Sha256::digest(arn.as_bytes());
    let tail = digest.iter().take(17).map(|byte| char::from(BASE32[usize::from(byte % 32)]));
    "ANPA".chars().chain(tail).collect()
}

/// `2015-04-09T15:03:43Z`
fn time(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (mut date, mut time) = (date.split('-'), time.split(':'));
    let part = |of: &mut std::str::Split<'_, char>| of.next()?.parse().ok();
    Timestamp::from_civil(CivilTime {
        year: i64::from(date.next()?.parse::<u16>().ok()?),
        month: part(&mut date)?,
        day: part(&mut date)?,
        hour: part(&mut time)?,
        minute: part(&mut time)?,
        second: part(&mut time)?,
        millisecond: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        assert_eq!(all().count(), LINES.lines().count());
        assert!(LINES.lines().all(|line| line.starts_with(LINE_START)) && LINES.ends_with('\n'));
        assert!(LINES.lines().map(arn_of).is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn times() {
        assert_eq!(time("2015-04-09T15:03:43Z").unwrap().to_string(), "2015-04-09T15:03:43Z");
        for text in ["", "2015-04-09", "2015-04-09T15:03Z", "2015-13-09T15:03:43Z", "x-y-zTa:b:cZ"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
