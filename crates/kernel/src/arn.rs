//! Amazon Resource Names.

use std::fmt;
use std::str::FromStr;

/// `arn:partition:service:region:account:resource`, kept as one string with the places of its colons.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    text: String,
    /// End of partition, service, region and account.
    ends: [u16; 4],
}

/// Why a text is not an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArnError {
    /// It does not begin with `arn:` or has fewer than six parts.
    Shape,
    /// Longer than any documented ARN (2,048 characters).
    TooLong,
}

/// The longest ARN any API reference allows.
const MAX_LEN: usize = 2048;

impl Arn {
    /// Puts an ARN together from its parts.
    pub fn new(partition: &str, service: &str, region: &str, account: &str, resource: &str) -> Self {
        let text = format!("arn:{partition}:{service}:{region}:{account}:{resource}");
        let a = 4 + partition.len();
        let b = a + 1 + service.len();
        let c = b + 1 + region.len();
        let d = c + 1 + account.len();
        Self { text, ends: [a as u16, b as u16, c as u16, d as u16] }
    }

    /// The same in the `aws` partition.
    pub fn aws(service: &str, region: &str, account: &str, resource: &str) -> Self {
        Self::new("aws", service, region, account, resource)
    }

    /// `aws`, `aws-cn`, …
    pub fn partition(&self) -> &str {
        &self.text[4..usize::from(self.ends[0])]
    }

    /// The service's namespace, as in `sqs`.
    pub fn service(&self) -> &str {
        self.part(0)
    }

    /// The region; empty where the resource is global.
    pub fn region(&self) -> &str {
        self.part(1)
    }

    /// The 12-digit account; empty where the service leaves it out.
    pub fn account(&self) -> &str {
        self.part(2)
    }

    /// All after the fifth colon.
    pub fn resource(&self) -> &str {
        &self.text[usize::from(self.ends[3]) + 1..]
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn part(&self, i: usize) -> &str {
        &self.text[usize::from(self.ends[i]) + 1..usize::from(self.ends[i + 1])]
    }
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        if text.len() > MAX_LEN {
            return Err(ArnError::TooLong);
        }
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().ok_or(ArnError::Shape);
        let (scheme, partition, service, region, account, resource) =
            (next()?, next()?, next()?, next()?, next()?, next()?);
        if scheme != "arn" || partition.is_empty() || service.is_empty() || resource.is_empty() {
            return Err(ArnError::Shape);
        }
        Ok(Self::new(partition, service, region, account, resource))
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for ArnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shape => "an ARN has the form arn:partition:service:region:account:resource",
            Self::TooLong => "an ARN has at most 2048 characters",
        })
    }
}

impl std::error::Error for ArnError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let arn: Arn = "arn:aws:sqs:eu-west-2:437064342167:counterpromo-dev-jobs".parse().unwrap();
        assert_eq!((arn.partition(), arn.service(), arn.region()), ("aws", "sqs", "eu-west-2"));
        assert_eq!((arn.account(), arn.resource()), ("437064342167", "counterpromo-dev-jobs"));
        let arn: Arn = "arn:aws:s3:::bucket/a:b".parse().unwrap();
        assert_eq!((arn.region(), arn.account(), arn.resource()), ("", "", "bucket/a:b"));
    }

    #[test]
    fn refused() {
        assert_eq!("arn:aws:sqs:us-east-1:1".parse::<Arn>(), Err(ArnError::Shape));
        assert_eq!("urn:aws:sqs:r:a:q".parse::<Arn>(), Err(ArnError::Shape));
        assert_eq!(format!("arn:aws:sqs:::{}", "x".repeat(3000)).parse::<Arn>(), Err(ArnError::TooLong));
    }
}
