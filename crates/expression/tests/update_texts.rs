//! What the service says of updates and projections that are wrong.

mod common;

use common::{Values, projection, update, values};

fn refused(text: &str) -> String {
    refused_with(text, &[], &Values::new())
}

fn refused_with(text: &str, names: &[(&str, &str)], values: &Values) -> String {
    let error =
        update(text, names, values).map(|bound| bound.tree().to_string()).expect_err(text).to_string();
    error.strip_prefix("Invalid UpdateExpression: ").expect("the parameter is named").to_owned()
}

#[test]
fn what_is_not_of_the_language_is_a_syntax_error() {
    for text in [
        "whatever",
        "set a",
        "add a",
        "delete a",
        "set a=set",
        "remove a = b",
        "add a = b",
        "delete a = b",
        "delete a b",
        "delete a if_not_exist(b)",
        "add abort b",
        "add a if_not_exist(b)",
        "remove a b",
        "set a b",
        "set :a = b",
        "add :a b",
        "delete :a b",
        "remove :a",
        "set a = b / c",
        "set a = b * c",
        "set a[1] = \"eight\"",
        "set a[1] = 1",
        "SET a = if_not_exist(a, 100)",
        "SET if_not_exist(a, b) = a",
        "set (a = (b + c))",
        "set a = (b.c).d + e",
        "set a = (b.c)[0] + e",
        "set a = b + c + d",
        "set a = (b + c) + d",
        "SET _123 = :v",
        "SET 123a = :v",
        "SET hi-there = :v",
        "SET hi$there = :v",
        "SET # = :v",
        "SET a = :",
        "SET a = :hi!there",
        "SET a = _f(b,c,d)",
        "SET a[#xyz] = :v",
        "SET a[:xyz] = :v",
        "SET c = if_not_exists(c, :v+:w)",
        "HELLO b = :v",
    ] {
        assert!(refused(text).starts_with("Syntax error; token: "), "{text}: {}", refused(text));
    }
}

#[test]
fn syntax_errors_show_the_token_between_its_neighbours() {
    for (text, token, near) in [
        ("INVALID SYNTAX HERE", "INVALID", "INVALID SYNTAX"),
        ("  RESET NonExistent value", "RESET", "  RESET NonExistent"),
        ("ADD hits : incr", ":", "hits : incr"),
        ("SET #, #, b", "#", "SET #,"),
        ("SET _123 = :v", "_", "SET _123"),
        ("SET a = :v,", "<EOF>", ","),
        ("SET MyStr[ 3 ", "<EOF>", "3 "),
        ("SET MyStr[3 )", ")", "3 )"),
        ("SET MyStr[3)", ")", "3)"),
        ("SET )", ")", "SET )"),
        ("SET ) 3", ")", "SET ) 3"),
        ("SET MyStr = (:_val ", "<EOF>", ":_val "),
        ("SET MyStr = [:_val  ", "[", "= [:_val"),
        ("SET MyStr = ):_val + :val2", ")", "= ):_val"),
        ("SET a [2 1]. b = :v", "1", "2 1]"),
        ("SET a [  [2] ]. b = :v", "[", "[  [2"),
        ("SET #a a = :v", "a", "#a a ="),
        ("SET a = b + + :_val", "+", "+ + :_val"),
        ("SET if_not_exists(a, b) = c", "(", "if_not_exists(a"),
        ("SET MyStr = myNum Mystr2 myNum2", "Mystr2", "myNum Mystr2 myNum2"),
        ("SET path = VALUE 1", "1", "VALUE 1"),
    ] {
        assert_eq!(refused(text), format!("Syntax error; token: \"{token}\", near: \"{near}\""), "{text}");
    }
}

#[test]
fn faults_are_reported_by_their_gravity() {
    let names = [("#a", "a"), ("#b", "b")];
    let texts = values(&[(":a", r#"{"S": "a"}"#), (":b", r#"{"S": "a"}"#)]);
    for (text, expected) in [
        (" set #c = :c set abOrt = true ", "Attribute name is a reserved keyword; reserved keyword: abOrt"),
        (" remove Absolute ", "Attribute name is a reserved keyword; reserved keyword: Absolute"),
        ("set #c = if_not_exist(:c) set c = d", "Invalid function name; function: if_not_exist"),
        ("set a = size(b)", "The function is not allowed in an update expression; function: size"),
        (
            "set a = list_append(list_append(:a, :b), :b)",
            "The function is not allowed to be used this way in an expression; function: list_append",
        ),
        ("set a = #c set c = :d", "The \"SET\" section can only be used once in an update expression;"),
        (
            "remove #d set a = b remove e",
            "The \"REMOVE\" section can only be used once in an update expression;",
        ),
        (
            "add #d :e set a = b add e :f",
            "The \"ADD\" section can only be used once in an update expression;",
        ),
        (
            "delete #d :e set a = b delete #e :f",
            "The \"DELETE\" section can only be used once in an update expression;",
        ),
        (
            "SET #c = if_not_exists(:c)",
            "An expression attribute name used in the document path is not defined; attribute name: #c",
        ),
        (
            "SET #a = if_not_exists(:c)",
            "An expression attribute value used in expression is not defined; attribute value: :c",
        ),
    ] {
        assert_eq!(refused_with(text, &names, &texts), expected, "{text}");
    }
    assert_eq!(refused(""), "The expression can not be empty;");
    let long = format!("SET{}a = :val", " ".repeat(4086));
    assert_eq!(
        refused(&long),
        "Expression size has exceeded the maximum allowed size; expression size: 4097"
    );
}

#[test]
fn paths_must_not_meet() {
    let names = [("#b", "b"), ("#c", "c"), ("#d", "[3]"), ("#a1", "a"), ("#a2", "a")];
    let values = values(&[(":v", r#"{"N": "1"}"#)]);
    for (text, one, two) in [
        ("set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)", "[c, [1], a]", "[c]"),
        ("set #c[3].#d = a, #c[3] = a", "[c, [3], [3]]", "[c, [3]]"),
        ("REMOVE a SET a = :v", "[a]", "[a]"),
        ("SET #a1 = :v, #a2 = :v", "[a]", "[a]"),
        ("SET a = :v, a.b = :v", "[a]", "[a, b]"),
        ("SET a.b = :v, a = :v", "[a, b]", "[a]"),
        ("SET a.b = :v, a.b.c.d.e = :v", "[a, b]", "[a, b, c, d, e]"),
        ("SET a[1][1][1][1] = :v, a[1][1] = :v", "[a, [1], [1], [1], [1]]", "[a, [1], [1]]"),
    ] {
        assert_eq!(
            refused_with(text, &names, &values),
            format!(
                "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: {one}, path two: {two}"
            ),
            "{text}"
        );
    }
    for (text, one, two) in [
        ("set #c[3].#d = a, #c.#d[3] = if_not_exists(a)", "[c, [3], [3]]", "[c, [3], [3]]"),
        ("remove a.#c set a[1] = #d", "[a, c]", "[a, [1]]"),
        ("SET a.b.c = :v, a.b[2] = :v", "[a, b, c]", "[a, b, [2]]"),
    ] {
        assert_eq!(
            refused_with(text, &names, &values),
            format!(
                "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: {one}, path two: {two}"
            ),
            "{text}"
        );
    }
    for text in ["SET a.b = :v, a.c.d = :v, b.x = :v REMOVE a.x, b.y", "SET a[1] = :v, a[2].b = :v"] {
        assert!(update(text, &[], &values).is_ok(), "{text}");
    }
}

#[test]
fn values_of_add_and_delete_are_checked_by_type() {
    for (text, json, word, found) in [
        ("set b = list_append(:a, a), c = if_not_exists(a) add a.b :a", r#"{"S": "a"}"#, "ADD", "STRING"),
        ("delete a.b :a", r#"{"S": "a"}"#, "DELETE", "STRING"),
        ("add a.b :a", r#"{"NULL": "1"}"#, "ADD", "NULL"),
        ("delete a.b :a", r#"{"NULL": "yes"}"#, "DELETE", "NULL"),
        ("add a.b :a", r#"{"BOOL": "0"}"#, "ADD", "BOOLEAN"),
        ("delete a.b :a", r#"{"B": "YQ=="}"#, "DELETE", "BINARY"),
        ("add a.b :a", r#"{"M": {}}"#, "ADD", "MAP"),
        ("add a.b :a", r#"{"L": [{"N": "1"}]}"#, "ADD", "LIST"),
        ("delete a.b :a", r#"{"N": "1"}"#, "DELETE", "NUMBER"),
    ] {
        assert_eq!(
            refused_with(text, &[], &values(&[(":a", json)])),
            format!(
                "Incorrect operand type for operator or function; operator: {word}, operand type: {found}"
            )
        );
    }
    for json in [r#"{"N": "1"}"#, r#"{"SS": ["1"]}"#, r#"{"NS": ["1"]}"#, r#"{"BS": ["YQ=="]}"#] {
        assert!(update("add a.b :a", &[], &values(&[(":a", json)])).is_ok());
    }
}

#[test]
fn operands_of_functions_are_checked() {
    let all = values(&[
        (":a", r#"{"S": "a"}"#),
        (":b", r#"{"N": "1"}"#),
        (":c", r#"{"B": "YQ=="}"#),
        (":d", r#"{"BOOL": false}"#),
        (":e", r#"{"NULL": true}"#),
        (":f", r#"{"SS": ["a"]}"#),
        (":i", r#"{"M": {}}"#),
        (":j", r#"{"L": []}"#),
    ]);
    for (text, name, found) in [
        ("set a = list_append(:a, a)", "list_append", "S"),
        ("set a = list_append(a, :b)", "list_append", "N"),
        ("set a = list_append(:c, a)", "list_append", "B"),
        ("set a = list_append(:d, a)", "list_append", "BOOL"),
        ("set a = list_append(:e, a)", "list_append", "NULL"),
        ("set a = list_append(:f, a)", "list_append", "SS"),
        ("set a = list_append(:i, a)", "list_append", "M"),
        ("set a = a + :a", "+", "S"),
        ("set a = :a + :c", "+", "S"),
        ("set a = :c + a", "+", "B"),
        ("set a = a + :j", "+", "L"),
        ("set a = a - :d", "-", "BOOL"),
        ("set a = :e - :b", "-", "NULL"),
    ] {
        assert_eq!(
            refused_with(text, &[], &all),
            format!(
                "Incorrect operand type for operator or function; operator or function: {name}, operand type: {found}"
            )
        );
    }
    for (text, name, count) in [
        ("set a = if_not_exists(c)", "if_not_exists", 1),
        ("set a = list_append(c)", "list_append", 1),
        ("set a = list_append(c, d, e)", "list_append", 3),
    ] {
        assert_eq!(
            refused(text),
            format!(
                "Incorrect number of operands for operator or function; operator or function: {name}, number of operands: {count}"
            )
        );
    }
    for text in ["set a = if_not_exists(:a, c)", "set a = if_not_exists(if_not_exists(a, b), c)"] {
        assert_eq!(
            refused_with(text, &[], &all),
            "Operator or function requires a document path; operator or function: if_not_exists"
        );
    }
    let nested = format!("SET a = {}b{}", "if_not_exists(a,".repeat(239), ")".repeat(239));
    assert!(update(&nested, &[], &Values::new()).is_ok());
}

fn refused_projection(text: &str, names: &[(&str, &str)]) -> String {
    let error = projection(text, names).map(|bound| bound.tree().to_string()).expect_err(text).to_string();
    error.strip_prefix("Invalid ProjectionExpression: ").expect("the parameter is named").to_owned()
}

#[test]
fn projections_that_are_wrong_are_refused() {
    assert_eq!(refused_projection("", &[]), "The expression can not be empty;");
    for text in ["a,", ",a", "a,,b", "a b", "a.", "a[b]", "a[]", ":a", "a[0]b", "(a)"] {
        assert!(refused_projection(text, &[]).starts_with("Syntax error; "), "{text}");
    }
    assert_eq!(refused_projection("!!! INVALID !!!", &[]), "Syntax error; token: \"!\", near: \"!!\"");
    assert_eq!(
        refused_projection("pk, status", &[]),
        "Attribute name is a reserved keyword; reserved keyword: status"
    );
    assert_eq!(
        refused_projection("a.#n", &[]),
        "An expression attribute name used in the document path is not defined; attribute name: #n"
    );
    for (text, one, two) in [
        ("a,a", "[a]", "[a]"),
        ("a.b[0], a.b[0]", "[a, b, [0]]", "[a, b, [0]]"),
        ("a, a.b[2].c", "[a]", "[a, b, [2], c]"),
        ("a.b.d.e, #x.b", "[a, b, d, e]", "[a, b]"),
    ] {
        assert_eq!(
            refused_projection(text, &[("#x", "a")]),
            format!(
                "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: {one}, path two: {two}"
            )
        );
    }
    assert_eq!(
        refused_projection("a.b, a[1]", &[]),
        "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]"
    );
    for text in ["a, b", "a.b, a.c", "a.b.d, a.b.e", "a[1], a[2]", "a.b, a.c[2]", " x  ,\ty"] {
        assert!(projection(text, &[]).is_ok(), "{text}");
    }
    assert!(projection(&"x".repeat(4096), &[]).is_ok());
    let long = "x".repeat(4097);
    assert_eq!(
        refused_projection(&long, &[]),
        "Expression size has exceeded the maximum allowed size; expression size: 4097"
    );
}
