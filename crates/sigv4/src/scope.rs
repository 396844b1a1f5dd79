//! The credential: `AKID/20150830/us-east-1/iam/aws4_request`.

/// What the addressed endpoint expects of the credential scope; `None` leaves a part to the caller.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'a> {
    /// The signing region.
    pub region: Option<&'a str>,
    /// The signing name of the service.
    pub service: Option<&'a str>,
}

/// Where the first four parts of a credential end. Its last ends where it does.
#[derive(Clone, Copy)]
pub(crate) struct Cuts([usize; 4]);

impl Cuts {
    /// `None` unless there are exactly five parts and an access key.
    pub(crate) fn find(credential: &str) -> Option<Cuts> {
        let mut cuts = [0; 4];
        let mut found = 0;
        for (at, _) in credential.bytes().enumerate().filter(|(_, byte)| *byte == b'/') {
            *cuts.get_mut(found)? = at;
            found += 1;
        }
        (found == cuts.len() && cuts[0] > 0).then_some(Cuts(cuts))
    }
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
        Some(Self::cut(text, Cuts::find(text)?))
    }

    /// The parts of a credential, which has to be the one that the cuts were found in.
    pub(crate) fn cut(text: &'a str, Cuts([key, date, region, service]): Cuts) -> Credential<'a> {
        Credential {
            access_key: &text[..key],
            date: &text[key + 1..date],
            region: &text[date + 1..region],
            service: &text[region + 1..service],
            terminator: &text[service + 1..],
            scope: &text[key + 1..],
        }
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
