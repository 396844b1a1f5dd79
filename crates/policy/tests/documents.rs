//! Which documents are policies, and the words for those that are not.

use policy::{Effect, Policy, PolicyKind, Version};

const ALLOW: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;

fn parse(document: &str, kind: PolicyKind) -> Result<Policy, (String, String)> {
    Policy::parse(document.as_bytes(), kind).map_err(|e| (e.message().to_owned(), e.place().to_owned()))
}

/// A document of one statement with these elements.
fn statement(elements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{{elements}}}]}}"#)
}

fn refused(elements: &str, kind: PolicyKind) -> (String, String) {
    parse(&statement(elements), kind).expect_err(elements)
}

#[test]
fn a_policy_keeps_what_it_says() {
    let document = r#"{"Id": "queue", "Version": "2008-10-17", "Statement": [
        {"Sid": "one", "Effect": "Allow", "Principal": {"AWS": ["111122223333", "*"], "Service": "sns.amazonaws.com"},
         "Action": ["sqs:SendMessage", "sqs:Get*"], "Resource": "arn:aws:sqs:us-east-1:111122223333:q",
         "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:t"}, "Null": {"aws:TagKeys": true}}},
        {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:user/ann"}, "NotAction": "sqs:Get*",
         "NotResource": ["a", "b"]}]}"#;
    let policy = parse(document, PolicyKind::Resource).unwrap();
    assert_eq!(
        (policy.id(), policy.version(), policy.kind()),
        (Some("queue"), Version::V2008, PolicyKind::Resource)
    );
    let [first, second] = policy.statements() else { panic!("two statements") };
    assert_eq!((first.sid(), first.effect()), (Some("one"), Effect::Allow));
    let principals = [("AWS", "111122223333"), ("AWS", "*"), ("Service", "sns.amazonaws.com")];
    assert_eq!(first.principals().collect::<Vec<_>>(), principals);
    assert_eq!(first.actions().collect::<Vec<_>>(), ["sqs:SendMessage", "sqs:Get*"]);
    assert_eq!(first.resources().collect::<Vec<_>>(), ["arn:aws:sqs:us-east-1:111122223333:q"]);
    assert_eq!(first.condition_keys().collect::<Vec<_>>(), ["aws:SourceArn", "aws:TagKeys"]);
    assert!(!first.is_not_action() && !first.is_not_resource() && !first.is_not_principal());
    assert_eq!((second.sid(), second.effect()), (None, Effect::Deny));
    assert!(second.is_not_action() && second.is_not_resource() && second.is_not_principal());
}

#[test]
fn what_breaks_the_grammar_is_a_syntax_error_with_its_place() {
    let ok = r#""Effect":"Allow","Action":"s3:*","Resource":"*""#;
    let table = [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("[]", ""),
        (r#"{"Version":"2012-10-17"}"#, "Statement"),
        (r#"{"Statement":[]}"#, "Statement"),
        (r#"{"Statement":["x"]}"#, "Statement[0]"),
        (r#"{"Version":"2020-01-01","Statement":{}}"#, "Version"),
        (r#"{"Version":20121017,"Statement":{}}"#, "Version"),
        (r#"{"Statement":{},"Extra":1}"#, "Statement.Effect"),
        (&format!(r#"{{"Extra":1,"Statement":{{{ok}}}}}"#), "Extra"),
        (&format!(r#"{{"Id":[],"Statement":{{{ok}}}}}"#), "Id"),
        (&format!(r#"{{"statement":{{{ok}}}}}"#), "statement"),
        (&statement(&format!(r#"{ok},"Extra":1"#)), "Statement[0].Extra"),
        (&statement(&format!(r#"{ok},"NotAction":"s3:*""#)), "Statement[0].NotAction"),
        (&statement(&format!(r#"{ok},"NotResource":"*""#)), "Statement[0].NotResource"),
        (&statement(&format!(r#"{ok},"Sid":1"#)), "Statement[0].Sid"),
        (&statement(r#""Effect":"Perhaps","Action":"s3:*","Resource":"*""#), "Statement[0].Effect"),
        (&statement(r#""Effect":"Allow","Action":[1],"Resource":"*""#), "Statement[0].Action"),
        (&statement(r#""Effect":"Allow","Action":"s3:*","Resource":{}"#), "Statement[0].Resource"),
        (&statement(&format!(r#"{ok},"Condition":[]"#)), "Statement[0].Condition"),
        (&statement(&format!(r#"{ok},"Condition":{{"Bool":1}}"#)), "Statement[0].Condition.Bool"),
        (
            &statement(&format!(r#"{ok},"Condition":{{"Bool":{{"k":{{}}}}}}"#)),
            "Statement[0].Condition.Bool.k",
        ),
        (
            &statement(&format!(r#"{ok},"Condition":{{"Boole":{{"k":"true"}}}}"#)),
            "Statement[0].Condition.Boole.k",
        ),
        (
            &statement(&format!(r#"{ok},"Condition":{{"Bool":{{"k":"yes"}}}}"#)),
            "Statement[0].Condition.Bool.k",
        ),
        (
            &statement(&format!(r#"{ok},"Condition":{{"IpAddress":{{"k":["10.0.0.0/8","10.0.0.0/40"]}}}}"#)),
            "Statement[0].Condition.IpAddress.k",
        ),
        (
            &statement(&format!(r#"{ok},"Condition":{{"BinaryEquals":{{"k":"%"}}}}"#)),
            "Statement[0].Condition.BinaryEquals.k",
        ),
        (
            &statement(&format!(r#"{ok},"Condition":{{"StringLike":{{"k":"${{unclosed"}}}}"#)),
            "Statement[0].Condition.StringLike.k",
        ),
    ];
    for (document, place) in table {
        let (message, found) = parse(document, PolicyKind::Identity).expect_err(document);
        assert_eq!((message.as_str(), found.as_str()), ("Syntax errors in policy.", place), "{document}");
    }
}

#[test]
fn a_key_given_twice_is_refused_at_every_level() {
    for document in [
        &format!(r#"{{"Version":"2012-10-17",{}"#, &ALLOW[1..]),
        &statement(r#""Effect":"Deny","Effect":"Allow","Action":"s3:*","Resource":"*""#),
        &statement(
            r#""Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"k":"true"},"Bool":{"k":"false"}}"#,
        ),
        &statement(
            r#""Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"k":"true","k":"false"}}"#,
        ),
    ] {
        let (message, place) = parse(document, PolicyKind::Identity).expect_err(document);
        assert_eq!(message, "Syntax errors in policy.");
        assert!(place.contains("given twice"), "{place}");
    }
}

#[test]
fn each_kind_has_its_own_elements() {
    use PolicyKind::{Boundary, Identity, Resource, Scp, Session, Trust};
    let named = r#""Effect":"Allow","Principal":"*","Action":"sts:AssumeRole""#;
    for kind in [Identity, Boundary, Session, Scp] {
        let (message, place) = refused(&format!(r#"{named},"Resource":"*""#), kind);
        assert_eq!(message, "Policy document should not specify a principal.", "{kind:?}");
        assert_eq!(place, "Statement[0].Principal");
        let (message, _) = refused(r#""Effect":"Allow","Action":"s3:*""#, kind);
        assert_eq!(message, "Policy statement must contain resources.", "{kind:?}");
    }
    for kind in [Resource, Trust] {
        let (message, _) = refused(r#""Effect":"Allow","Action":"sts:AssumeRole""#, kind);
        assert_eq!(message, "Missing required field Principal", "{kind:?}");
        parse(&statement(named), kind).unwrap();
        let (message, _) = refused(r#""Effect":"Allow","Principal":"ann","Action":"sts:AssumeRole""#, kind);
        assert_eq!(message, "Invalid principal in policy: \"AWS\":\"ann\"");
    }
    let (message, _) = refused(&format!(r#"{named},"Resource":"*""#), Trust);
    assert_eq!(message, "Has prohibited field Resource");
    let (message, _) = refused(r#""Effect":"Allow","Principal":"*","Action":"s3:GetObject""#, Trust);
    assert_eq!(message, "AssumeRole policy may only specify STS AssumeRole actions.");
}

#[test]
fn statements_are_refused_in_the_service_s_words() {
    let table = [
        (r#""Effect":"Allow","Resource":"*""#, "Policy statement must contain actions."),
        (r#""Effect":"Allow","Action":[],"Resource":"*""#, "Policy statement must contain actions."),
        (r#""Effect":"Allow","Action":"s3:*","Resource":[]"#, "Policy statement must contain resources."),
        (r#""Effect":"allow","Action":"s3:*","Resource":"*""#, "The policy failed legacy parsing"),
        (
            r#""Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3::b""#,
            "The policy failed legacy parsing",
        ),
        (
            r#""Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"DateLessThan":{"k":"2020-13"}}"#,
            "The policy failed legacy parsing",
        ),
        (
            r#""Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"NumericEquals":{"k":"ten"}}"#,
            "The policy failed legacy parsing",
        ),
        (
            r#""Sid":"with space","Effect":"Allow","Action":"s3:*","Resource":"*""#,
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
             [0-9A-Za-z]*",
        ),
        (
            r#""Effect":"Allow","Action":"GetObject","Resource":"*""#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            r#""Effect":"Allow","Action":"ec2:ec2:Run","Resource":"*""#,
            "Actions/Condition can contain only one colon.",
        ),
        (r#""Effect":"Allow","Action":"s_3:*","Resource":"*""#, "Vendor s_3 is not valid"),
        (r#""Effect":"Allow","Action":"s3:*","Resource":"b""#, "Resource b must be in ARN format or \"*\"."),
    ];
    for (elements, message) in table {
        assert_eq!(refused(elements, PolicyKind::Identity).0, message, "{elements}");
    }
    let same_sid = r#"{"Statement":[{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"},
        {"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    let (message, place) = parse(same_sid, PolicyKind::Identity).expect_err("a Sid twice");
    assert_eq!(message, "Statement IDs (SID) in a single policy must be unique.");
    assert_eq!(place, "Statement[1].Sid");
}

#[test]
fn of_several_mistakes_the_earliest_check_speaks() {
    let both = r#""Effect":"Allow","Action":"GetObject","Resource":"b""#;
    assert_eq!(refused(both, PolicyKind::Identity).0, "Resource b must be in ARN format or \"*\".");
    let three = r#""Effect":"Allow","Action":[],"Resource":"b","Extra":1"#;
    assert_eq!(refused(three, PolicyKind::Identity).0, "Syntax errors in policy.");
}

#[test]
fn managed_policies_want_the_newer_version() {
    let old = ALLOW.replace("2012", "2008");
    let none = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    Policy::parse_managed(ALLOW.as_bytes()).unwrap();
    for document in [old.as_str(), none] {
        parse(document, PolicyKind::Identity).unwrap();
        let error = Policy::parse_managed(document.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "Policy document must be version 2012-10-17 or greater.");
    }
    let error = Policy::parse_managed(old.replace("Allow", "allow").as_bytes()).unwrap_err();
    assert!(error.message().contains("version"), "before the older reader's mistakes: {error}");
    let error = Policy::parse_managed(old.replace("Effect", "effect").as_bytes()).unwrap_err();
    assert!(error.message().contains("Syntax"), "after those of grammar: {error}");
}

#[test]
fn a_policy_can_be_shared_by_threads() {
    fn shareable<T: Send + Sync + 'static>(_: &T) {}
    shareable(&parse(ALLOW, PolicyKind::Identity).unwrap());
}
