//! The credential: `AKID/20150830/us-east-1/iam/aws4_request`.

/// What the addressed endpoint expects of the credential scope; `None` leaves a part to the caller.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'a> {
    /// The signing region.
    pub region: Option<&'a str>,
    /// The signing name of the service.
    pub service: Option<&'a str>,
}

/// A credential cut into its five parts.
#[derive(Clone, Copy)]
pub(crate) struct Credential<'a> {
    pub access_key: &'a str,
    pub date: &'a str,
    pub region: &'a str,
    pub service: &'a str,
    pub terminator: &'a str,
    /// `date/region/service/terminator`.
    pub scope: &'a str,
}

impl<'a> Credential<'a> {
    /// `None` unless there are exactly five parts and an access key.
    pub(crate) fn parse(text: &'a str) -> Option<Credential<'a>> {
        let (access_key, scope) = text.split_once('/')?;
        let mut parts = scope.split('/');
        let (date, region, service) = (parts.next()?, parts.next()?, parts.next()?);
        let terminator = parts.next()?;
        if parts.next().is_some() || access_key.is_empty() {
            return None;
        }
        Some(Credential { access_key, date, region, service, terminator, scope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_has_five_parts() {
        let c = Credential::parse("AKID/20150830/us-east-1/iam/aws4_request").unwrap();
        assert_eq!((c.access_key, c.date, c.region, c.service), ("AKID", "20150830", "us-east-1", "iam"));
        assert_eq!((c.terminator, c.scope), ("aws4_request", "20150830/us-east-1/iam/aws4_request"));
        for bad in ["", "AKID", "a/b/c/d", "a/b/c/d/e/f", "/20150830/us-east-1/iam/aws4_request"] {
            assert!(Credential::parse(bad).is_none(), "{bad}");
        }
    }
}
