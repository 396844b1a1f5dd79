//! Names of streams.

use std::fmt;

use bytes::Bytes;
use kernel::Arn;

use crate::keys::{Place, SERVICE};
use crate::name::{TableName, below_table};

/// A stream's ARN, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamArn {
    pub place: Place,
    pub table: String,
    pub label: String,
}

impl StreamArn {
    /// Of its text; none if it is not the ARN of a stream.
    pub fn parse(given: &str) -> Option<Self> {
        let (TableName { place, name: table }, label) = below_table(given, "/stream/")?;
        (!label.is_empty() && !label.contains('/')).then_some(Self { place, table, label })
    }

    /// As policies see it.
    pub fn arn(&self) -> Arn {
        let resource = format!("table/{}/stream/{}", self.table, self.label);
        Arn::aws(SERVICE, &self.place.region, &self.place.account, &resource)
    }

    pub fn row(&self) -> Bytes {
        self.place.stream(&self.table, &self.label)
    }
}

impl fmt::Display for StreamArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.arn().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_streams_have_their_names() {
        let text = "arn:aws:dynamodb:us-east-1:123456789012:table/things/stream/2015-05-20T20:51:10.252";
        let arn = StreamArn::parse(text).expect("an ARN");
        assert_eq!((arn.table.as_str(), arn.label.as_str()), ("things", "2015-05-20T20:51:10.252"));
        assert_eq!(arn.to_string(), text);
        for wrong in [
            "things",
            "arn:aws:dynamodb:us-east-1:123456789012:table/things",
            "arn:aws:dynamodb:us-east-1:123456789012:table/things/stream/",
            "arn:aws:dynamodb:us-east-1:123456789012:table/things/stream/a/b",
            "arn:aws:dynamodb:us-east-1:123456789012:table/t!/stream/a",
            "arn:aws:s3:us-east-1:123456789012:table/things/stream/a",
        ] {
            assert_eq!(StreamArn::parse(wrong), None, "{wrong}");
        }
    }
}
