//! Which bytes of an object are asked for.

use std::ops::Range;

use wire::Detailed;

/// The range that a `Range` header asks for of so many bytes; `None` for all of them: without a header, with one that
/// is malformed, and with several ranges, which S3 does not serve.
///
/// # Errors
/// `InvalidRange` if nothing of the object is in it.
pub fn of_header(header: Option<&str>, size: u64) -> Result<Option<Range<u64>>, Detailed> {
    let Some((text, spec)) = header.and_then(|text| Some((text, text.trim().strip_prefix("bytes=")?))) else {
        return Ok(None);
    };
    let Some((first, last)) = spec.split_once('-') else { return Ok(None) };
    let (first, last) = (first.trim(), last.trim());
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(suffix)) if first.is_empty() => size.saturating_sub(suffix)..size,
        _ => return Ok(None),
    };
    if range.start >= range.end {
        let error = Detailed::new("InvalidRange", 416, "The requested range is not satisfiable")
            .with("RangeRequested", text)
            .with("ActualObjectSize", size.to_string())
            .with_header("Content-Range", format!("bytes */{size}"));
        return Err(error);
    }
    Ok(Some(range))
}

/// Digits alone: no sign, no space.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // What is beyond any size means the end.
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// The `Content-Range` of an answer.
pub fn shown(range: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", range.start, range.end - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let of = |text| of_header(Some(text), 10);
        for (text, range) in [
            ("bytes=0-8", 0..9),
            ("bytes=3-", 3..10),
            ("bytes=0-100", 0..10),
            ("bytes=-3", 7..10),
            ("bytes=-100", 0..10),
            ("bytes=9-9", 9..10),
            ("bytes=0-99999999999999999999999", 0..10),
        ] {
            assert_eq!(of(text), Ok(Some(range)), "{text}");
        }
        for text in
            ["bytes=0-1,3-4", "bytes=5-2", "bytes=", "bytes=a-b", "0-5", "lines=0-1", "bytes=+1-2", "bytes=-"]
        {
            assert_eq!(of(text), Ok(None), "{text}");
        }
        for text in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            let error = of(text).unwrap_err();
            let members = [("RangeRequested", text.to_owned()), ("ActualObjectSize", "10".to_owned())];
            assert_eq!((error.status, error.members.as_slice()), (416, &members[..]), "{text}");
        }
        assert!(of_header(Some("bytes=0-"), 0).is_err());
        assert_eq!(shown(&(0..9), 10), "bytes 0-8/10");
    }
}
