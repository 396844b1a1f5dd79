//! Lines of an export's files.

use attribute::{Item, write_item, write_stored};

use crate::error::corrupt;
use crate::row::Row;
use crate::schema::{KeyNames, only};

/// Appends an item.
pub fn of_item(row: &Row, out: &mut Vec<u8>) -> Result<(), store::Error> {
    out.extend_from_slice(b"{\"Item\":");
    image(row, out)?;
    out.extend_from_slice(b"}\n");
    Ok(())
}

/// Appends what has become of an item; nothing, and false, if it came and went. An item that is gone has no new image, and one
/// that was not there no old one.
pub fn of_change(
    key: &KeyNames,
    at_ms: i64,
    (old, new): (Option<&Row>, Option<&Row>),
    old_images: bool,
    out: &mut Vec<u8>,
) -> Result<bool, store::Error> {
    let Some(either) = new.or(old) else { return Ok(false) };
    let keys: Item = only(key.all(), &either.item()?);
    let micros = at_ms.saturating_mul(1000);
    out.extend_from_slice(b"{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"");
    out.extend_from_slice(micros.to_string().as_bytes());
    out.extend_from_slice(b"\"}},\"Keys\":");
    write_item(&keys, out);
    for (name, row) in [("OldImage", old.filter(|_| old_images)), ("NewImage", new)] {
        if let Some(row) = row {
            out.extend_from_slice(format!(",\"{name}\":").as_bytes());
            image(row, out)?;
        }
    }
    out.extend_from_slice(b"}\n");
    Ok(true)
}

fn image(row: &Row, out: &mut Vec<u8>) -> Result<(), store::Error> {
    write_stored(&row.stored, out).map_err(corrupt)
}

#[cfg(test)]
mod tests {
    use attribute::Value;

    use super::*;

    fn row(value: &str) -> Row {
        let item = Item::from([("p", Value::from("a")), ("v", Value::from(value))]);
        Row::decode(&Row::encode(&item, None).1, None).expect("a row")
    }

    fn change(old: Option<&str>, new: Option<&str>, old_images: bool) -> String {
        let key = KeyNames { partition: vec!["p".to_owned()], sort: Vec::new() };
        let mut out = Vec::new();
        let (old, new) = (old.map(row), new.map(row));
        let images = (old.as_ref(), new.as_ref());
        let written = of_change(&key, 1_680_109_764_123, images, old_images, &mut out).expect("written");
        assert_eq!(written, !out.is_empty());
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn lines_are_as_the_service_writes_them() {
        let mut out = Vec::new();
        of_item(&row("1"), &mut out).expect("written");
        assert_eq!(out, b"{\"Item\":{\"p\":{\"S\":\"a\"},\"v\":{\"S\":\"1\"}}}\n");
        let head = r#"{"Metadata":{"WriteTimestampMicros":{"N":"1680109764123000"}},"Keys":{"p":{"S":"a"}}"#;
        let image =
            |name: &str, value: &str| format!(r#","{name}":{{"p":{{"S":"a"}},"v":{{"S":"{value}"}}}}"#);
        let (old, new) = (image("OldImage", "1"), image("NewImage", "2"));
        assert_eq!(change(None, Some("2"), true), format!("{head}{new}}}\n"));
        assert_eq!(change(Some("1"), Some("2"), true), format!("{head}{old}{new}}}\n"));
        assert_eq!(change(Some("1"), Some("2"), false), format!("{head}{new}}}\n"));
        assert_eq!(change(Some("1"), None, true), format!("{head}{old}}}\n"));
        assert_eq!(change(Some("1"), None, false), format!("{head}}}\n"));
        assert_eq!(change(None, None, true), "");
    }
}
