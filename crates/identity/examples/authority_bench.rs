//! What one decision costs: a user with ten managed policies, as the gateway asks. Run with `--release`.

use std::sync::Arc;
use std::time::Instant;

use identity::records::User;
use identity::{Authority, Directory, Documents, keys};
use kernel::{Arn, Call, Principal, PrincipalKind};
use service::{Authorizer, Decision, Question, Target};
use store::Record;

/// Ten that a busy developer would have.
const POLICIES: [&str; 10] = [
    "AmazonDynamoDBFullAccess",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonS3FullAccess",
    "AmazonSNSFullAccess",
    "AmazonSSMReadOnlyAccess",
    "AWSLambda_FullAccess",
    "CloudWatchFullAccess",
    "SecretsManagerReadWrite",
    "ReadOnlyAccess",
    "AmazonSQSFullAccess",
];
const ROUNDS: usize = 20;
const EACH: u32 = 50_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let deps = testkit::deps();
    let documents = Arc::new(Documents::default());
    let directory = Arc::new(Directory::new(deps.store.clone(), documents.clone()));
    let authority = Authority::new(directory, documents);
    let mut user = User::new("ann", "/", "AIDA1".to_owned(), 0);
    user.policies.attached = POLICIES.iter().map(|name| format!("arn:aws:iam::aws:policy/{name}")).collect();
    let mut tx = deps.store.begin();
    tx.put(keys::user(testkit::ACCOUNT, "ann"), user.encode());
    tx.commit().await.expect("a commit");
    let principal = Principal {
        kind: PrincipalKind::User,
        account: testkit::ACCOUNT.to_owned(),
        arn: Arn::aws("iam", "", testkit::ACCOUNT, "user/ann"),
        user_id: "AIDA1".to_owned(),
        access_key: "AKIA1".to_owned(),
        session: None,
    };
    let call = Call { principal, ..testkit::call(deps.clock.now()) };
    let root = testkit::call(deps.clock.now());
    let target = Target::new(Arn::aws("sqs", testkit::REGION, testkit::ACCOUNT, "jobs"));
    let cases = [
        ("root user", &root, "sqs:SendMessage", true),
        ("ten policies, allowed by the last", &call, "sqs:SendMessage", true),
        ("ten policies, allowed by none", &call, "kms:Encrypt", false),
    ];
    for (name, call, action, allowed) in cases {
        let question = Question::new(action, &target);
        assert_eq!(authority.decide(call, &question) == Decision::Allow, allowed, "{name}");
        let mut micros: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..EACH {
                    std::hint::black_box(authority.decide(call, std::hint::black_box(&question)));
                }
                start.elapsed().as_secs_f64() * 1e6 / f64::from(EACH)
            })
            .collect();
        micros.sort_by(f64::total_cmp);
        println!("{name}: median {:.2} µs a decision ({ROUNDS} rounds of {EACH})", micros[ROUNDS / 2]);
    }
}
