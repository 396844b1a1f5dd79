//! Decisions: who may do what under which policies.

use policy::{
    AclGrant, Context, Decision, Policies, Policy, PolicyKind, PolicyRef, Principal, Reason, Request,
    StatementRef, Verdict, evaluate, evaluate_trust,
};

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";
const USER: Principal<'static> =
    Principal::User { account: OWN, arn: "arn:aws:iam::111122223333:user/ann", id: None };
const ROOT: Principal<'static> = Principal::Root { account: OWN };
const SESSION: Principal<'static> = Principal::RoleSession {
    account: OWN,
    role_arn: "arn:aws:iam::111122223333:role/app",
    session_arn: "arn:aws:sts::111122223333:assumed-role/app/one",
    role_id: None,
};
const FEDERATED: Principal<'static> = Principal::FederatedUser {
    account: OWN,
    arn: "arn:aws:sts::111122223333:federated-user/guest",
    parent_arn: "arn:aws:iam::111122223333:user/ann",
};
const FEDERATED_ROOT: Principal<'static> = Principal::FederatedUser {
    account: OWN,
    arn: "arn:aws:sts::111122223333:federated-user/guest",
    parent_arn: "arn:aws:iam::111122223333:root",
};
const SERVICE: Principal<'static> = Principal::Service { name: "sns.amazonaws.com" };

const ALLOW: &str = r#"{"Sid":"Yes","Effect":"Allow","Action":"sqs:*","Resource":"*"}"#;
const DENY: &str = r#"{"Sid":"No","Effect":"Deny","Action":"sqs:*","Resource":"*"}"#;
const ELSE: &str = r#"{"Sid":"Else","Effect":"Allow","Action":"s3:*","Resource":"*"}"#;

fn policy(kind: PolicyKind, statements: &[&str]) -> Policy {
    let document = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    Policy::parse(document.as_bytes(), kind)
        .unwrap_or_else(|error| panic!("{document}: {error} at {}", error.place()))
}

/// A statement of a resource's policy.
fn names(effect: &str, principal: &str) -> String {
    format!(r#"{{"Effect":"{effect}","Principal":{principal},"Action":"sqs:*","Resource":"*"}}"#)
}

/// The policies of a case as statements; nothing where there is no such policy.
#[derive(Clone, Copy, Default)]
struct Case<'c> {
    identity: Option<&'c str>,
    boundary: Option<&'c str>,
    session: Option<&'c str>,
    resource: Option<&'c str>,
    scps: &'c [&'c str],
}

/// Decides and gives the verdict and the reason.
fn decide(
    case: &Case<'_>,
    change: impl FnOnce(Request<'_>) -> Request<'_>,
    principal: Principal<'_>,
) -> (Verdict, Reason) {
    let parse = |kind, statement: Option<&str>| statement.map(|statement| policy(kind, &[statement]));
    let identity = parse(PolicyKind::Identity, case.identity);
    let boundary = parse(PolicyKind::Boundary, case.boundary);
    let session = parse(PolicyKind::Session, case.session);
    let resource = parse(PolicyKind::Resource, case.resource);
    let scps: Vec<_> = case.scps.iter().map(|statement| policy(PolicyKind::Scp, &[statement])).collect();
    let refer = |policy| PolicyRef { name: "p", policy };
    let levels: Vec<_> = scps.iter().map(|scp| [refer(scp)]).collect();
    let levels: Vec<&[PolicyRef<'_>]> = levels.iter().map(|level| &level[..]).collect();
    let identity: Vec<_> = identity.iter().map(refer).collect();
    let session: Vec<_> = session.iter().map(refer).collect();
    let policies = Policies {
        identity: &identity,
        boundary: boundary.as_ref().map(refer),
        session: &session,
        resource: resource.as_ref().map(refer),
        scps: &levels,
    };
    let context = Context::new();
    let request =
        Request::new(principal, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q", &context);
    let decision = evaluate(&change(request), &policies);
    assert_eq!(decision.is_allowed(), decision.verdict == Verdict::Allow);
    (decision.verdict, decision.reason)
}

fn same(case: &Case<'_>, principal: Principal<'_>) -> (Verdict, Reason) {
    decide(case, |request| request, principal)
}

fn granted(kind: PolicyKind) -> (Verdict, Reason) {
    (Verdict::Allow, Reason::Granted(kind))
}

fn denied(kind: PolicyKind) -> (Verdict, Reason) {
    (Verdict::ExplicitDeny, Reason::Denied(kind))
}

fn silent(kind: PolicyKind) -> (Verdict, Reason) {
    (Verdict::ImplicitDeny, Reason::NotAllowed(kind))
}

use PolicyKind::{Boundary, Identity, Resource, Scp, Session};

#[test]
fn identity_policies_within_an_account() {
    let case = |identity| Case { identity, ..Case::default() };
    assert_eq!(same(&case(None), USER), silent(Identity));
    assert_eq!(same(&case(Some(ELSE)), USER), silent(Identity));
    assert_eq!(same(&case(Some(ALLOW)), USER), granted(Identity));
    assert_eq!(same(&case(Some(DENY)), USER), denied(Identity));
    assert_eq!(same(&case(Some(ALLOW)), SESSION), granted(Identity));
    let two = format!("{ALLOW},{DENY}");
    assert_eq!(same(&case(Some(&two)), USER), denied(Identity));
}

#[test]
fn the_root_user_has_everything_unless_it_is_denied() {
    let root = |case: &Case<'_>| same(case, ROOT);
    assert_eq!(root(&Case::default()), (Verdict::Allow, Reason::Root));
    assert_eq!(root(&Case { scps: &[ELSE], ..Case::default() }), silent(Scp));
    assert_eq!(root(&Case { scps: &[ALLOW, DENY], ..Case::default() }), denied(Scp));
    let deny = names("Deny", "\"*\"");
    assert_eq!(root(&Case { resource: Some(&deny), ..Case::default() }), denied(Resource));
}

#[test]
fn boundaries_sessions_and_scps_take_away() {
    let all = Case {
        identity: Some(ALLOW),
        boundary: Some(ALLOW),
        session: Some(ALLOW),
        scps: &[ALLOW, ALLOW],
        ..Case::default()
    };
    assert_eq!(same(&all, SESSION), granted(Identity));
    assert_eq!(same(&Case { identity: Some(ELSE), ..all }, SESSION), silent(Identity));
    assert_eq!(same(&Case { boundary: Some(ELSE), ..all }, SESSION), silent(Boundary));
    assert_eq!(same(&Case { boundary: Some(DENY), ..all }, SESSION), denied(Boundary));
    assert_eq!(same(&Case { session: Some(ELSE), ..all }, SESSION), silent(Session));
    assert_eq!(same(&Case { session: Some(DENY), ..all }, SESSION), denied(Session));
    assert_eq!(same(&Case { scps: &[ALLOW, ELSE], ..all }, SESSION), silent(Scp));
    assert_eq!(same(&Case { scps: &[ELSE, ALLOW], ..all }, SESSION), silent(Scp));
    assert_eq!(same(&Case { scps: &[DENY], ..all }, SESSION), denied(Scp));
    // An explicit denial anywhere is reported before a missing permission.
    assert_eq!(same(&Case { scps: &[ELSE], session: Some(DENY), ..all }, SESSION), denied(Session));
}

/// The documented table of grants by a resource's policy where everything else is silent.
#[test]
fn grants_of_a_resource_within_an_account() {
    let user = r#"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#;
    let role = r#"{"AWS":"arn:aws:iam::111122223333:role/app"}"#;
    let session = r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/app/one"}"#;
    let guest = r#"{"AWS":"arn:aws:sts::111122223333:federated-user/guest"}"#;
    let account = r#"{"AWS":"111122223333"}"#;
    let service = r#"{"Service":"sns.amazonaws.com"}"#;
    let table = [
        (USER, user, granted(Resource)),
        (USER, role, silent(Identity)),
        (USER, account, silent(Identity)),
        (USER, "\"*\"", granted(Resource)),
        (SESSION, role, silent(Boundary)),
        (SESSION, session, granted(Resource)),
        (SESSION, account, silent(Identity)),
        (SESSION, r#"{"AWS":"*"}"#, granted(Resource)),
        (FEDERATED, user, silent(Boundary)),
        (FEDERATED, guest, granted(Resource)),
        (ROOT, account, granted(Resource)),
        (SERVICE, service, granted(Resource)),
        (SERVICE, user, silent(Resource)),
        (Principal::Anonymous, "\"*\"", granted(Resource)),
        (Principal::Anonymous, account, silent(Resource)),
        (Principal::Federated { provider: "accounts.google.com" }, "\"*\"", silent(Resource)),
    ];
    for (principal, named, expected) in table {
        let grant = names("Allow", named);
        let case = Case {
            identity: Some(ELSE),
            boundary: Some(ELSE),
            session: Some(ELSE),
            resource: Some(&grant),
            ..Case::default()
        };
        assert_eq!(same(&case, principal), expected, "{principal:?} {named}");
        // A denial of whoever is named at all holds, and nothing lifts it.
        if expected != silent(Identity) && expected != silent(Resource) {
            let both = format!("{grant},{}", names("Deny", named));
            let case = Case { identity: Some(ALLOW), resource: Some(&both), ..Case::default() };
            assert_eq!(same(&case, principal), denied(Resource), "{principal:?} {named}");
        }
    }
    // A grant to the role is not limited by its silent identity policies, but by a session policy.
    let grant = names("Allow", role);
    let case = Case { resource: Some(&grant), ..Case::default() };
    assert_eq!(same(&case, SESSION), granted(Resource));
    assert_eq!(same(&Case { session: Some(ELSE), ..case }, SESSION), silent(Session));
    assert_eq!(same(&Case { session: Some(ALLOW), ..case }, SESSION), granted(Resource));
}

#[test]
fn a_denial_by_account_or_role_reaches_everybody_in_it() {
    for (named, principal) in [
        (r#"{"AWS":"111122223333"}"#, USER),
        (r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, SESSION),
        (r#"{"AWS":"arn:aws:iam::111122223333:role/app"}"#, SESSION),
        (r#"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#, FEDERATED),
        ("\"*\"", SERVICE),
        ("\"*\"", Principal::Anonymous),
    ] {
        let deny = names("Deny", named);
        let case = Case { identity: Some(ALLOW), resource: Some(&deny), ..Case::default() };
        assert_eq!(same(&case, principal), denied(Resource), "{named} {principal:?}");
    }
}

#[test]
fn federated_users_have_what_their_session_policies_give() {
    let case = Case { identity: Some(ALLOW), ..Case::default() };
    assert_eq!(same(&case, FEDERATED), silent(Session));
    assert_eq!(same(&Case { session: Some(ALLOW), ..case }, FEDERATED), granted(Identity));
    assert_eq!(same(&Case { session: Some(ALLOW), ..Case::default() }, FEDERATED), silent(Identity));
    assert_eq!(same(&Case::default(), FEDERATED_ROOT), silent(Session));
    let root = same(&Case { session: Some(ALLOW), ..Case::default() }, FEDERATED_ROOT);
    assert_eq!(root, (Verdict::Allow, Reason::Root));
}

#[test]
fn between_accounts_both_sides_must_allow() {
    let cross = |case: &Case<'_>, principal| decide(case, |request| request.owned_by(OTHER), principal);
    for named in [r#"{"AWS":"111122223333"}"#, r#"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#, "\"*\""] {
        let grant = names("Allow", named);
        let case = Case { resource: Some(&grant), ..Case::default() };
        assert_eq!(cross(&case, USER), silent(Identity), "{named}");
        assert_eq!(cross(&Case { identity: Some(ALLOW), ..case }, USER), granted(Resource), "{named}");
        let limited = Case { identity: Some(ALLOW), boundary: Some(ELSE), ..case };
        assert_eq!(cross(&limited, USER), silent(Boundary), "{named}");
        let limited = Case { identity: Some(ALLOW), scps: &[ELSE], ..case };
        assert_eq!(cross(&limited, USER), silent(Scp), "{named}");
    }
    let case = Case { identity: Some(ALLOW), ..Case::default() };
    assert_eq!(cross(&case, USER), silent(Resource));
    assert_eq!(cross(&case, ROOT), silent(Resource));
    let wrong = names("Allow", r#"{"AWS":"444455556666"}"#);
    assert_eq!(cross(&Case { resource: Some(&wrong), ..case }, USER), silent(Resource));
    let grant = names("Allow", r#"{"AWS":"111122223333"}"#);
    assert_eq!(cross(&Case { resource: Some(&grant), ..Case::default() }, ROOT), granted(Resource));
    // Naming the account as the owner is the same as not naming it.
    assert_eq!(decide(&case, |request| request.owned_by(OWN), USER), granted(Identity));
}

#[test]
fn services_are_not_bound_by_an_accounts_limits() {
    let grant = names("Allow", r#"{"Service":"sns.amazonaws.com"}"#);
    let case = Case { resource: Some(&grant), scps: &[DENY], ..Case::default() };
    assert_eq!(decide(&case, |request| request.owned_by(OTHER), SERVICE), granted(Resource));
    assert_eq!(same(&Case { identity: Some(ALLOW), ..Case::default() }, SERVICE), silent(Resource));
}

/// As with keys of KMS: the account's users get in only where the resource's policy lets their account decide.
#[test]
fn resources_whose_own_policy_must_take_part() {
    let required = |case: &Case<'_>, principal| {
        decide(case, |request| request.with_resource_policy_required(), principal)
    };
    let account = names("Allow", r#"{"AWS":"arn:aws:iam::111122223333:root"}"#);
    let user = names("Allow", r#"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#);
    let allow = Case { identity: Some(ALLOW), ..Case::default() };
    assert_eq!(required(&allow, USER), silent(Resource));
    assert_eq!(required(&Case { resource: Some(&account), ..allow }, USER), granted(Identity));
    assert_eq!(required(&Case { resource: Some(&account), ..Case::default() }, USER), silent(Identity));
    assert_eq!(required(&Case { resource: Some(&user), ..Case::default() }, USER), granted(Resource));
    assert_eq!(required(&Case { resource: Some(&user), ..allow }, ROOT), silent(Resource));
    assert_eq!(required(&Case { resource: Some(&account), ..Case::default() }, ROOT), granted(Resource));
}

#[test]
fn not_principal() {
    let statement = |effect: &str, named: &str| {
        format!(r#"{{"Effect":"{effect}","NotPrincipal":{named},"Action":"sqs:*","Resource":"*"}}"#)
    };
    let exempt = r#"{"AWS":["arn:aws:iam::111122223333:user/ann","arn:aws:iam::111122223333:root"]}"#;
    let deny = statement("Deny", exempt);
    let case = Case { identity: Some(ALLOW), resource: Some(&deny), ..Case::default() };
    assert_eq!(same(&case, USER), granted(Identity), "listed");
    assert_eq!(same(&case, SESSION), denied(Resource), "only its account is listed");
    assert_eq!(same(&case, Principal::Anonymous), denied(Resource));
    assert_eq!(same(&case, ROOT), granted(Identity), "the root user is the account that is listed");
    let bounded = Case { boundary: Some(ALLOW), ..case };
    assert_eq!(same(&bounded, USER), denied(Resource), "a boundary ends every exemption");
    let role = statement("Deny", r#"{"AWS":["arn:aws:iam::111122223333:role/app","111122223333"]}"#);
    assert_eq!(same(&Case { resource: Some(&role), ..case }, SESSION), granted(Identity));

    let allow = statement("Allow", r#"{"AWS":"111122223333"}"#);
    let case = Case { resource: Some(&allow), ..Case::default() };
    assert_eq!(same(&case, USER), silent(Identity), "its account is excluded");
    assert_eq!(same(&case, Principal::Anonymous), granted(Resource));
    assert_eq!(same(&case, Principal::Federated { provider: "x" }), silent(Resource));
}

#[test]
fn who_may_assume_a_role() {
    let trust = |principal: &str, action: &str, condition: &str| {
        let statement =
            format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"{action}"{condition}}}"#);
        policy(PolicyKind::Trust, &[&statement])
    };
    let may = policy(
        Identity,
        &[r#"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/app"}"#],
    );
    let mut context = Context::new();
    context.set("sts:ExternalId", "right");
    let role = "arn:aws:iam::111122223333:role/app";
    let ask = |trust: &Policy, identity: &[PolicyRef<'_>], principal, action, owner| {
        let policies = Policies {
            identity,
            resource: Some(PolicyRef { name: "trust", policy: trust }),
            ..Policies::default()
        };
        let decision =
            evaluate_trust(&Request::new(principal, action, role, &context).owned_by(owner), &policies);
        (decision.verdict, decision.reason)
    };
    let may = [PolicyRef { name: "may", policy: &may }];
    let trusted = (Verdict::Allow, Reason::Granted(PolicyKind::Trust));
    let untrusted = silent(PolicyKind::Trust);
    let assume = "sts:AssumeRole";

    let user = trust(r#"{"AWS":"arn:aws:iam::111122223333:user/ann"}"#, assume, "");
    assert_eq!(ask(&user, &[], USER, assume, OWN), trusted, "named in the same account");
    assert_eq!(ask(&user, &[], USER, assume, OTHER), silent(Identity));
    assert_eq!(ask(&user, &may, USER, assume, OTHER), trusted);
    assert_eq!(ask(&user, &may, SESSION, assume, OWN), untrusted);
    let account = trust(r#"{"AWS":"111122223333"}"#, assume, "");
    assert_eq!(ask(&account, &[], USER, assume, OWN), silent(Identity), "the account decides");
    assert_eq!(ask(&account, &may, USER, assume, OWN), granted(Identity));

    let service = trust(r#"{"Service":"lambda.amazonaws.com"}"#, assume, "");
    assert_eq!(ask(&service, &[], Principal::Service { name: "lambda.amazonaws.com" }, assume, OWN), trusted);
    assert_eq!(ask(&service, &[], SERVICE, assume, OWN), untrusted);

    let web = "sts:AssumeRoleWithWebIdentity";
    let provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let github = trust(&format!(r#"{{"Federated":"{provider}"}}"#), web, "");
    assert_eq!(ask(&github, &[], Principal::Federated { provider }, web, OWN), trusted);
    assert_eq!(
        ask(&github, &[], Principal::Federated { provider: "accounts.google.com" }, web, OWN),
        untrusted
    );
    assert_eq!(ask(&github, &may, USER, web, OWN), untrusted);

    let external = |id: &str| {
        let condition = format!(r#","Condition":{{"StringEquals":{{"sts:ExternalId":"{id}"}}}}"#);
        trust(r#"{"AWS":"111122223333"}"#, assume, &condition)
    };
    assert_eq!(ask(&external("right"), &may, USER, assume, OTHER), trusted);
    assert_eq!(ask(&external("wrong"), &may, USER, assume, OTHER), untrusted);
}

/// The documentation's example of a user, her bucket and the logs nobody may touch.
#[test]
fn identity_and_resource_policies_together() {
    let identity = policy(
        Identity,
        &[
            r#"{"Sid":"List","Effect":"Allow","Action":["s3:GetBucketLocation","s3:ListAllMyBuckets"],"Resource":"arn:aws:s3:::*"}"#,
            r#"{"Sid":"Self","Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::ann/*","arn:aws:s3:::ann"]}"#,
            r#"{"Sid":"Logs","Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::*log*"}"#,
        ],
    );
    let identity = [PolicyRef { name: "arn:aws:iam::111122223333:policy/ann", policy: &identity }];
    let policies = Policies { identity: &identity, ..Policies::default() };
    let context = Context::new();
    let ask = |action, resource| evaluate(&Request::new(USER, action, resource, &context), &policies);
    assert!(ask("s3:GetBucketLocation", "arn:aws:s3:::any").is_allowed());
    assert!(ask("s3:PutObject", "arn:aws:s3:::ann/file").is_allowed());
    assert_eq!(ask("s3:PutObject", "arn:aws:s3:::other/file").verdict, Verdict::ImplicitDeny);
    let decision = ask("s3:PutObject", "arn:aws:s3:::ann-logs/file");
    let by = StatementRef {
        policy: "arn:aws:iam::111122223333:policy/ann",
        kind: Identity,
        index: 2,
        sid: Some("Logs"),
    };
    assert_eq!(
        decision,
        Decision { verdict: Verdict::ExplicitDeny, reason: Reason::Denied(Identity), by: Some(by) }
    );
    assert_eq!(ask("PutObject", "arn:aws:s3:::ann/file").reason, Reason::NoAction);
}

#[test]
fn refusals_in_the_service_s_words() {
    let decision = |verdict, reason| Decision { verdict, reason, by: None };
    let explicit =
        |kind| decision(Verdict::ExplicitDeny, Reason::Denied(kind)).because("sqs:SendMessage").to_string();
    let implicit = |kind| {
        decision(Verdict::ImplicitDeny, Reason::NotAllowed(kind)).because("sqs:SendMessage").to_string()
    };
    assert_eq!(explicit(Identity), "with an explicit deny in an identity-based policy");
    assert_eq!(explicit(Resource), "with an explicit deny in a resource-based policy");
    assert_eq!(explicit(Boundary), "with an explicit deny in a permissions boundary");
    assert_eq!(explicit(Session), "with an explicit deny in a session policy");
    assert_eq!(explicit(Scp), "with an explicit deny in a service control policy");
    assert_eq!(explicit(PolicyKind::Trust), "with an explicit deny in the role trust policy");
    assert_eq!(implicit(Identity), "because no identity-based policy allows the sqs:SendMessage action");
    assert_eq!(implicit(Boundary), "because no permissions boundary allows the sqs:SendMessage action");
    assert_eq!(implicit(Session), "because no session policy allows the sqs:SendMessage action");
    assert_eq!(implicit(Scp), "because no service control policy allows the sqs:SendMessage action");
    let refusal = decision(Verdict::ImplicitDeny, Reason::NotAllowed(Identity));
    assert_eq!(
        refusal.message(
            "arn:aws:iam::111122223333:user/ann",
            "sqs:SendMessage",
            "arn:aws:sqs:us-east-1:111122223333:q"
        ),
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: sqs:SendMessage on resource: \
         arn:aws:sqs:us-east-1:111122223333:q because no identity-based policy allows the sqs:SendMessage action"
    );
    assert_eq!(
        refusal.message("arn:aws:iam::111122223333:user/ann", "sqs:ListQueues", "*"),
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: sqs:ListQueues because no \
         identity-based policy allows the sqs:ListQueues action"
    );
}

/// A policy that names nobody grants nothing as a resource's, whatever it was parsed as.
#[test]
fn a_policy_in_the_wrong_place_grants_nothing() {
    let identity = policy(Identity, &[ALLOW]);
    let context = Context::new();
    let request = Request::new(USER, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q", &context);
    let resource = Some(PolicyRef { name: "p", policy: &identity });
    let decision = evaluate(&request, &Policies { resource, ..Policies::default() });
    assert_eq!(decision.verdict, Verdict::ImplicitDeny);
    // A managed policy that serves as a boundary is reported as one.
    let other = policy(Identity, &[ELSE]);
    let allow = [PolicyRef { name: "p", policy: &identity }];
    let boundary = Some(PolicyRef { name: "b", policy: &other });
    let decision = evaluate(&request, &Policies { identity: &allow, boundary, ..Policies::default() });
    assert_eq!(decision.reason, Reason::NotAllowed(Boundary));
}

/// An access control list that gives this, on a resource of that account.
fn by_list(acl: AclGrant, owner: &'static str) -> impl Fn(Request<'_>) -> Request<'_> + Copy {
    move |request| request.owned_by(owner).granted_by_acl(acl)
}

const BY_LIST: (Verdict, Reason) = (Verdict::Allow, Reason::Acl);

#[test]
fn a_list_opens_a_resource_to_everybody() {
    let nothing = Case::default();
    for (owner, principal) in
        [(OWN, USER), (OWN, ROOT), (OWN, SESSION), (OTHER, SERVICE), (OTHER, Principal::Anonymous)]
    {
        assert_eq!(
            decide(&nothing, by_list(AclGrant::Everybody, owner), principal),
            BY_LIST,
            "{principal:?}"
        );
    }
    // Nor does a boundary or a session limit it within the account, as it does not limit a policy that names everybody.
    let bounded = Case { boundary: Some(ELSE), ..nothing };
    assert_eq!(decide(&bounded, by_list(AclGrant::Everybody, OWN), USER), BY_LIST);
    // From another account the principal's own has to agree.
    let open = by_list(AclGrant::Everybody, OTHER);
    assert_eq!(decide(&nothing, open, USER), silent(Identity));
    let allowed = Case { identity: Some(ALLOW), ..nothing };
    assert_eq!(decide(&allowed, open, USER), BY_LIST);
    assert_eq!(decide(&Case { boundary: Some(ELSE), ..allowed }, open, USER), silent(Boundary));
    assert_eq!(decide(&Case { session: Some(ELSE), ..allowed }, open, SESSION), silent(Session));
    assert_eq!(decide(&nothing, open, ROOT), BY_LIST);
}

#[test]
fn a_list_names_an_account_and_the_account_its_identities() {
    let (nothing, named) = (Case::default(), by_list(AclGrant::Account, OTHER));
    let allowed = Case { identity: Some(ALLOW), ..nothing };
    assert_eq!(decide(&nothing, named, USER), silent(Identity));
    assert_eq!(decide(&allowed, named, USER), BY_LIST);
    assert_eq!(decide(&nothing, named, ROOT), BY_LIST);
    // Within the owner's account it gives nothing that the identity's policies do not.
    assert_eq!(decide(&nothing, by_list(AclGrant::Account, OWN), USER), silent(Identity));
    assert_eq!(decide(&allowed, by_list(AclGrant::Account, OWN), USER), granted(Identity));
    // Who has no account is not of the one that is named.
    for principal in [SERVICE, Principal::Anonymous] {
        assert_eq!(decide(&nothing, named, principal), silent(Resource), "{principal:?}");
    }
}

#[test]
fn a_list_that_gives_nothing_is_none() {
    let allowed = Case { identity: Some(ALLOW), ..Case::default() };
    let closed = by_list(AclGrant::Nothing, OTHER);
    assert_eq!(decide(&allowed, closed, USER), silent(Resource));
    assert_eq!(decide(&Case::default(), closed, Principal::Anonymous), silent(Resource));
}

#[test]
fn what_a_policy_denies_no_list_gives() {
    let everybody = names("Deny", r#""*""#);
    for acl in [AclGrant::Account, AclGrant::Everybody] {
        for owner in [OWN, OTHER] {
            let given = by_list(acl, owner);
            let allowed = Case { identity: Some(ALLOW), ..Case::default() };
            assert_eq!(decide(&Case { identity: Some(DENY), ..allowed }, given, USER), denied(Identity));
            assert_eq!(decide(&Case { boundary: Some(DENY), ..allowed }, given, USER), denied(Boundary));
            assert_eq!(decide(&Case { session: Some(DENY), ..allowed }, given, SESSION), denied(Session));
            assert_eq!(
                decide(&Case { resource: Some(&everybody), ..allowed }, given, USER),
                denied(Resource)
            );
            assert_eq!(decide(&Case { scps: &[DENY], ..allowed }, given, USER), denied(Scp));
            assert_eq!(decide(&Case { scps: &[ELSE], ..allowed }, given, USER), silent(Scp));
            let stranger = Case { resource: Some(&everybody), ..Case::default() };
            assert_eq!(decide(&stranger, given, Principal::Anonymous), denied(Resource));
        }
    }
}

#[test]
fn a_policy_that_grants_is_named_before_a_list() {
    let everybody = names("Allow", r#""*""#);
    let case = Case { resource: Some(&everybody), identity: Some(ALLOW), ..Case::default() };
    for (owner, principal) in [(OWN, USER), (OTHER, USER), (OTHER, Principal::Anonymous)] {
        assert_eq!(decide(&case, by_list(AclGrant::Everybody, owner), principal), granted(Resource));
    }
}
