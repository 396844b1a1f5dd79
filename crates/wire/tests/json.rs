//! What JSON bodies are taken, and what is said of those that are not.

mod kitchen;

use wire::{Protocol, Structure, View};

fn read(body: &str) -> Box<dyn Structure> {
    kitchen::decode(Protocol::Json10, body.as_bytes()).unwrap_or_else(|e| panic!("{body}: {e}"))
}

fn refusal(body: &str) -> String {
    match kitchen::decode(Protocol::Json10, body.as_bytes()) {
        Ok(_) => panic!("{body} is taken"),
        Err(error) => error.to_string(),
    }
}

fn get<'a>(value: &'a dyn Structure, name: &str) -> View<'a> {
    let at = value.schema().members.iter().position(|m| m.name == name).expect("a member");
    value.get(at).view()
}

#[test]
fn unknown_members_are_skipped_whatever_they_hold() {
    let value = read(r#"{"Future":{"a":[1,{"b":null}]},"String":"s","another":"x"}"#);
    assert!(matches!(get(&*value, "String"), View::Text("s")));
    assert!(matches!(get(&*value, "Integer"), View::Absent));
}

#[test]
fn null_is_absent() {
    let value = read(r#"{"String":null,"Nested":null,"Texts":null}"#);
    assert!(
        value.schema().members.iter().enumerate().all(|(i, _)| matches!(value.get(i).view(), View::Absent))
    );
}

#[test]
fn nothing_is_an_empty_object() {
    assert!(matches!(get(&*read(""), "String"), View::Absent));
}

#[test]
fn what_is_no_object_is_refused() {
    for body in ["[]", "\"a\"", "1", "null", "{", "{}x", "{\"a\":}", "{\"String\":\"\\ud800\"}"] {
        assert!(!refusal(body).is_empty(), "{body}");
    }
    assert!(kitchen::decode(Protocol::Json10, b"{\"String\":\"\xff\"}").is_err());
}

#[test]
fn mismatches_say_what_was_found_and_wanted() {
    let cases = [
        (r#"{"Integer":"1"}"#, "STRING_VALUE can not be converted to an Integer"),
        (r#"{"Integer":true}"#, "TRUE_VALUE can not be converted to an Integer"),
        (r#"{"Boolean":0}"#, "NUMBER_VALUE can not be converted to a Boolean"),
        (r#"{"String":1}"#, "NUMBER_VALUE can not be converted to a String"),
        (r#"{"String":{}}"#, "Start of structure or map found where not expected."),
        (r#"{"String":[]}"#, "Start of list found where not expected"),
        (r#"{"Nested":[]}"#, "Start of list found where not expected"),
        (r#"{"Texts":{}}"#, "Start of structure or map found where not expected."),
        (r#"{"Texts":[null]}"#, "NULL_VALUE can not be converted to a String"),
        (r#"{"Timestamp":"1"}"#, "STRING_VALUE can not be converted to a Timestamp"),
        (r#"{"Blob":"not base64"}"#, "Blob is not valid base64"),
        (r#"{"Choice":{}}"#, "Choice has no member set"),
        (r#"{"Choice":{"Text":"a","Number":1}}"#, "Choice has more than one member set"),
    ];
    for (body, text) in cases {
        assert_eq!(refusal(body), text, "{body}");
    }
}

#[test]
fn a_member_is_given_once() {
    for body in
        [r#"{"String":"a","String":"b"}"#, r#"{"Texts":["a"],"Texts":["b"]}"#, r#"{"Nested":{},"Nested":{}}"#]
    {
        assert!(refusal(body).starts_with("Duplicate field "), "{body}");
    }
    // Of a key of a map the last value counts.
    let value = read(r#"{"SparseMap":{"a":1,"a":2}}"#);
    let View::Map(map) = get(&*value, "SparseMap") else { panic!("no map") };
    map.visit(&mut |key, value| {
        assert!(key == "a" && matches!(value.view(), View::Int(2)));
        true
    });
}

#[test]
fn nesting_is_bounded() {
    let nested =
        |depth: usize| format!("{}{}", "{\"Nested\":".repeat(depth), "}".repeat(depth)).replace(":}", ":{}}");
    read(&nested(100));
    for depth in [200, 100_000] {
        assert_eq!(refusal(&nested(depth)), "The request body is not valid JSON.");
        // What is skipped takes no stack, however deep.
        read(&format!("{{\"unknown\":{}{}}}", "[".repeat(depth), "]".repeat(depth)));
    }
}

#[test]
fn numbers_keep_to_their_ranges() {
    let long = |text: &str| match get(&*read(&format!("{{\"Long\":{text}}}")), "Long") {
        View::Int(n) => n,
        _ => panic!("no number"),
    };
    assert_eq!(long("9223372036854775807"), i64::MAX);
    assert_eq!(long("-9223372036854775808"), i64::MIN);
    assert_eq!((long("1e3"), long("2.0"), long("-0")), (1000, 2, 0));
    for text in ["9223372036854775808", "18446744073709551616", "1e19", "1.5", "-9223372036854775809"] {
        refusal(&format!("{{\"Long\":{text}}}"));
    }
    for text in ["2147483648", "-2147483649", "0.5"] {
        assert_eq!(
            refusal(&format!("{{\"Integer\":{text}}}")),
            "NUMBER_VALUE can not be converted to an Integer",
            "{text}"
        );
    }
    assert!(matches!(get(&*read("{\"Integer\":-2147483648}"), "Integer"), View::Int(-2_147_483_648)));
    assert!(matches!(get(&*read("{\"Double\":\"-Infinity\"}"), "Double"), View::Double(f64::NEG_INFINITY)));
    assert!(matches!(
        get(&*read("{\"Double\":2.2250738585072014e-308}"), "Double"),
        View::Double(f64::MIN_POSITIVE)
    ));
    for text in ["1e999", "\"inf\"", "\"nan\"", "\"1\"", "NaN"] {
        refusal(&format!("{{\"Double\":{text}}}"));
    }
}

#[test]
fn timestamps_are_seconds() {
    let millis = |text: &str| match get(&*read(&format!("{{\"Timestamp\":{text}}}")), "Timestamp") {
        View::Time(time) => time.millis(),
        _ => panic!("no time"),
    };
    assert_eq!(millis("1398796238.123"), 1_398_796_238_123);
    assert_eq!(millis("1.398796238e9"), 1_398_796_238_000);
    assert_eq!(millis("-1"), -1000);
    refusal("{\"Timestamp\":1e300}");
}
