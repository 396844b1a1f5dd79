use super::*;

fn read(text: &str, parameters: &[Value]) -> Statement {
    Statement::parse(text, parameters).expect(text)
}

fn refused(text: &str) -> String {
    Statement::parse(text, &[]).map(|statement| statement.table().to_owned()).expect_err(text).to_string()
}

fn item() -> Item {
    Item::from([
        ("pk", "a".into()),
        ("sk", 1.into()),
        ("n", 5.into()),
        ("none", Value::Null),
        ("m", Value::M(Item::from([("x", "y".into())]))),
        ("l", Value::L(vec!["a".into()])),
    ])
}

fn holds(condition: &str, parameters: &[Value]) -> bool {
    match read(&format!("SELECT * FROM t WHERE {condition}"), parameters) {
        Statement::Select(select) => select.condition.expect("a condition").bound().matches(&item()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn selects_are_read() {
    let Statement::Select(select) = read(
        "select pk, m.x, \"l\"[0] -- what\nFROM \"my-table\".\"by-n\" /* where */ WHERE pk = ? AND n > -5 ORDER BY sk DESC, n;",
        &["a".into()],
    ) else {
        panic!("no SELECT");
    };
    assert_eq!(select.source, Source { table: "my-table".into(), index: Some("by-n".into()) });
    assert_eq!(select.order, [("sk".into(), true), ("n".into(), false)]);
    let condition = select.condition.expect("a condition");
    assert_eq!(condition.equalities(), [("pk", &Value::from("a"))]);
    assert!(condition.bound().matches(&item()));
    let part = select.projection.expect("a projection");
    assert_eq!(part.bound().wanted().project(&item()).len(), 3);
    let Statement::Exists(select) = read("EXISTS(SELECT * FROM t WHERE pk = 'a' AND x IS MISSING)", &[])
    else {
        panic!("no EXISTS");
    };
    assert!(select.projection.is_none());
}

#[test]
fn conditions_hold_as_they_say() {
    for text in [
        "pk = 'a'",
        "'a' = pk AND sk <> 2 AND sk != 2",
        "n BETWEEN - 2 AND +5 AND n IN [- 1, 5]",
        "n = - - 5",
        "n IN (1, 5)",
        "NOT (n < 5 OR n > 5)",
        "x IS MISSING AND n IS NOT MISSING",
        "none IS NULL AND n IS NOT NULL",
        "begins_with(pk, '') AND contains(\"l\", 'a') AND size(l) = 1",
        "attribute_exists(m.x) AND ATTRIBUTE_NOT_EXISTS (nope) AND attribute_exists(l[0])",
        "attribute_type(n, 'N') AND m['x'] = 'y'",
        "m = {'x': 'y'} AND l = ['a']",
    ] {
        assert!(holds(text, &[]), "{text}");
    }
    assert!(holds("pk IN [?, ?] AND n = ?", &["b".into(), "a".into(), 5.into()]));
    assert!(!holds("n = 1 OR n > 9 AND pk = 'a'", &[]));
}

#[test]
fn inserts_updates_and_deletes_are_read() {
    let Statement::Insert(insert) = read(
        "INSERT INTO t VALUE {'pk': 'it''s', 'n': 1.5e2, 'l': [true, NULL, {}], 's': <<'b','a'>>, 'p': ?}",
        &[7.into()],
    ) else {
        panic!("no INSERT");
    };
    assert_eq!(
        Value::M(insert.item).to_string(),
        "{M:{l={L:[{BOOL:true}, {NULL:true}, {M:{}}]}, n={N:150}, p={N:7}, pk={S:it's}, s={SS:[a, b]}}}"
    );
    let text = "UPDATE \"t\" SET n=n-1, m.z = ? SET l = list_append(l, ['b']) REMOVE none WHERE pk='a' AND sk=1 RETURNING MODIFIED NEW *";
    let Statement::Update(change) = read(text, &["z".into()]) else { panic!("no UPDATE") };
    assert_eq!(change.returning, Some(Returning { modified: true, old: false }));
    assert_eq!(change.condition.equalities(), [("pk", &"a".into()), ("sk", &1.into())]);
    let update = change.update.bound();
    let new = update.apply(Some(&item()), &Item::new()).expect("done");
    assert_eq!(new.get("n"), Some(&4.into()));
    assert_eq!(new.get("l"), Some(&Value::L(vec!["a".into(), "b".into()])));
    assert_eq!(new.get("none"), None);
    let Statement::Update(change) = read("UPDATE t SET s = set_add(s, <<2, 1>>) WHERE pk='a'", &[]) else {
        panic!("no UPDATE");
    };
    let new = change.update.bound().apply(None, &Item::new()).expect("done");
    assert_eq!(Value::M(new).to_string(), "{M:{s={NS:[1, 2]}}}");
    let Statement::Delete(removal) = read("DELETE FROM t WHERE pk = 'a' RETURNING ALL OLD *", &[]) else {
        panic!("no DELETE");
    };
    assert_eq!(removal.returning, Some(Returning { modified: false, old: true }));
}

#[test]
fn what_is_wrong_is_refused() {
    let malformed = |detail: &str| format!("Statement wasn't well formed, can't be processed: {detail}");
    for text in ["", "SELECTT * FROMM t", "DROP TABLE t", "'a'"] {
        assert_eq!(refused(text), malformed("Expected data manipulation"), "{text}");
    }
    assert_eq!(
        refused("UPDATE t SET t=1 WHERE pk='a' garbage"),
        malformed("Unexpected token after expression")
    );
    for text in [
        "SELECT * FROM t WHERE",
        "SELECT * FROM",
        "SELECT * FROM t /* open",
        "SELECT * FROM t WHERE a = 'open",
        "UPDATE t SET n=n--1 WHERE pk='a'",
        "UPDATE t WHERE pk='a'",
        "UPDATE t SET a=1",
        "DELETE FROM t",
        "INSERT INTO t VALUE ['a']",
        "INSERT INTO t (a) VALUES (1)",
        "SELECT * FROM t WHERE n > -n",
        "SELECT * FROM t WHERE n",
        "UPDATE t SET s = set_add(s, 'x') WHERE pk='a'",
    ] {
        assert_eq!(refused(text), malformed("Unexpected token"), "{text}");
    }
    for (text, expected) in [
        (
            "SELECT a, a.b FROM t",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]",
        ),
        ("SELECT * FROM t WHERE dog(a)", "Invalid function name; function: dog"),
        (
            "SELECT * FROM t WHERE attribute_type(l, 1)",
            "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N",
        ),
        (
            "SELECT * FROM t WHERE attribute_type(l, true)",
            "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: BOOL",
        ),
        (
            "UPDATE t SET n = 'a' + 1 WHERE pk='a'",
            "Incorrect operand type for operator or function; operator or function: +, operand type: S",
        ),
        (
            "UPDATE t SET n = n - null WHERE pk='a'",
            "Incorrect operand type for operator or function; operator or function: -, operand type: NULL",
        ),
        (
            "UPDATE t SET s = <<'b','b'>> WHERE pk='a'",
            "One or more parameter values were invalid: Input collection [b, b] contains duplicates.",
        ),
        ("SELECT * FROM t WHERE a = ?", "Number of parameters in request and statement don't match."),
        ("SELECT a[2147483648] FROM t", "List index is not within the allowable range; index: [2147483648]"),
    ] {
        assert_eq!(refused(text), expected, "{text}");
    }
    let extra = Statement::parse("SELECT * FROM t", &[1.into()]).expect_err("one too many").to_string();
    assert_eq!(extra, "Number of parameters in request and statement don't match.");
    let many = vec!["1"; 101].join(",");
    assert_eq!(
        refused(&format!("SELECT a FROM t WHERE pk IN [{many}]")),
        "The IN operator is provided with too many operands; number of operands: 101"
    );
    for deep in ["NOT ", "(", "size("] {
        assert!(Statement::parse(&format!("SELECT * FROM t WHERE {}", deep.repeat(1500)), &[]).is_err());
    }
    for deep in ["[", "{'a':", "<<", "-"] {
        assert!(Statement::parse(&format!("INSERT INTO t VALUE {}", deep.repeat(1500)), &[]).is_err());
    }
    assert!(refused(&" ".repeat(8193)).starts_with("Statement size has exceeded"));
}

#[test]
fn what_must_be_true_of_an_attribute_is_found() {
    let text = "SELECT * FROM t WHERE pk IN ['a', ?] AND (sk > 1 AND 5 >= sk) AND begins_with(x, 'y') AND n BETWEEN 1 AND 2 \
                AND m.z = 1 AND (o = 1 OR o = 2) AND NOT q = 1 AND r <> 1";
    let Statement::Select(select) = read(text, &["b".into()]) else { panic!("no SELECT") };
    let condition = select.condition.expect("a condition");
    let (one, two, five, y) = (1.into(), 2.into(), 5.into(), "y".into());
    assert_eq!(
        condition.ranges(),
        [
            ("sk", crate::Range::Greater(&one)),
            ("sk", crate::Range::LessOrEqual(&five)),
            ("x", crate::Range::BeginsWith(&y)),
            ("n", crate::Range::Between(&one, &two)),
        ]
    );
    assert_eq!(condition.choices("pk"), Some(vec![&"a".into(), &"b".into()]));
    assert_eq!(condition.choices("sk"), None);
    assert_eq!(condition.equalities(), []);
}
