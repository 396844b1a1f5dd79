//! Laws of the language over generated policies and requests.

use policy::{
    Context, Policies, Policy, PolicyKind, PolicyRef, Principal, Reason, Request, Verdict, evaluate,
};
use proptest::prelude::*;

const EFFECTS: [&str; 2] = ["Allow", "Deny"];
const ACTIONS: [&str; 7] =
    ["*", "s3:*", "s3:Get*", "s3:GetObject", "S3:*object", "sqs:SendMessage", "*:Send*"];
const RESOURCES: [&str; 7] = [
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:aws:s3:::${aws:PrincipalTag/team, 'b'}/*",
    "arn:aws:sqs:*",
    "arn:aws:sqs:us-east-1:111122223333:?",
    "arn:aws:s3:::b/ann/k",
];
const PRINCIPALS: [&str; 8] = [
    "\"*\"",
    r#"{"AWS":"111122223333"}"#,
    r#"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#,
    r#"{"AWS":"arn:aws:iam::111122223333:role/app"}"#,
    r#"{"AWS":["arn:aws:sts::111122223333:assumed-role/app/one","444455556666"]}"#,
    r#"{"AWS":"arn:aws:sts::111122223333:federated-user/guest"}"#,
    r#"{"Service":"sns.amazonaws.com"}"#,
    r#"{"Federated":"accounts.google.com"}"#,
];
const CONDITIONS: [&str; 12] = [
    "{}",
    r#"{"StringEquals":{"aws:username":"ann"}}"#,
    r#"{"StringNotEquals":{"aws:PrincipalTag/team":"${aws:ResourceTag/team}"}}"#,
    r#"{"StringLikeIfExists":{"aws:PrincipalTag/team":["r*","b?"]}}"#,
    r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}"#,
    r#"{"ForAnyValue:StringNotLike":{"aws:TagKeys":"a*"}}"#,
    r#"{"StringEquals":{"aws:TagKeys":"a"}}"#,
    r#"{"Null":{"aws:username":"true"}}"#,
    r#"{"Bool":{"aws:SecureTransport":"true"},"NumericLessThan":{"s3:max-keys":"10"}}"#,
    r#"{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#,
    r#"{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}"#,
    r#"{"ArnNotLike":{"aws:SourceArn":"arn:aws:sns:*:*:*"}}"#,
];
const REQUESTS: [(&str, &str); 5] = [
    ("s3:GetObject", "arn:aws:s3:::b/ann/k"),
    ("s3:PutObject", "arn:aws:s3:::red/k"),
    ("sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q"),
    ("s3:ListAllMyBuckets", "*"),
    ("broken", "arn:aws:s3:::b/k"),
];
const WHO: [Principal<'static>; 8] = [
    Principal::Root { account: "111122223333" },
    Principal::User { account: "111122223333", arn: "arn:aws:iam::111122223333:user/ann", id: None },
    Principal::RoleSession {
        account: "111122223333",
        role_arn: "arn:aws:iam::111122223333:role/app",
        session_arn: "arn:aws:sts::111122223333:assumed-role/app/one",
        role_id: None,
    },
    Principal::FederatedUser {
        account: "111122223333",
        arn: "arn:aws:sts::111122223333:federated-user/guest",
        parent_arn: "arn:aws:iam::111122223333:root",
    },
    Principal::FederatedUser {
        account: "111122223333",
        arn: "arn:aws:sts::111122223333:federated-user/guest",
        parent_arn: "arn:aws:iam::111122223333:user/ann",
    },
    Principal::Service { name: "sns.amazonaws.com" },
    Principal::Federated { provider: "accounts.google.com" },
    Principal::Anonymous,
];

fn pick(list: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(list)
}

/// A statement, with a principal if the policy's kind has such.
fn statement(named: bool, effects: &'static [&'static str]) -> impl Strategy<Value = String> {
    let not = || pick(&["", "", "", "Not"]);
    (pick(effects), not(), pick(&ACTIONS), not(), pick(&RESOURCES), not(), pick(&PRINCIPALS), pick(&CONDITIONS)).prop_map(
        move |(effect, not_action, action, not_resource, resource, not_principal, principal, condition)| {
            let principal =
                if named { format!(r#""{not_principal}Principal":{principal},"#) } else { String::new() };
            format!(
                r#"{{"Effect":"{effect}",{principal}"{not_action}Action":"{action}","{not_resource}Resource":"{resource}","Condition":{condition}}}"#
            )
        },
    )
}

fn statements(named: bool) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(statement(named, &EFFECTS), 1..5)
}

/// The statements of each policy that may take part.
#[derive(Clone, Debug)]
struct World {
    identity: Vec<Vec<String>>,
    boundary: Option<Vec<String>>,
    session: Vec<Vec<String>>,
    resource: Option<Vec<String>>,
    scps: Vec<Vec<String>>,
}

fn world() -> impl Strategy<Value = World> {
    (
        prop::collection::vec(statements(false), 0..3),
        prop::option::of(statements(false)),
        prop::collection::vec(statements(false), 0..2),
        prop::option::of(statements(true)),
        prop::collection::vec(statements(false), 0..2),
    )
        .prop_map(|(identity, boundary, session, resource, scps)| World {
            identity,
            boundary,
            session,
            resource,
            scps,
        })
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    who: Principal<'static>,
    what: (&'static str, &'static str),
    foreign: bool,
    required: bool,
    keys: u8,
}

fn asked() -> impl Strategy<Value = Asked> {
    (
        prop::sample::select(&WHO[..]),
        prop::sample::select(&REQUESTS[..]),
        any::<bool>(),
        any::<bool>(),
        any::<u8>(),
    )
        .prop_map(|(who, what, foreign, required, keys)| Asked { who, what, foreign, required, keys })
}

impl World {
    fn decide(&self, asked: &Asked) -> (Verdict, Reason) {
        let parse = |kind, statements: &Vec<String>| {
            let document = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
            Policy::parse(document.as_bytes(), kind).unwrap_or_else(|error| panic!("{document}: {error}"))
        };
        let all = |kind, list: &[Vec<String>]| list.iter().map(|one| parse(kind, one)).collect::<Vec<_>>();
        let refer = |policy| PolicyRef { name: "p", policy };
        let identity = all(PolicyKind::Identity, &self.identity);
        let session = all(PolicyKind::Session, &self.session);
        let scps = all(PolicyKind::Scp, &self.scps);
        let boundary = self.boundary.as_ref().map(|one| parse(PolicyKind::Boundary, one));
        let resource = self.resource.as_ref().map(|one| parse(PolicyKind::Resource, one));
        let identity: Vec<_> = identity.iter().map(refer).collect();
        let session: Vec<_> = session.iter().map(refer).collect();
        let levels: Vec<_> = scps.iter().map(|one| [refer(one)]).collect();
        let levels: Vec<&[PolicyRef<'_>]> = levels.iter().map(|level| &level[..]).collect();
        let policies = Policies {
            identity: &identity,
            boundary: boundary.as_ref().map(refer),
            session: &session,
            resource: resource.as_ref().map(refer),
            scps: &levels,
        };
        let context = asked.context();
        let mut request = Request::new(asked.who, asked.what.0, asked.what.1, &context);
        request.resource_policy_required = asked.required;
        if asked.foreign {
            request = request.owned_by("444455556666");
        }
        let decision = evaluate(&request, &policies);
        (decision.verdict, decision.reason)
    }

    /// All policies of a world whose statements have principals or not.
    fn policies(&mut self, named: bool) -> Vec<&mut Vec<String>> {
        if named {
            return self.resource.iter_mut().collect();
        }
        let lists = self.identity.iter_mut().chain(&mut self.boundary).chain(&mut self.session);
        lists.chain(&mut self.scps).collect()
    }
}

impl Asked {
    /// Each bit gives the request one key.
    fn context(&self) -> Context<'static> {
        let mut context = Context::new();
        let has = |bit: u8| self.keys >> bit & 1 == 1;
        if has(0) {
            context.set("aws:username", "ann");
        }
        if has(1) {
            context.set_under("aws:PrincipalTag/", "team", "red");
        }
        if has(2) {
            context.set_under("aws:ResourceTag/", "team", "red");
        }
        if has(3) {
            context.set_many("aws:TagKeys", ["a", "c"]);
        }
        if has(4) {
            context.set("aws:SecureTransport", true);
        }
        if has(5) {
            context.set("s3:max-keys", 5);
        }
        if has(6) {
            context.set("aws:SourceIp", std::net::IpAddr::from([10, 0, 0, 1]));
        }
        if has(7) {
            context.set("aws:SourceArn", "arn:aws:sns:us-east-1:111122223333:t");
        }
        context
    }
}

/// JSON of any shape, made of the language's own words as often as not.
fn json() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        pick(&[
            "Version",
            "2012-10-17",
            "Statement",
            "Effect",
            "Allow",
            "Deny",
            "Action",
            "NotAction",
            "Resource",
            "Principal",
            "AWS",
            "Condition",
            "StringLike",
            "Bool",
            "Null",
            "IpAddress",
            "*",
            "s3:*",
            "${aws:username}",
            "${",
            "arn:aws:s3:::*",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    let quoted = word.prop_map(|text| serde_json::Value::String(text).to_string());
    let leaf = prop_oneof![
        quoted.clone(),
        quoted.clone(),
        any::<i64>().prop_map(|n| n.to_string()),
        Just("1e400".to_owned()),
        Just("-1.5e3".to_owned()),
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec((quoted.clone(), inner), 0..5).prop_map(|map| {
                let pairs: Vec<_> = map.iter().map(|(key, value)| format!("{key}:{value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
}

/// Parses as every kind, and asks every question of what parses, in every place.
fn exercise(document: &[u8]) {
    use PolicyKind::{Boundary, Identity, Resource, Scp, Session, Trust};
    for kind in [Identity, Resource, Trust, Scp, Session, Boundary] {
        let Ok(policy) = Policy::parse(document, kind) else { continue };
        let refer = PolicyRef { name: "p", policy: &policy };
        let one = [refer];
        let levels: [&[PolicyRef<'_>]; 1] = [&one];
        let policies = Policies {
            identity: &one,
            boundary: Some(refer),
            session: &one,
            resource: Some(refer),
            scps: &levels,
        };
        for who in WHO {
            for what in REQUESTS {
                let asked = Asked { who, what, foreign: false, required: false, keys: 0xff };
                let context = asked.context();
                evaluate(&Request::new(who, what.0, what.1, &context), &policies);
            }
        }
    }
}

proptest! {
    #[test]
    fn a_further_denial_never_allows(
        mut world in world(), asked in asked(), named in any::<bool>(), at in any::<prop::sample::Index>(),
        plain in statement(false, &["Deny"]), with_principal in statement(true, &["Deny"]),
    ) {
        let (before, _) = world.decide(&asked);
        let mut policies = world.policies(named);
        if policies.is_empty() {
            return Ok(());
        }
        let at = at.index(policies.len());
        policies[at].push(if named { with_principal } else { plain });
        let (after, _) = world.decide(&asked);
        prop_assert!(after != Verdict::Allow || before == Verdict::Allow);
        prop_assert!(before != Verdict::ExplicitDeny || after == Verdict::ExplicitDeny);
    }

    #[test]
    fn a_further_grant_never_denies(
        mut world in world(), asked in asked(), named in any::<bool>(), at in any::<prop::sample::Index>(),
        plain in statement(false, &["Allow"]), with_principal in statement(true, &["Allow"]),
    ) {
        let (before, _) = world.decide(&asked);
        let mut policies = world.policies(named);
        if policies.is_empty() {
            return Ok(());
        }
        let at = at.index(policies.len());
        policies[at].push(if named { with_principal } else { plain });
        let (after, _) = world.decide(&asked);
        prop_assert!(before != Verdict::Allow || after == Verdict::Allow);
    }

    #[test]
    fn order_does_not_matter(world in world(), asked in asked()) {
        let mut turned = world.clone();
        for named in [false, true] {
            turned.policies(named).into_iter().for_each(|statements| statements.reverse());
        }
        turned.identity.reverse();
        turned.session.reverse();
        prop_assert_eq!(world.decide(&asked), turned.decide(&asked));
    }

    #[test]
    fn nothing_is_allowed_without_a_grant(asked in asked(), denials in prop::collection::vec(statement(false, &["Deny"]), 1..4)) {
        if matches!(asked.who, Principal::Root { .. }) {
            return Ok(());
        }
        let world = World { identity: vec![denials.clone()], boundary: None, session: vec![denials], resource: None, scps: vec![] };
        prop_assert_ne!(world.decide(&asked).0, Verdict::Allow);
    }

    #[test]
    fn any_json_is_read_or_refused(document in json()) {
        exercise(document.as_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused(document in prop::collection::vec(any::<u8>(), 0..200)) {
        exercise(&document);
    }

    /// Changes of single bytes in a whole policy reach deeper than made-up documents.
    #[test]
    fn damaged_policies_are_read_or_refused(
        statements in statements(true), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut document = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(",")).into_bytes();
        let at = at.index(document.len());
        if cut { document.remove(at); } else { document[at] = byte; }
        exercise(&document);
    }
}
