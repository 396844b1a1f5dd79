//! Names of exports and imports, and their places in lists.

use std::fmt;

use bytes::Bytes;
use kernel::{Arn, Ids, Timestamp};

use crate::keys::{Place, SERVICE, names_after};
use crate::limits::{LIST_TOKEN_BYTES, LIST_TOKEN_STEP};
use crate::name::{TableName, below_table, is_name};

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    Export,
    Import,
}

impl Way {
    pub const ALL: [Self; 2] = [Self::Export, Self::Import];

    /// As ARNs and keys have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Import => "import",
        }
    }

    /// Of its name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }
}

/// An export or import: the table that it is of, and its id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    pub way: Way,
    pub place: Place,
    pub table: String,
    pub id: String,
}

impl Job {
    /// A new one. Ids are in the order of time.
    pub fn new(way: Way, table: &TableName, now_ms: i64, ids: Ids) -> Self {
        let id = format!("{now_ms:014}-{}", ids.hex(8));
        Self { way, place: table.place.clone(), table: table.name.clone(), id }
    }

    /// Of its ARN; none if it is not the ARN of one.
    pub fn parse(way: Way, given: &str) -> Option<Self> {
        let (TableName { place, name: table }, id) = below_table(given, &format!("/{}/", way.name()))?;
        // Ids of the real service are of digits and letters; any that could be one is looked for.
        let good = !id.is_empty() && id.len() <= 64 && is_name(&format!("id-{id}"));
        good.then_some(Self { way, place, table, id })
    }

    /// As policies see it.
    pub fn arn(&self) -> Arn {
        let resource = format!("table/{}/{}/{}", self.table, self.way.name(), self.id);
        Arn::aws(SERVICE, &self.place.region, &self.place.account, &resource)
    }

    /// When it was begun, which its id says.
    pub fn begun(&self) -> Timestamp {
        let ms = self.id.split('-').next().and_then(|ms| ms.parse().ok());
        Timestamp::from_millis(ms.unwrap_or_default())
    }

    /// Its table.
    pub fn of_table(&self) -> TableName {
        TableName { place: self.place.clone(), name: self.table.clone() }
    }

    /// Its row.
    pub fn row(&self) -> Bytes {
        self.place.transfer(self.way, &self.table, &self.id)
    }

    /// That there is something to do for it.
    pub fn in_progress(&self) -> Bytes {
        self.place.in_progress(self.way, &self.table, &self.id)
    }

    /// The token of a page of a list that ends with it: its name in hexadecimal digits, in the form and length that the
    /// service's tokens have.
    pub fn list_token(&self) -> String {
        let mut bytes = format!("{}/{}/{}", self.way.name(), self.table, self.id).into_bytes();
        let len = bytes.len().max(LIST_TOKEN_BYTES).next_multiple_of(LIST_TOKEN_STEP);
        bytes.resize(len, 0);
        checksum::hex(&bytes)
    }

    /// What a token stands for; none if it is not one of a list of this kind.
    pub fn of_list_token(way: Way, place: &Place, token: &str) -> Option<Self> {
        let digits = token.as_bytes().chunks(2);
        let bytes: Option<Vec<u8>> = digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|t| t.len() == 2)?, 16).ok())
            .collect();
        let text = String::from_utf8(bytes?).ok()?;
        let mut parts = text.trim_end_matches('\0').splitn(3, '/');
        let (Some(name), Some(table), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
            return None;
        };
        let job = Self { way, place: place.clone(), table: table.to_owned(), id: id.to_owned() };
        (Way::of(name) == Some(way)).then_some(job)
    }

    /// The one of a row that [`Place::transfers`] or [`Place::all_in_progress`] is the beginning of.
    pub fn of_row(way: Way, place: &Place, row: &[u8], prefix: &[u8]) -> Result<Self, store::Error> {
        let (table, id) = names_after(row, prefix)?;
        Ok(Self { way, place: place.clone(), table, id })
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.arn().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORT: &str =
        "arn:aws:dynamodb:us-east-1:123456789012:table/things/export/01234567890123-a1b2c3d4";

    #[test]
    fn only_transfers_have_their_names() {
        let job = Job::parse(Way::Export, EXPORT).expect("an ARN");
        assert_eq!((job.table.as_str(), job.id.as_str()), ("things", "01234567890123-a1b2c3d4"));
        assert_eq!(job.to_string(), EXPORT);
        assert_eq!(Job::parse(Way::Import, EXPORT), None);
        assert!(
            Job::parse(Way::Export, "arn:aws:dynamodb:us-east-1:123456789012:table/t-1/export/0").is_some()
        );
        for wrong in [
            "things",
            "arn:aws:dynamodb:us-east-1:123456789012:table/things",
            "arn:aws:dynamodb:us-east-1:123456789012:table/things/export/",
            "arn:aws:dynamodb:us-east-1:123456789012:table/things/export/a/b",
            "arn:aws:s3:us-east-1:123456789012:table/things/export/a",
        ] {
            assert_eq!(Job::parse(Way::Export, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_of_a_list_is_as_the_model_wants_it() {
        let job = Job::parse(Way::Export, EXPORT).expect("an ARN");
        for table in ["abc".to_owned(), "x".repeat(255)] {
            let job = Job { table, ..job.clone() };
            let token = job.list_token();
            assert!(token.len().is_multiple_of(16) && (112..=1024).contains(&token.len()), "{}", token.len());
            assert_eq!(Job::of_list_token(Way::Export, &job.place, &token), Some(job.clone()));
            assert_eq!(Job::of_list_token(Way::Import, &job.place, &token), None);
        }
        for wrong in ["", "0", "zz", "é", &"0123456789abcdef".repeat(16)] {
            assert_eq!(Job::of_list_token(Way::Export, &job.place, wrong), None, "{wrong}");
        }
    }
}
