//! Condition operators: each line says a condition, the request's keys, and whether an Allow and a Deny with that
//! condition apply.

use std::net::IpAddr;

use policy::{
    Context, Policies, Policy, PolicyKind, PolicyRef, Principal, Request, Value, Verdict, evaluate,
};

/// The verdict of a policy that allows everything under the condition, then of one that allows everything and
/// denies everything under it.
fn applies(condition: &str, context: &Context<'_>) -> (bool, bool) {
    let statement = |effect: &str| {
        format!(r#"{{"Effect":"{effect}","Action":"*","Resource":"*","Condition":{condition}}}"#)
    };
    let decide = |statements: &str| {
        let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        let policy = Policy::parse(document.as_bytes(), PolicyKind::Identity)
            .unwrap_or_else(|error| panic!("{condition}: {} at {}", error.message(), error.place()));
        let user =
            Principal::User { account: "111122223333", arn: "arn:aws:iam::111122223333:user/ann", id: None };
        let identity = [PolicyRef { name: "p", policy: &policy }];
        let policies = Policies { identity: &identity, ..Policies::default() };
        evaluate(&Request::new(user, "s3:GetObject", "arn:aws:s3:::b/k", context), &policies).verdict
    };
    let allowed = decide(&statement("Allow")) == Verdict::Allow;
    let everything = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let denied = decide(&format!("{everything},{}", statement("Deny"))) == Verdict::ExplicitDeny;
    (allowed, denied)
}

fn check(context: &Context<'_>, table: &[(&str, bool)]) {
    for (condition, expected) in table {
        assert_eq!(applies(condition, context), (*expected, *expected), "{condition}");
    }
}

#[test]
fn strings() {
    let mut context = Context::new();
    context.set("s3:prefix", "home/Ann");
    context.set("aws:username", "Ann");
    context.set("aws:PrincipalTag/team", "red*");
    check(
        &context,
        &[
            (r#"{"StringEquals":{"s3:prefix":"home/Ann"}}"#, true),
            (r#"{"StringEquals":{"s3:prefix":"home/ann"}}"#, false),
            (r#"{"StringEquals":{"s3:prefix":"home/*"}}"#, false),
            (r#"{"StringEquals":{"s3:prefix":["x","home/Ann"]}}"#, true),
            (r#"{"StringEquals":{"s3:prefix":[]}}"#, false),
            (r#"{"StringEquals":{"S3:Prefix":"home/${AWS:Username}"}}"#, true),
            (r#"{"StringNotEquals":{"s3:prefix":["x","home/Ann"]}}"#, false),
            (r#"{"StringNotEquals":{"s3:prefix":["x","y"]}}"#, true),
            (r#"{"StringEqualsIgnoreCase":{"s3:prefix":"HOME/aNN"}}"#, true),
            (r#"{"StringEqualsIgnoreCase":{"s3:prefix":"HOME/${aws:username}"}}"#, true),
            (r#"{"StringNotEqualsIgnoreCase":{"s3:prefix":"HOME/aNN"}}"#, false),
            (r#"{"StringLike":{"s3:prefix":["","home/","home/${aws:username}"]}}"#, true),
            (r#"{"StringLike":{"s3:prefix":"home/?nn"}}"#, true),
            (r#"{"StringLike":{"s3:prefix":"Home/*"}}"#, false),
            (r#"{"StringNotLike":{"s3:prefix":["x*","h*"]}}"#, false),
            (r#"{"StringNotLike":{"s3:prefix":["x*","y*"]}}"#, true),
            (r#"{"StringLike":{"aws:PrincipalTag/TEAM":"red${*}"}}"#, true),
            (r#"{"StringLike":{"s3:prefix":"home/${aws:PrincipalTag/none, 'Ann'}"}}"#, true),
            (r#"{"StringEquals":{"s3:prefix":"home/Ann"},"StringLike":{"aws:username":"B*"}}"#, false),
            (r#"{"StringEquals":{"s3:prefix":"home/Ann","aws:username":"Ann"}}"#, true),
            (r#"{"StringEquals":{"s3:prefix":"home/Ann","aws:username":"Bob"}}"#, false),
            (r#"{}"#, true),
            (r#"{"Unknown":{}}"#, true),
        ],
    );
}

#[test]
fn numbers() {
    let mut context = Context::new();
    context.set("s3:max-keys", 10);
    context.set("k", "2.50");
    check(
        &context,
        &[
            (r#"{"NumericEquals":{"s3:max-keys":"10"}}"#, true),
            (r#"{"NumericEquals":{"s3:max-keys":10.0}}"#, true),
            (r#"{"NumericEquals":{"s3:max-keys":[1,10]}}"#, true),
            (r#"{"NumericNotEquals":{"s3:max-keys":[1,10]}}"#, false),
            (r#"{"NumericNotEquals":{"s3:max-keys":[1,2]}}"#, true),
            (r#"{"NumericLessThan":{"s3:max-keys":"10"}}"#, false),
            (r#"{"NumericLessThanEquals":{"s3:max-keys":"10"}}"#, true),
            (r#"{"NumericGreaterThan":{"s3:max-keys":"9.99"}}"#, true),
            (r#"{"NumericGreaterThanEquals":{"s3:max-keys":"10.01"}}"#, false),
            (r#"{"NumericEquals":{"k":2.5}}"#, true),
        ],
    );
}

#[test]
fn dates() {
    let mut context = Context::new();
    context.set("aws:CurrentTime", Value::Time(1_577_836_801_000));
    context.set("aws:EpochTime", 1_577_836_801);
    context.set("aws:TokenIssueTime", "2020-01-01T01:00:01+01:00");
    for key in ["aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime"] {
        let table = [
            ("DateEquals", "2020-01-01T00:00:01Z", true),
            ("DateEquals", "1577836801", true),
            ("DateNotEquals", "2020-01-01T00:00:01Z", false),
            ("DateLessThan", "2020-01-01T00:00:01Z", false),
            ("DateLessThanEquals", "2020-01-01T00:00:01Z", true),
            ("DateGreaterThan", "2020-01-01", true),
            ("DateGreaterThan", "2020", true),
            ("DateGreaterThanEquals", "2020-01-01T00:00:02Z", false),
        ];
        for (operator, date, expected) in table {
            check(&context, &[(&format!(r#"{{"{operator}":{{"{key}":"{date}"}}}}"#), expected)]);
        }
    }
}

#[test]
fn booleans_bytes_addresses() {
    let mut context = Context::new();
    context.set("aws:SecureTransport", true);
    context.set("aws:MultiFactorAuthPresent", "False");
    context.set("bytes", Value::Binary(b"BinaryValueInBase64".as_slice().into()));
    context.set("aws:SourceIp", IpAddr::from([203, 0, 113, 7]));
    context.set("aws:VpcSourceIp", "2001:db8:1234:5678::9");
    check(
        &context,
        &[
            (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true),
            (r#"{"Bool":{"aws:SecureTransport":true}}"#, true),
            (r#"{"Bool":{"aws:SecureTransport":"False"}}"#, false),
            (r#"{"Bool":{"aws:MultiFactorAuthPresent":["false"]}}"#, true),
            (r#"{"StringEquals":{"aws:SecureTransport":"true"}}"#, true),
            (r#"{"BinaryEquals":{"bytes":"QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}"#, true),
            (r#"{"BinaryEquals":{"bytes":"QmluYXJ5"}}"#, false),
            (r#"{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}}"#, true),
            (r#"{"IpAddress":{"aws:VpcSourceIp":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}}"#, true),
            (r#"{"IpAddress":{"aws:SourceIp":"203.0.113.8"}}"#, false),
            (r#"{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]}}"#, false),
            (r#"{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","2001:db8::/32"]}}"#, true),
            (r#"{"StringLike":{"aws:SourceIp":"203.0.113.*"}}"#, true),
        ],
    );
}

#[test]
fn arns() {
    let mut context = Context::new();
    context.set("aws:SourceArn", "arn:aws:sns:us-east-2:111122223333:topic:sub");
    context.set("aws:SourceAccount", "111122223333");
    check(
        &context,
        &[
            (r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-2:111122223333:topic:sub"}}"#, true),
            (r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:*:111122223333:topic*"}}"#, true),
            (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:us-east-?:*:*"}}"#, true),
            (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:topic:sub"}}"#, false),
            (r#"{"StringLike":{"aws:SourceArn":"arn:aws:sns:*:topic:sub"}}"#, true),
            (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:${aws:SourceAccount}:topic:*"}}"#, true),
            (r#"{"ArnNotEquals":{"aws:SourceArn":"arn:aws:sns:*:*:topic:*"}}"#, false),
            (r#"{"ArnNotLike":{"aws:SourceArn":["arn:aws:sqs:*:*:*","arn:aws:s3:::*"]}}"#, true),
            (r#"{"ArnLike":{"aws:SourceAccount":"*:*:*:*:*:*"}}"#, false),
        ],
    );
}

#[test]
fn absent_keys() {
    check(
        &Context::new(),
        &[
            (r#"{"StringEquals":{"k":"v"}}"#, false),
            (r#"{"StringNotEquals":{"k":"v"}}"#, true),
            (r#"{"StringNotLike":{"k":"*"}}"#, true),
            (r#"{"ArnNotLike":{"k":"arn:aws:s3:::*"}}"#, true),
            (r#"{"NumericLessThan":{"k":"1"}}"#, false),
            (r#"{"DateNotEquals":{"k":"2020"}}"#, true),
            (r#"{"NotIpAddress":{"k":"10.0.0.0/8"}}"#, true),
            (r#"{"Bool":{"k":"false"}}"#, false),
            (r#"{"StringEqualsIfExists":{"k":"v"}}"#, true),
            (r#"{"StringNotEqualsIfExists":{"k":"v"}}"#, true),
            (r#"{"BoolIfExists":{"k":"true"}}"#, true),
            (r#"{"IpAddressIfExists":{"k":"10.0.0.0/8"}}"#, true),
            (r#"{"Null":{"k":"true"}}"#, true),
            (r#"{"Null":{"k":"false"}}"#, false),
            (r#"{"Null":{"k":["false","true"]}}"#, true),
            (r#"{"ForAllValues:StringEquals":{"k":"v"}}"#, true),
            (r#"{"ForAllValues:StringNotEquals":{"k":"v"}}"#, true),
            (r#"{"ForAnyValue:StringEquals":{"k":"v"}}"#, false),
            (r#"{"ForAnyValue:StringNotEquals":{"k":"v"}}"#, false),
            (r#"{"ForAnyValue:StringNotLikeIfExists":{"k":"v"}}"#, false),
            (r#"{"ForAllValues:StringEquals":{"k":"v"},"Null":{"k":"false"}}"#, false),
        ],
    );
    let mut present = Context::new();
    present.set("k", "w");
    check(
        &present,
        &[
            (r#"{"StringEqualsIfExists":{"k":"v"}}"#, false),
            (r#"{"Null":{"k":"true"}}"#, false),
            (r#"{"Null":{"k":false}}"#, true),
        ],
    );
}

#[test]
fn sets() {
    let mut context = Context::new();
    context.set_many("aws:TagKeys", ["Owner", "State"]);
    check(
        &context,
        &[
            (r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["Owner","State","Dept"]}}"#, true),
            (r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["Owner"]}}"#, false),
            (r#"{"ForAllValues:StringLike":{"aws:TagKeys":["O*","S*"]}}"#, true),
            (r#"{"ForAllValues:StringNotEquals":{"aws:TagKeys":["Dept"]}}"#, true),
            (r#"{"ForAllValues:StringNotEquals":{"aws:TagKeys":["Dept","State"]}}"#, false),
            (r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["Dept","State"]}}"#, true),
            (r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["Dept"]}}"#, false),
            (r#"{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["Owner"]}}"#, true),
            (r#"{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["Owner","State"]}}"#, false),
            (r#"{"ForAnyValue:StringEqualsIgnoreCase":{"aws:TagKeys":["STATE"]}}"#, true),
        ],
    );
}

/// Where the language leaves the answer open, an Allow does not apply and a Deny does.
#[test]
fn what_cannot_be_told_allows_nothing() {
    let mut context = Context::new();
    context.set_many("aws:TagKeys", ["Owner", "State"]);
    context.set("k", "text");
    for condition in [
        r#"{"StringEquals":{"aws:TagKeys":"Owner"}}"#,
        r#"{"StringNotEquals":{"aws:TagKeys":"Owner"}}"#,
        r#"{"StringNotEquals":{"k":"${aws:username}"}}"#,
        r#"{"NumericNotEquals":{"k":"1"}}"#,
        r#"{"DateNotEquals":{"k":"2020"}}"#,
        r#"{"NotIpAddress":{"k":"10.0.0.0/8"}}"#,
    ] {
        assert_eq!(applies(condition, &context), (false, true), "{condition}");
    }
    check(
        &context,
        &[
            (r#"{"StringEquals":{"k":"${aws:username}"}}"#, false),
            (r#"{"StringEquals":{"k":["${aws:username}","text"]}}"#, true),
            (r#"{"StringNotEquals":{"k":["${aws:username}","text"]}}"#, false),
            (r#"{"NumericEquals":{"k":"1"}}"#, false),
        ],
    );
}
