//! How long one decision takes for a principal with ten managed policies of 30 statements each.
//!
//! `cargo run --release -p policy --example policy_bench [part of a case's name]`

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use policy::{Context, Policies, Policy, PolicyKind, PolicyRef, Principal, Request, evaluate};

const POLICIES: usize = 10;
const STATEMENTS: usize = 30;
/// Long enough to average out the clock's own cost, short enough to repeat.
const ROUND: Duration = Duration::from_millis(100);
/// The median of so many rounds is reported.
const ROUNDS: usize = 15;

fn main() {
    let spread = ["s3", "sqs", "dynamodb", "lambda", "logs", "ec2", "sts", "kms", "sns", "secretsmanager"];
    let cases = [
        ("ten services, last statement allows", documents(&spread), "secretsmanager:GetThing29"),
        ("ten services, nothing allows", documents(&spread), "secretsmanager:DeleteThing"),
        ("one service, first policy's last allows", documents(&["s3"; POLICIES]), "s3:GetThing29"),
        ("one service, nothing allows", documents(&["s3"; POLICIES]), "s3:DeleteThing"),
        ("every statement looks at the resource", everything(), "s3:GetThing"),
    ];
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let context = context();
    for (name, documents, action) in cases.iter().filter(|(name, ..)| name.contains(&wanted)) {
        let policies: Vec<_> = documents
            .iter()
            .map(|text| {
                Policy::parse(text.as_bytes(), PolicyKind::Identity).expect("the document is well formed")
            })
            .collect();
        let identity: Vec<_> = policies.iter().map(|policy| PolicyRef { name: "managed", policy }).collect();
        let policies = Policies { identity: &identity, ..Policies::default() };
        let arn = "arn:aws:iam::111122223333:user/ann";
        let ann = Principal::User { account: "111122223333", arn, id: None };
        let service = action.split(':').next().unwrap_or_default();
        let resource = format!("arn:aws:{service}:us-east-1:111122223333:thing/ann/29/object.txt");
        let request = Request::new(ann, action, &resource, &context);
        let decision = evaluate(&request, &policies);
        let took = median(|| {
            black_box(evaluate(black_box(&request), black_box(&policies)));
        });
        println!("{name:38} {took:>9.3?}  {:?}", decision.verdict);
    }
    if !wanted.is_empty() {
        return;
    }
    let document = &cases[0].1[0];
    let took = median(|| {
        black_box(Policy::parse(black_box(document.as_bytes()), PolicyKind::Identity).is_ok());
    });
    println!("{:38} {took:>9.3?}  {} bytes", "parse one of the documents", document.len());
}

/// One managed policy for each service: lists of actions, resources with wildcards and variables, and a condition
/// on every third statement.
fn documents(services: &[&str]) -> Vec<String> {
    services
        .iter()
        .map(|service| {
            let mut text = r#"{"Version":"2012-10-17","Statement":["#.to_owned();
            for n in 0..STATEMENTS {
                let comma = if n == 0 { "" } else { "," };
                let condition = match n % 3 {
                    0 => r#","Condition":{"StringEquals":{"aws:PrincipalTag/team":["red","blue"]},"Bool":{"aws:SecureTransport":"true"}}"#,
                    _ => "",
                };
                write!(
                    text,
                    r#"{comma}{{"Sid":"S{n}","Effect":"Allow","Action":["{service}:GetThing{n}","{service}:List{n}*","{service}:Describe*{n}","{service}:BatchGet{n}"],"Resource":["arn:aws:{service}:*:111122223333:other/{n}","arn:aws:{service}:us-east-1:*:thing/${{aws:username}}/{n}/*"]{condition}}}"#
                )
                .expect("a string takes any text");
            }
            text + "]}"
        })
        .collect()
}

/// Policies whose every statement is about the action, so that each compares its resources, with their variables,
/// and then its condition; none applies.
fn everything() -> Vec<String> {
    (0..POLICIES)
        .map(|policy| {
            let statement = |n: usize| {
                format!(
                    r#"{{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:*:*:thing/*/{policy}-{n}","arn:aws:s3:us-east-1:*:thing/${{aws:username}}/*"],"Condition":{{"StringLike":{{"aws:PrincipalTag/team":["green-*","*-{n}"]}}}}}}"#
                )
            };
            let statements: Vec<_> = (0..STATEMENTS).map(statement).collect();
            format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
        })
        .collect()
}

/// Thirty keys, as many as the gateway knows of an ordinary request.
fn context() -> Context<'static> {
    let mut context = Context::with_capacity(30);
    context.set("aws:username", "ann");
    context.set("aws:userid", "AIDACKCEVSQ6C2EXAMPLE");
    context.set("aws:PrincipalArn", "arn:aws:iam::111122223333:user/ann");
    context.set("aws:PrincipalAccount", "111122223333");
    context.set("aws:SecureTransport", true);
    context.set("aws:SourceIp", std::net::IpAddr::from([203, 0, 113, 7]));
    context.set("aws:EpochTime", 1_577_836_801);
    context.set("aws:RequestedRegion", "us-east-1");
    context.set_under("aws:PrincipalTag/", "team", "red");
    for n in 0..21 {
        context.set_under("aws:ResourceTag/", n.to_string(), "value");
    }
    context
}

/// The median round's time for one run.
fn median(run: impl Fn()) -> Duration {
    let mut rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let mut runs = 0;
            while start.elapsed() < ROUND {
                for _ in 0..16 {
                    run();
                }
                runs += 16;
            }
            start.elapsed() / runs
        })
        .collect();
    rounds.sort();
    rounds[ROUNDS / 2]
}
