//! Any bytes as a policy of any kind, then asked about a request: never a panic, and what one more denial refuses is
//! refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::{Context, Policies, Policy, PolicyKind, PolicyRef, Principal, Request, Value, evaluate};

const ACCOUNT: &str = "123456789012";
const KINDS: [PolicyKind; 6] = [
    PolicyKind::Identity,
    PolicyKind::Resource,
    PolicyKind::Trust,
    PolicyKind::Scp,
    PolicyKind::Session,
    PolicyKind::Boundary,
];
const DENY: &[u8] = br#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

fuzz_target!(|data: &[u8]| {
    let deny = Policy::parse(DENY, PolicyKind::Identity).expect("a policy");
    let mut context = Context::new();
    context.set("aws:username", "ann");
    context.set("aws:PrincipalTag/team", "blue");
    context.set("aws:SourceIp", std::net::IpAddr::from([192, 0, 2, 1]));
    context.set("aws:CurrentTime", Value::Time(1_750_000_000_000));
    context.set_many("aws:TagKeys", ["a", "b"]);
    let ann =
        Principal::User { account: ACCOUNT, arn: "arn:aws:iam::123456789012:user/ann", id: Some("AIDA1") };
    let request = Request::new(ann, "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:jobs", &context);
    for kind in KINDS {
        let Ok(policy) = Policy::parse(data, kind) else { continue };
        let one = PolicyRef { name: "fuzzed", policy: &policy };
        let two = [one, PolicyRef { name: "deny", policy: &deny }];
        let resource = matches!(kind, PolicyKind::Resource | PolicyKind::Trust).then_some(one);
        let identity: &[_] = if resource.is_some() { &[] } else { &two[..1] };
        let _ = evaluate(&request, &Policies { identity, resource, ..Policies::default() });
        let denied = Policies {
            identity: if resource.is_some() { &two[1..] } else { &two },
            resource,
            ..Policies::default()
        };
        assert!(!evaluate(&request, &denied).is_allowed());
    }
});
