//! What somebody may do follows from the records, at once when they change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use identity::records::{AccessKey, Group, ManagedPolicy, Policies, PolicyVersion, Role, User};
use identity::{Authority, Directory, Documents, KeyError, Keyring, keys, token};
use kernel::{Arn, Call, Principal, PrincipalKind, Session, Timestamp};
use service::{Authorizer, Decision, Deps, Question, Target};
use store::Record;

const ACCOUNT: &str = testkit::ACCOUNT;
const OTHER: &str = "999999999999";
const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:jobs";

struct World {
    deps: Deps,
    directory: Arc<Directory>,
    authority: Authority,
}

impl World {
    fn new() -> Self {
        let deps = testkit::deps();
        let documents = Arc::new(Documents::default());
        let directory = Arc::new(Directory::new(deps.store.clone(), documents.clone()));
        let authority = Authority::new(directory.clone(), documents);
        Self { deps, directory, authority }
    }

    fn now(&self) -> Timestamp {
        self.deps.clock.now()
    }

    async fn put(&self, key: bytes::Bytes, value: bytes::Bytes) {
        let mut tx = self.deps.store.begin();
        tx.put(key, value);
        tx.commit().await.unwrap();
    }

    async fn user(&self, user: &User) {
        self.put(keys::user(ACCOUNT, &user.name), user.encode()).await;
    }

    async fn role(&self, role: &Role) {
        self.put(keys::role(ACCOUNT, &role.name), role.encode()).await;
    }

    fn call(&self, principal: Principal) -> Call {
        Call { account: principal.account.clone(), principal, ..testkit::call(self.now()) }
    }

    fn ask(&self, principal: &Principal, action: &str, target: &Target) -> Decision {
        let call = self.call(principal.clone());
        self.authority.decide(&call, &Question::new(action, target))
    }

    fn may(&self, principal: &Principal, action: &str) -> bool {
        self.ask(principal, action, &Target::new(QUEUE.parse().unwrap())) == Decision::Allow
    }

    fn why_not(&self, principal: &Principal, action: &str) -> String {
        match self.ask(principal, action, &Target::new(QUEUE.parse().unwrap())) {
            Decision::Deny(why) => why,
            Decision::Allow => panic!("{action} is allowed"),
        }
    }
}

fn allow(action: &str, resource: &str) -> String {
    statement("Allow", action, resource)
}

fn statement(effect: &str, action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}"}}}}"#
    )
}

fn inline(documents: &[(&str, String)]) -> Policies {
    let inline = documents.iter().map(|(name, document)| ((*name).to_owned(), document.clone())).collect();
    Policies { inline, attached: Vec::new() }
}

fn ann(id: &str) -> User {
    User::new("Ann", "/team/", id.to_owned(), 0)
}

fn as_user(user: &User) -> Principal {
    Principal {
        kind: PrincipalKind::User,
        account: ACCOUNT.into(),
        arn: Arn::aws("iam", "", ACCOUNT, &format!("user{}{}", user.path, user.name)),
        user_id: user.id.clone(),
        access_key: "AKIA1".into(),
        session: None,
    }
}

fn worker(policies: Policies) -> Role {
    Role {
        name: "worker".into(),
        path: "/".into(),
        id: "AROA1".into(),
        created_ms: 0,
        trust: String::new(),
        description: None,
        max_session_secs: 3600,
        policies,
        boundary: None,
        tags: BTreeMap::new(),
        used: None,
        linked_to: None,
    }
}

fn as_session(role: &Role, now: Timestamp, session: Session) -> Principal {
    let issuer = Arn::aws("iam", "", ACCOUNT, &format!("role{}{}", role.path, role.name));
    Principal {
        kind: PrincipalKind::AssumedRole,
        account: ACCOUNT.into(),
        arn: Arn::aws("sts", "", ACCOUNT, &format!("assumed-role/{}/run", role.name)),
        user_id: format!("{}:run", role.id),
        access_key: "ASIA1".into(),
        session: Some(Arc::new(Session {
            issuer_arn: issuer.to_string(),
            issuer_id: role.id.clone(),
            name: "run".into(),
            issued: now,
            expires: now.plus(Duration::from_secs(3600)),
            ..session
        })),
    }
}

#[tokio::test]
async fn root_may_everything_in_its_account_only() {
    let world = World::new();
    assert!(world.may(&Principal::root(ACCOUNT, "test"), "sqs:SendMessage"));
    assert!(!world.may(&Principal::root(OTHER, "test"), "sqs:SendMessage"));
}

#[tokio::test]
async fn a_user_has_its_own_policies_and_those_of_its_groups() {
    let world = World::new();
    let mut user = ann("AIDA1");
    user.policies = inline(&[("send", allow("sqs:SendMessage", QUEUE))]);
    world.user(&user).await;
    let principal = as_user(&user);
    assert!(world.may(&principal, "sqs:SendMessage"));
    assert!(!world.may(&principal, "sqs:ReceiveMessage"));

    let group = Group {
        name: "Readers".into(),
        path: "/".into(),
        id: "AGPA1".into(),
        created_ms: 0,
        policies: inline(&[("receive", allow("sqs:Receive*", "*"))]),
    };
    world.put(keys::group(ACCOUNT, "Readers"), group.encode()).await;
    user.groups.push("Readers".into());
    world.user(&user).await;
    assert!(world.may(&principal, "sqs:ReceiveMessage"));

    // A change of the group's policies alone is seen at once too.
    let denied = Group { policies: inline(&[("no", statement("Deny", "sqs:*", "*"))]), ..group };
    world.put(keys::group(ACCOUNT, "Readers"), denied.encode()).await;
    assert!(!world.may(&principal, "sqs:SendMessage"));
    assert_eq!(
        world.why_not(&principal, "sqs:SendMessage"),
        "with an explicit deny in an identity-based policy"
    );
}

#[tokio::test]
async fn attached_policies_are_the_version_in_force() {
    let world = World::new();
    let version = |number, document| PolicyVersion { number, created_ms: 0, document };
    let mut policy = ManagedPolicy {
        name: "Jobs".into(),
        path: "/app/".into(),
        id: "ANPA1".into(),
        created_ms: 0,
        updated_ms: 0,
        description: None,
        tags: BTreeMap::new(),
        default_version: 1,
        next_version: 3,
        versions: vec![version(1, allow("sqs:SendMessage", "*")), version(2, allow("sqs:PurgeQueue", "*"))],
    };
    world.put(keys::policy(ACCOUNT, "Jobs"), policy.encode()).await;
    let mut user = ann("AIDA1");
    user.policies.attached = vec![format!("arn:aws:iam::{ACCOUNT}:policy/app/Jobs")];
    world.user(&user).await;
    let principal = as_user(&user);
    assert!(world.may(&principal, "sqs:SendMessage") && !world.may(&principal, "sqs:PurgeQueue"));
    policy.default_version = 2;
    world.put(keys::policy(ACCOUNT, "Jobs"), policy.encode()).await;
    assert!(!world.may(&principal, "sqs:SendMessage") && world.may(&principal, "sqs:PurgeQueue"));

    user.policies.attached = vec!["arn:aws:iam::aws:policy/AdministratorAccess".into()];
    world.user(&user).await;
    assert!(world.may(&principal, "sqs:DeleteQueue"));
}

#[tokio::test]
async fn a_boundary_limits_and_a_lost_policy_lets_nothing_through() {
    let world = World::new();
    let mut user = ann("AIDA1");
    user.policies = inline(&[("all", allow("*", "*"))]);
    user.boundary = Some("arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess".into());
    world.user(&user).await;
    let principal = as_user(&user);
    assert!(world.may(&principal, "sqs:GetQueueAttributes"));
    assert_eq!(
        world.why_not(&principal, "sqs:SendMessage"),
        "because no permissions boundary allows the sqs:SendMessage action"
    );
    user.boundary = Some(format!("arn:aws:iam::{ACCOUNT}:policy/gone"));
    world.user(&user).await;
    assert!(!world.may(&principal, "sqs:GetQueueAttributes"));
    user.boundary = None;
    user.policies.inline.insert("broken".into(), "{".into());
    world.user(&user).await;
    assert_eq!(
        world.why_not(&principal, "sqs:GetQueueAttributes"),
        "because a policy of its identity cannot be read"
    );
}

#[tokio::test]
async fn another_user_of_the_same_name_is_another() {
    let world = World::new();
    let mut user = ann("AIDA1");
    user.policies = inline(&[("all", allow("*", "*"))]);
    world.user(&user).await;
    let principal = as_user(&user);
    assert!(world.may(&principal, "sqs:SendMessage"));
    user.id = "AIDA2".into();
    world.user(&user).await;
    assert_eq!(world.why_not(&principal, "sqs:SendMessage"), "because its identity no longer exists");
}

#[tokio::test]
async fn a_session_has_what_role_and_session_policies_both_allow() {
    let world = World::new();
    let mut role = worker(inline(&[("all", allow("sqs:*", "*"))]));
    world.role(&role).await;
    let plain = as_session(&role, world.now(), Session::default());
    assert!(world.may(&plain, "sqs:PurgeQueue"));
    let policies = vec![allow("sqs:SendMessage", "*")];
    let limited = as_session(&role, world.now(), Session { policies, ..Session::default() });
    assert!(world.may(&limited, "sqs:SendMessage"));
    assert_eq!(
        world.why_not(&limited, "sqs:PurgeQueue"),
        "because no session policy allows the sqs:PurgeQueue action"
    );
    // How consoles revoke sessions: those issued before a time are denied.
    let later = world.now().plus(Duration::from_secs(60));
    role.policies.inline.insert(
        "AWSRevokeOlderSessions".into(),
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"*","Resource":"*",
               "Condition":{{"DateLessThan":{{"aws:TokenIssueTime":"{}"}}}}}}}}"#,
            later.secs()
        ),
    );
    world.role(&role).await;
    assert!(!world.may(&plain, "sqs:SendMessage"));
    let newer = as_session(&role, later.plus(Duration::from_secs(1)), Session::default());
    assert!(world.may(&newer, "sqs:SendMessage"));
}

#[tokio::test]
async fn resources_let_others_in() {
    let world = World::new();
    let policy = |principal: &str, condition: &str| {
        let document = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},"Action":"sqs:SendMessage",
               "Resource":"{QUEUE}"{condition}}}}}"#
        );
        Target::new(QUEUE.parse().unwrap()).with_policy(document)
    };
    let stranger = Principal::root(OTHER, "k");
    let open = policy(&format!(r#"{{"AWS":"{OTHER}"}}"#), "");
    assert_eq!(world.ask(&stranger, "sqs:SendMessage", &open), Decision::Allow);
    assert_ne!(world.ask(&stranger, "sqs:PurgeQueue", &open), Decision::Allow);

    let topic: Arn = format!("arn:aws:sns:us-east-1:{ACCOUNT}:orders").parse().unwrap();
    let source = r#","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:123456789012:orders"},
        "StringEquals":{"aws:SourceAccount":"123456789012"}}"#;
    let from_topic = policy(r#"{"Service":"sns.amazonaws.com"}"#, source);
    let as_sns = |source: &Arn| {
        let call =
            Call { service: "sns", ..world.call(Principal::root(ACCOUNT, "k")) }.as_service(source.clone());
        let question = Question::new("sqs:SendMessage", &from_topic);
        world.authority.decide(&call, &question)
    };
    assert_eq!(as_sns(&topic), Decision::Allow);
    let other: Arn = format!("arn:aws:sns:us-east-1:{ACCOUNT}:other").parse().unwrap();
    assert_ne!(as_sns(&other), Decision::Allow);

    // The name of a bucket says no account: that is the call's.
    let source = r#","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::photos"},
        "StringEquals":{"aws:SourceAccount":"123456789012"}}"#;
    let from_bucket = policy(r#"{"Service":"s3.amazonaws.com"}"#, source);
    let as_s3 = |account: &str| {
        let source = Some("arn:aws:s3:::photos".parse().unwrap());
        let call = Call { source, ..world.call(Principal::service("s3", account)) };
        let question = Question::new("sqs:SendMessage", &from_bucket);
        world.authority.decide(&call, &question)
    };
    assert_eq!(as_s3(ACCOUNT), Decision::Allow);
    assert_ne!(as_s3(OTHER), Decision::Allow);

    let unreadable = Target::new(QUEUE.parse().unwrap()).with_policy("{");
    assert_ne!(world.ask(&Principal::root(ACCOUNT, "k"), "sqs:SendMessage", &unreadable), Decision::Allow);
}

#[tokio::test]
async fn tags_of_caller_resource_and_request_are_condition_keys() {
    let world = World::new();
    let mut user = ann("AIDA1");
    user.tags.insert("team".into(), "blue".into());
    user.policies.inline.insert(
        "own team".into(),
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*",
            "Condition":{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}}}"#
            .into(),
    );
    world.user(&user).await;
    let of = |team: &str| Target::new(QUEUE.parse().unwrap()).with_tags([("team", team)]);
    let principal = as_user(&user);
    assert_eq!(world.ask(&principal, "sqs:SendMessage", &of("blue")), Decision::Allow);
    assert_ne!(world.ask(&principal, "sqs:SendMessage", &of("red")), Decision::Allow);
    assert!(!world.may(&principal, "sqs:SendMessage"));
}

#[tokio::test]
async fn lasting_keys_follow_their_records() {
    let world = World::new();
    let keyring = Keyring::new(world.deps.store.clone(), world.deps.vault.clone(), world.directory.clone());
    let user = ann("AIDA1");
    world.user(&user).await;
    let find = |id: &str| keyring.find(id, None, world.now()).map(|found| found.secret.to_string());
    assert_eq!(find("AKIA1"), Err(KeyError::Unknown));
    let mut key = AccessKey {
        account: ACCOUNT.into(),
        user: Some("Ann".into()),
        sealed_secret: world.deps.vault.seal("iam.access-key", "AKIA1", b"secret"),
        active: true,
        created_ms: 0,
    };
    world.put(keys::access_key("AKIA1"), key.encode()).await;
    assert_eq!(find("AKIA1").as_deref(), Ok("secret"));
    assert_eq!(keyring.find("AKIA1", None, world.now()).unwrap().principal, as_user(&user));
    key.active = false;
    world.put(keys::access_key("AKIA1"), key.encode()).await;
    assert_eq!(find("AKIA1"), Err(KeyError::Unknown));
    // A secret sealed for another key does not open.
    key.active = true;
    world.put(keys::access_key("AKIA2"), key.encode()).await;
    assert_eq!(find("AKIA2"), Err(KeyError::Unknown));
    world.put(keys::access_key("AKIA1"), key.encode()).await;
    assert_eq!(find("AKIA1").as_deref(), Ok("secret"));
    let mut tx = world.deps.store.begin();
    tx.delete(keys::user(ACCOUNT, "Ann"));
    tx.commit().await.unwrap();
    assert_eq!(find("AKIA1"), Err(KeyError::Unknown));
    assert_eq!(find(&"A".repeat(200)), Err(KeyError::Unknown));
}

#[tokio::test]
async fn temporary_keys_end_with_their_time_and_their_role() {
    let world = World::new();
    let keyring = Keyring::new(world.deps.store.clone(), world.deps.vault.clone(), world.directory.clone());
    let mut role = worker(Policies::default());
    world.role(&role).await;
    let now = world.now();
    let principal = as_session(&role, now, Session::default());
    let expires = principal.session.as_ref().unwrap().expires;
    let issued = token::mint(&world.deps.vault, world.deps.ids, &principal, 0).unwrap();
    let (id, token) = (issued.access_key_id.as_str(), issued.token.as_str());
    let found = keyring.find(id, Some(token), now).unwrap();
    assert_eq!(*found.secret, *issued.secret);
    assert_eq!(found.principal.session.unwrap().issuer_id, "AROA1");
    assert_eq!(keyring.find(id, None, now).err(), Some(KeyError::Unknown));
    let mut damaged = token.to_owned();
    damaged.replace_range(20..21, if &token[20..21] == "A" { "B" } else { "A" });
    assert_eq!(keyring.find(id, Some(&damaged), now).err(), Some(KeyError::Unknown));
    assert_eq!(keyring.find("ASIAOTHER", Some(token), now).err(), Some(KeyError::Unknown));
    assert_eq!(keyring.find(id, Some(token), expires).err(), Some(KeyError::Expired));
    // Another role of the same name is not the one that was assumed.
    role.id = "AROA2".into();
    world.role(&role).await;
    assert_eq!(keyring.find(id, Some(token), now).err(), Some(KeyError::Unknown));
}

#[tokio::test]
async fn keys_are_worked_out_for_a_policy_that_asks_for_one() {
    const OWN: &str = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"},
        {"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*",
            "Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["ann"]}}}]}"#;
    let world = World::new();
    let mut user = ann("AIDA1");
    user.policies = inline(&[("own", OWN.to_owned())]);
    world.user(&user).await;
    let call = world.call(as_user(&user));
    let target = Target::new("arn:aws:dynamodb:us-east-1:123456789012:table/users".parse().unwrap());
    let decide = |action: &str, key: &'static str| {
        let times = std::cell::Cell::new(0);
        let tell = || {
            times.set(times.get() + 1);
            vec![("dynamodb:LeadingKeys".into(), vec![key.into()])]
        };
        let question = Question { later: Some(&tell), ..Question::new(action, &target) };
        (world.authority.decide(&call, &question) == Decision::Allow, times.get())
    };
    assert_eq!(decide("sqs:SendMessage", "ann"), (true, 0));
    assert_eq!(decide("dynamodb:GetItem", "ann"), (true, 1));
    assert_eq!(decide("dynamodb:GetItem", "bob"), (false, 1));
    assert_eq!(decide("dynamodb:PutItem", "ann"), (false, 0));
}
