use super::*;

fn read(text: &str) -> Value {
    value_from_slice(text.as_bytes()).expect(text).expect(text)
}

fn invalid(text: &str) -> String {
    value_from_slice(text.as_bytes()).expect(text).expect_err(text).to_string()
}

fn malformed(text: &str) -> String {
    let error = value_from_slice(text.as_bytes()).expect_err(text).to_string();
    error.split(" at line ").next().unwrap_or_default().to_owned()
}

#[test]
fn every_type_is_read() {
    assert_eq!(read(r#"{"S": "\u00e9\n"}"#), "é\n".into());
    assert_eq!(read(r#"{"N": "1.50"}"#), Value::N("1.5".parse().expect("a number")));
    assert_eq!(read(r#"{"B": "AP8="}"#), Value::B(vec![0, 255].into()));
    assert_eq!(read(r#"{"B": ""}"#), Value::B(Blob::default()));
    assert_eq!(read(r#"{"BOOL": false}"#), false.into());
    assert_eq!(read(r#"{"NULL": true}"#), Value::Null);
    assert_eq!(read(r#"{"L": [{"S": ""}, {"L": []}]}"#), Value::L(vec!["".into(), Value::L(vec![])]));
    assert_eq!(read(r#"{"M": {"b": {"N": "1"}, "a": {"M": {}}}}"#).to_string(), "{M:{a={M:{}}, b={N:1}}}");
    assert_eq!(read(r#"{"SS": ["b", "a"]}"#).to_string(), "{SS:[a, b]}");
    assert_eq!(read(r#"{"NS": ["10", "9", "-1e1"]}"#).to_string(), "{NS:[-10, 9, 10]}");
    assert_eq!(read(r#"{"BS": ["Yg==", "YQ=="]}"#).to_string(), "{BS:[YQ==, Yg==]}");
}

#[test]
fn what_the_service_lets_pass_is_read() {
    assert_eq!(read(r#"{"S": "a", "dog": {"S": [1]}, "N": null}"#), "a".into());
    for (text, value) in
        [("true", true), ("YES", true), ("1", true), ("no", false), ("False", false), ("0", false)]
    {
        assert_eq!(read(&format!(r#"{{"BOOL": "{text}"}}"#)), value.into());
    }
}

#[test]
fn wrong_values_have_the_services_texts() {
    let empty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
    let several = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
    let prefix = "One or more parameter values were invalid: ";
    for text in [
        "{}",
        "null",
        r#"{"a": ""}"#,
        r#"{"S": null}"#,
        r#"{"M": {"a": {}}}"#,
        r#"{"M": {"dog": {"cat": 1}}}"#,
        r#"{"L": [{}]}"#,
        r#"{"L": [null]}"#,
        r#"{"L": [{"a": {}}]}"#,
    ] {
        assert_eq!(invalid(text), empty, "{text}");
    }
    assert_eq!(invalid(r#"{"S": "a", "N": "1"}"#), several);
    for (text, expected) in [
        (r#"{"NULL": "no"}"#, "Null attribute value types must have the value of true"),
        (r#"{"NULL": false}"#, "Null attribute value types must have the value of true"),
        (r#"{"SS": []}"#, "An string set  may not be empty"),
        (r#"{"NS": []}"#, "An number set  may not be empty"),
        (r#"{"BS": []}"#, "Binary sets should not be empty"),
        (r#"{"SS": ["a", "a"]}"#, "Input collection [a, a] contains duplicates."),
        (r#"{"SS": ["b", "a", "b"]}"#, "Input collection [b, a, b] contains duplicates."),
        (r#"{"BS": ["Yg==", "Yg=="]}"#, "Input collection [Yg==, Yg==]of type BS contains duplicates."),
        (r#"{"M": {"a": {"L": [{"SS": []}]}}}"#, "An string set  may not be empty"),
    ] {
        assert_eq!(invalid(text), format!("{prefix}{expected}"), "{text}");
    }
    for (text, expected) in [
        (r#"{"S": "", "N": ""}"#, "The parameter cannot be converted to a numeric value"),
        (r#"{"S": "a", "N": "b"}"#, "The parameter cannot be converted to a numeric value: b"),
        (r#"{"NS": ["1", ""]}"#, "The parameter cannot be converted to a numeric value"),
        (r#"{"NS": ["1", "b"]}"#, "The parameter cannot be converted to a numeric value: b"),
        (r#"{"NS": ["1", "1"]}"#, "Input collection contains duplicates"),
        (r#"{"NS": ["1", "1.0"]}"#, "Input collection contains duplicates"),
    ] {
        assert_eq!(invalid(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_value_is_malformed() {
    let object = "Start of structure or map found where not expected";
    for (text, expected) in [
        ("1", "Unexpected value type in payload"),
        (r#""S""#, "Unexpected value type in payload"),
        ("[]", "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"),
        (r#"{"S": 1}"#, "NUMBER_VALUE cannot be converted to String"),
        (r#"{"N": 123}"#, "NUMBER_VALUE cannot be converted to String"),
        (r#"{"N": 1.5}"#, "DECIMAL_VALUE cannot be converted to String"),
        (r#"{"S": true}"#, "TRUE_VALUE cannot be converted to String"),
        (r#"{"S": {}}"#, object),
        (r#"{"S": []}"#, "Unrecognized collection type class java.lang.String"),
        (r#"{"B": 1}"#, "only base-64-encoded strings are convertible to bytes"),
        (r#"{"B": "YWJjZGVmZ2g"}"#, "Base64 encoded length is expected a multiple of 4 bytes but found: 11"),
        (r#"{"B": "YWJj??!!"}"#, "Invalid Base64 character: '?'"),
        (r#"{"B": "ZmVmZQ=!"}"#, "Invalid Base64 character: '='"),
        (r#"{"B": "YWJjZB=="}"#, "Invalid last non-pad Base64 character dectected"),
        (r#"{"BOOL": 1}"#, "NUMBER_VALUE cannot be converted to Boolean"),
        (r#"{"BOOL": "maybe"}"#, "Unexpected token received from parser"),
        (r#"{"BOOL": []}"#, "Unrecognized collection type class java.lang.Boolean"),
        (r#"{"L": 1}"#, "Unexpected field type"),
        (r#"{"L": {}}"#, object),
        (r#"{"L": [1]}"#, "Unexpected value type in payload"),
        (r#"{"SS": "a"}"#, "Unexpected field type"),
        (r#"{"SS": {}}"#, object),
        (r#"{"SS": [1]}"#, "NUMBER_VALUE cannot be converted to String"),
        (r#"{"M": 1}"#, "Unexpected field type"),
        (
            r#"{"M": []}"#,
            "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>",
        ),
    ] {
        assert_eq!(malformed(text), expected, "{text}");
    }
    // Shape comes before content.
    assert_eq!(malformed(r#"{"M": {"a": {}, "b": {"N": 1}}}"#), "NUMBER_VALUE cannot be converted to String");
    assert!(value_from_slice(br#"{"S": "a"} x"#).is_err());
    assert!(value_from_slice(br#"{"S": "a""#).is_err());
    assert!(value_from_slice(b"{\"B\": \"\xFFdog\"}").is_err());
}

fn nested(levels: usize) -> String {
    let mut text = r#"{"S": "leaf"}"#.to_owned();
    for level in 0..levels {
        text = if level % 2 == 0 {
            format!(r#"{{"M": {{"n": {text}}}}}"#)
        } else {
            format!(r#"{{"L": [{text}]}}"#)
        };
    }
    text
}

#[test]
fn depth_is_limited_without_recursion_beyond_it() {
    let depth = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";
    assert_eq!(crate::depth(&read(&nested(31))), 31);
    assert_eq!(invalid(&nested(32)), depth);
    assert_eq!(invalid(&nested(50)), depth);
    // What is too deep is passed over without recursion.
    assert_eq!(invalid(&nested(5000)), depth);
    assert!(value_from_slice("{\"L\":[".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn items_are_read_with_their_first_error() {
    let item = |text: &str| item_from_slice(text.as_bytes()).expect(text);
    assert_eq!(item("{}"), Ok(Item::new()));
    assert_eq!(item(r#"{"a": {"S": "1"}, "a": {"S": "2"}}"#), Ok(Item::from([("a", "2".into())])));
    assert_eq!(item(r#"{"b": {"SS": []}, "a": {}}"#), Err(Invalid::EmptyStrings));
    assert_eq!(item(r#"{"": {"S": "1"}}"#).expect_err("empty").to_string(), "Empty attribute name");
    let long = item(&format!(r#"{{"{}": {{"S": "1"}}}}"#, "x".repeat(65_536))).expect_err("long").to_string();
    assert!(long.contains("65536"), "{long}");
    assert!(item(&format!(r#"{{"{}": {{"S": "1"}}}}"#, "x".repeat(65_535))).is_ok());
    assert!(
        item_from_slice(b"[]").is_err()
            && item_from_slice(b"1").is_err()
            && item_from_slice(b"null").is_err()
    );
}

#[test]
fn named_values_keep_their_errors_apart() {
    let mut parser = serde_json::Deserializer::from_slice(br#"{":b": {}, ":a": {"S": "x"}}"#);
    let values = NamedSeed.deserialize(&mut parser).expect("of the right shape");
    assert_eq!(values, [(":b".into(), Err(Invalid::Empty)), (":a".into(), Ok("x".into()))]);
}
