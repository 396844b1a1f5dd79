//! How bodies are compressed: what a client takes, and what it sends.

use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};

/// A coding of a body that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    /// The format of zlib, which HTTP calls deflate.
    Deflate,
}

/// The body has a coding that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown;

impl Coding {
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Gzip, Self::Deflate].into_iter().find(|coding| name.eq_ignore_ascii_case(coding.name()))
    }

    /// What the body of a request has; none if it is plain.
    pub fn of_request(headers: &HeaderMap) -> Result<Option<Self>, Unknown> {
        let Some(value) = headers.get(CONTENT_ENCODING) else { return Ok(None) };
        let name = value.to_str().map_err(|_| Unknown)?.trim();
        // The last is no coding: older clients of JSON services say it of their documents.
        if ["", "identity", "amz-1.0"].iter().any(|plain| name.eq_ignore_ascii_case(plain)) {
            return Ok(None);
        }
        Self::of(name).map(Some).ok_or(Unknown)
    }

    /// The one that a client likes best of those it takes, as DynamoDB reads its wish: of two that it likes the same the
    /// first, `*` for those it does not name, no more weight than 1, and of several headers the first.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let wishes = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
        let mut named: Vec<(Self, f32)> = Vec::new();
        let mut others = 0.0_f32;
        for wish in wishes.split(',') {
            let (name, rest) = wish.split_once(';').unwrap_or((wish, ""));
            match (name.trim(), weight(rest)) {
                ("*", weight) => others = weight,
                (name, weight) => named.extend(Self::of(name).map(|coding| (coding, weight))),
            }
        }
        let unnamed = [Self::Gzip, Self::Deflate]
            .into_iter()
            .filter(|coding| named.iter().all(|(known, _)| known != coding))
            .map(|coding| (coding, others));
        let mut best: Option<(Self, f32)> = None;
        for (coding, weight) in named.iter().copied().chain(unnamed) {
            if weight > best.map_or(0.0, |(_, most)| most) {
                best = Some((coding, weight));
            }
        }
        best.map(|(coding, _)| coding)
    }
}

/// The first weight among the parameters of a wish; what is none counts as 1.
fn weight(parameters: &str) -> f32 {
    let Some((_, rest)) = parameters.split_once("q=") else { return 1.0 };
    let text = rest.split(';').next().unwrap_or_default().trim();
    text.parse().ok().filter(|weight: &f32| weight.is_finite()).map_or(1.0, |weight| weight.min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes() {
        let best = |wish: &str| {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, wish.parse().unwrap())]);
            Coding::accepted(&headers).map(Coding::name)
        };
        for none in [
            "",
            "identity",
            "br, zstd",
            "x-gzip",
            "gzip ;q=0",
            "*;q=0",
            "\"gzip\"",
            "gzip br",
            "gzip:q=1",
            "gzip;q= 0;q=1",
            "gzip;nq=0;q=1",
            "br;q=0.8,identity;q=0.5,*;q=0",
        ] {
            assert_eq!(best(none), None, "{none}");
        }
        for gzip in [
            "gzip",
            "GZIP, identity",
            "dog, gzip ,, cat",
            "gzip, deflate",
            "*",
            "*, deflate;q=0.5",
            "*;q=0.5,identity",
            "deflate;q=0.5, gzip;q=31",
            "gzip;q=31,deflate;q=51",
            "deflate;q=0.5,gzip;q=0.x",
            "deflate;q=0.5,gzip;q=nan",
            "deflate;q=-0.5,gzip;q=0.2",
            "gzip;q =0;q=1",
            "gzip;q=0, gzip;q=1, gzip;q=0",
            "br,identity;q=0.5,gzip;q=0.0001",
        ] {
            assert_eq!(best(gzip), Some("gzip"), "{gzip}");
        }
        for deflate in [
            "br, identity, deflate, gzip",
            "*, deflate",
            "*, gzip;q=0.5",
            "deflate;q=0.5,gzip;q=0.",
            "gzip;q=0, deflate",
        ] {
            assert_eq!(best(deflate), Some("deflate"), "{deflate}");
        }
        assert_eq!(Coding::accepted(&HeaderMap::new()), None);
    }

    #[test]
    fn what_a_request_says() {
        let said = |text: &str| {
            Coding::of_request(&HeaderMap::from_iter([(CONTENT_ENCODING, text.parse().unwrap())]))
        };
        assert_eq!(Coding::of_request(&HeaderMap::new()), Ok(None));
        assert_eq!(said("identity"), Ok(None));
        assert_eq!(said("amz-1.0"), Ok(None));
        assert_eq!(said("GZip"), Ok(Some(Coding::Gzip)));
        assert_eq!(said("deflate"), Ok(Some(Coding::Deflate)));
        assert_eq!(said("garbage"), Err(Unknown));
        assert_eq!(said("gzip, gzip"), Err(Unknown));
    }
}
