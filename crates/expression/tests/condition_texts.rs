//! What the service says of conditions that are wrong.

mod common;

use common::{Values, condition, condition_of, values};
use expression::Parameter;

const PREFIX: &str = "Invalid ConditionExpression: ";

fn refused(text: &str) -> String {
    refused_with(text, &[], &Values::new())
}

fn refused_with(text: &str, names: &[(&str, &str)], values: &Values) -> String {
    let error =
        condition(text, names, values).map(|bound| bound.tree().to_string()).expect_err(text).to_string();
    error.strip_prefix(PREFIX).expect("the parameter is named").to_owned()
}

#[test]
fn what_is_not_of_the_language_is_a_syntax_error() {
    for text in [
        "things are not gonna be ok",
        "a > 4",
        "attribute_exists(Pictures-RearView)",
        "attribute_exists(\"Pictures.RearView\")",
        "attribute_exists(Pictures..RearView)",
        "attribute_exists(Pi#ctures.RearView)",
        "attribute_exists(asdf[a])",
        "a in b, c",
        "a > between",
        "a in b",
        "a in (b,c,)",
        "a IN ()",
        "(a)between(b.(c.d))and(c)",
        "(a)between(b.c.d)and((c)",
        "#$.b > a",
        "a > :things.stuff",
        "b[:a] > a",
        "b[#_] > a",
        "ü > a",
        "(a)between(b.c[4.5].#d)and(:a)",
        "size(a).b > a",
        "(size(a)).b > a",
        "size(a)[0] > a",
        "(size(a))[0] > a",
        "a",
        ":a",
        "(a)",
        "a AND b = c",
        "a = b AND",
        "NOT a",
        "f()",
        "a != b",
        "a = b = c",
        "(a = b) = c",
        "_a = b",
        "a = b)",
        "(a = b",
        "(((",
        "a = b + c",
    ] {
        assert!(refused(text).starts_with("Syntax error; token: "), "{text}: {}", refused(text));
    }
}

#[test]
fn syntax_errors_show_the_token_between_its_neighbours() {
    for (text, token, near) in [
        ("foo", "<EOF>", "foo"),
        ("a > 4", "4", "> 4"),
        ("a == b", "=", "== b"),
        ("pk  =  :hashId a", "a", ":hashId a"),
        ("a IN ( )", ")", "( )"),
        ("!!! INVALID", "!", "!!"),
        ("a = b  ", "none", ""),
    ] {
        if token == "none" {
            assert!(condition(text, &[], &Values::new()).is_ok());
            continue;
        }
        assert_eq!(refused(text), format!("Syntax error; token: \"{token}\", near: \"{near}\""));
    }
}

#[test]
fn empty_and_long_texts_are_refused() {
    assert_eq!(refused(""), "The expression can not be empty;");
    assert_eq!(refused("  "), "The expression can not be empty;");
    let text = format!("a{} = b", " ".repeat(4092));
    assert_eq!(
        refused(&text),
        "Expression size has exceeded the maximum allowed size; expression size: 4097"
    );
    assert!(condition(&text.replacen(' ', "", 1), &[], &Values::new()).is_ok());
    let text = "(".repeat(15_000);
    assert!(refused(&text).starts_with("Expression size has exceeded the maximum allowed size"));
}

#[test]
fn operators_are_counted() {
    let chain = |count: usize| format!("a<b {}{}", "or (a<b ".repeat(count), ")".repeat(count));
    assert!(condition(&chain(149), &[], &Values::new()).is_ok());
    assert_eq!(refused(&chain(150)), "The expression contains too many operators; operator count: 301");
    assert_eq!(refused(&chain(454)), "The expression contains too many operators; operator count: 301");
    let nots = |count: usize| format!("{}a<b", "not ".repeat(count));
    assert!(condition(&nots(299), &[], &Values::new()).is_ok());
    assert_eq!(refused(&nots(1000)), "The expression contains too many operators; operator count: 301");
    let nested = format!("{}a<b{}", "not (".repeat(299), ")".repeat(299));
    assert!(condition(&nested, &[], &Values::new()).is_ok());
}

#[test]
fn depth_is_refused_without_recursion_beyond_it() {
    assert_eq!(
        refused(&format!("{}a<b{}", "(".repeat(2046), ")".repeat(2046))),
        "The expression has redundant parentheses;"
    );
    assert_eq!(refused(&"(".repeat(4096)), "The expression has redundant parentheses;");
    let calls =
        |name: &str, count: usize| format!("a < {}b{}", format!("{name}(").repeat(count), ")".repeat(count));
    assert_eq!(refused(&calls("f", 1355)), "Invalid function name; function: f");
    let size = "Incorrect operand type for operator or function; operator or function: size, operand type: N";
    assert_eq!(refused(&calls("size", 680)), size);
    assert_eq!(refused(&calls("size", 100)), size);
}

#[test]
fn redundant_parentheses_are_refused() {
    for text in [
        "a=a and a > ((views))",
        "(a)between(((b.c)).d)and(c)",
        "a > whatever((:things), ((a)))",
        "a=a AND ((a=a AND a=a)) AND a=a",
        "a=a OR ((a=a OR a=a)) OR a=a",
        "a=a AND ((a=a AND (a=a AND a=a)))",
        "a=a OR ((a=a OR (a=a OR a=a)))",
        "((a <> b))",
        "((attribute_exists(a)))",
        "(((a))) = b",
    ] {
        assert_eq!(refused(text), "The expression has redundant parentheses;", "{text}");
    }
    for text in [
        "(a <> b)",
        "((a <> b) and a <> b)",
        "(attribute_exists(a)) AND (attribute_exists(b))",
        "(attribute_exists(a) AND (attribute_exists(b)))",
        "((a=b) AND (c=d))",
        "(size(a)) = b",
        "((size(a)) = b) AND (c) = (d)",
        "(b.c).d = a AND (a)between(b)and((c).d)",
        "NOT (a = b)",
        "(NOT (a = b))",
    ] {
        assert!(condition(text, &[], &Values::new()).is_ok(), "{text}");
    }
}

#[test]
fn functions_are_checked_by_name_and_place() {
    for (text, name) in [
        ("a=a and whatever((:things)) > a", "whatever"),
        ("attRIbute_exIsts((views), #a)", "attRIbute_exIsts"),
        ("BEGINS_WITH(a, :b)", "BEGINS_WITH"),
    ] {
        assert_eq!(refused(text), format!("Invalid function name; function: {name}"));
    }
    for name in ["if_not_exists", "list_append"] {
        assert_eq!(
            refused(&format!("{name}(a, a)=:arg")),
            format!("The function is not allowed in a condition expression; function: {name}")
        );
    }
    for (text, name) in [
        ("a=a and attribute_exists((views), (#a)) > b", "attribute_exists"),
        ("attribute_not_exists(things) > b", "attribute_not_exists"),
        ("attribute_type(things, :a) > b", "attribute_type"),
        ("begins_with(things, a) > b", "begins_with"),
        ("contains(:things, c) > b", "contains"),
        ("size(contains(a, b)) > a", "contains"),
        ("size(things)", "size"),
        ("NOT size(things)", "size"),
        ("(size(things))", "size"),
        ("a between b and attribute_exists(things)", "attribute_exists"),
        ("a in (b, attribute_exists(things))", "attribute_exists"),
    ] {
        assert_eq!(
            refused(text),
            format!("The function is not allowed to be used this way in an expression; function: {name}"),
            "{text}"
        );
    }
}

#[test]
fn reserved_words_need_a_placeholder() {
    for (text, word) in
        [("attribute_exists(views, #a)", "views"), (":a < abOrT", "abOrT"), ("a.name = :b", "name")]
    {
        assert_eq!(refused(text), format!("Attribute name is a reserved keyword; reserved keyword: {word}"));
    }
}

#[test]
fn placeholders_must_be_defined() {
    for (text, name) in [
        ("attribute_exists(#Pictures.RearView, :a) and a=a", "#Pictures"),
        ("begins_with(Pictures.#RearView)", "#RearView"),
        ("(#P between :lo and :hi) and (#PC in (:cat1, :cat2))", "#P"),
        ("#4g > a", "#4g"),
        ("#_ > a", "#_"),
        ("(a)between(b.c[45].#d)and(:a)", "#d"),
    ] {
        assert_eq!(
            refused(text),
            format!(
                "An expression attribute name used in the document path is not defined; attribute name: {name}"
            )
        );
    }
    for (text, name) in [("begins_with(:hello, #a, #b)", ":hello"), (":a < :b", ":a"), (":_ > a", ":_")] {
        assert_eq!(
            refused(text),
            format!(
                "An expression attribute value used in expression is not defined; attribute value: {name}"
            )
        );
    }
}

#[test]
fn operands_are_counted() {
    for (text, name, count) in [
        ("attribute_exists(things, a) and a=a", "attribute_exists", 2),
        ("attribute_not_exists(things, b)", "attribute_not_exists", 2),
        ("attribute_type(things)", "attribute_type", 1),
        ("begins_with(things)", "begins_with", 1),
        ("begins_with(things, size(a), b)", "begins_with", 3),
        ("contains(things)", "contains", 1),
        ("size(things, a) > b", "size", 2),
    ] {
        assert_eq!(
            refused(text),
            format!(
                "Incorrect number of operands for operator or function; operator or function: {name}, number of operands: {count}"
            )
        );
    }
    let many: Vec<String> = (0..101).map(|at| format!("a{at}")).collect();
    assert_eq!(
        refused(&format!("a IN ({})", many.join(","))),
        "The IN operator is provided with too many operands; number of operands: 101"
    );
    assert!(condition(&format!("a IN ({})", many[1..].join(",")), &[], &Values::new()).is_ok());
}

const TYPES: [(&str, &str); 10] = [
    ("N", r#"{"N": "1"}"#),
    ("S", r#"{"S": "N"}"#),
    ("B", r#"{"B": "YQ=="}"#),
    ("BOOL", r#"{"BOOL": true}"#),
    ("NULL", r#"{"NULL": true}"#),
    ("L", r#"{"L": []}"#),
    ("M", r#"{"M": {}}"#),
    ("SS", r#"{"SS": ["1"]}"#),
    ("NS", r#"{"NS": ["1"]}"#),
    ("BS", r#"{"BS": ["YQ=="]}"#),
];

/// Tries an expression with a value of every type; those that are not taken are refused.
fn only(text: &str, name: &str, taken: &[&str]) {
    for (kind, json) in TYPES {
        let values = values(&[(":a", json)]);
        if taken.contains(&kind) {
            assert!(condition(text, &[], &values).is_ok(), "{text} with {kind}");
            continue;
        }
        assert_eq!(
            refused_with(text, &[], &values),
            format!(
                "Incorrect operand type for operator or function; operator or function: {name}, operand type: {kind}"
            )
        );
    }
}

#[test]
fn types_of_values_are_checked() {
    only("attribute_type(a, :a)", "attribute_type", &["S"]);
    only("begins_with(a, :a)", "begins_with", &["S", "B"]);
    only("begins_with(:a, a)", "begins_with", &["S", "B"]);
    only("size(:a) > a", "size", &["S", "B", "L", "M", "SS", "NS", "BS"]);
    for sign in ["<", "<=", ">", ">="] {
        only(&format!("a {sign} :a"), sign, &["S", "N", "B"]);
        only(&format!(":a {sign} a"), sign, &["S", "N", "B"]);
    }
    only("a BETWEEN :a AND b", "BETWEEN", &["S", "N", "B"]);
    only("a BETWEEN b AND :a", "BETWEEN", &["S", "N", "B"]);
    only("a = :a AND a <> :a AND a IN (:a) AND contains(a, :a)", "", &TYPES.map(|(kind, _)| kind));
    let number = values(&[(":a", r#"{"N": "1"}"#)]);
    let wrong = |name: &str| {
        format!(
            "Incorrect operand type for operator or function; operator or function: {name}, operand type: N"
        )
    };
    assert_eq!(
        refused_with("attribute_type(a, size(a)) and a=a and a=:a", &[], &number),
        wrong("attribute_type")
    );
    assert_eq!(refused_with("begins_with(a, size(a)) and a=:a", &[], &number), wrong("begins_with"));
    assert_eq!(refused_with("size(size(a)) > :a", &[], &number), wrong("size"));
    assert_eq!(refused_with("attribute_not_exists(size(:a))", &[], &number), wrong("size"));
    assert_eq!(
        refused("attribute_type(ab.bc[1].a, SS)"),
        "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}"
    );
    assert_eq!(
        refused_with("attribute_type(a, :a)", &[], &values(&[(":a", r#"{"S": "DOG"}"#)])),
        "Invalid attribute type name found; type: DOG, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
    );
}

#[test]
fn paths_are_required_and_distinct() {
    let text = values(&[(":a", r#"{"S": "1"}"#)]);
    for (expression, name) in [
        ("attribute_exists(:a) and a=a", "attribute_exists"),
        ("attribute_not_exists(size(:a))", "attribute_not_exists"),
    ] {
        assert_eq!(
            refused_with(expression, &[], &text),
            format!("Operator or function requires a document path; operator or function: {name}")
        );
    }
    for (expression, name, path) in [
        ("a = a AND #a = b AND :views > a", "=", "[a]"),
        ("#a <> a", "<>", "[a]"),
        ("a > #a", ">", "[a]"),
        ("((a=a) OR (a=a))", "=", "[a]"),
        ("((a=a) AND (a=a))", "=", "[a]"),
        ("contains(ab.bc[1].a, ab.bc[1].#a)", "contains", "[ab, bc, [1], a]"),
        ("attribute_type(ab.bc[1].#a, ab.bc[1].a)", "attribute_type", "[ab, bc, [1], a]"),
        ("begins_with(ab.bc[1].a, ab.bc[1].#a)", "begins_with", "[ab, bc, [1], a]"),
    ] {
        assert_eq!(
            refused_with(expression, &[("#a", "a")], &Values::new()),
            format!(
                "The first operand must be distinct from the remaining operands for this operator or function; operator: {name}, first operand: {path}"
            ),
            "{expression}"
        );
    }
    assert!(condition(":a >= :a", &[], &text).is_ok());
}

#[test]
fn bounds_of_between_must_fit() {
    let of = |low: &str, high: &str| {
        refused_with("a between :b and :a", &[], &values(&[(":b", low), (":a", high)]))
    };
    assert_eq!(
        of(r#"{"N": "1"}"#, r#"{"S": "a"}"#),
        "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}"
    );
    assert_eq!(
        of(r#"{"S": "b"}"#, r#"{"S": "a"}"#),
        "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"
    );
    let same = values(&[(":a", r#"{"N": "1"}"#), (":b", r#"{"N": "1.0"}"#)]);
    assert!(condition("a between :a and :b", &[], &same).is_ok());
}

#[test]
fn indexes_and_paths_have_limits() {
    assert_eq!(
        refused("a[2147483648] = b"),
        "List index is not within the allowable range; index: [2147483648]"
    );
    assert!(condition("a[2147483647] = b", &[], &Values::new()).is_ok());
    let path = |steps: usize| format!("a{} = b", ".b".repeat(steps - 1));
    assert!(condition(&path(32), &[], &Values::new()).is_ok());
    assert_eq!(refused(&path(33)), "The document path has too many nesting levels; nesting levels: 33");
}

#[test]
fn the_parameter_is_named() {
    for parameter in [Parameter::FilterExpression, Parameter::KeyConditionExpression] {
        let error =
            condition_of(parameter, "dog(a) = :b", &[], &Values::new()).expect_err("wrong").to_string();
        assert_eq!(error, format!("Invalid {}: Invalid function name; function: dog", parameter.name()));
    }
}
