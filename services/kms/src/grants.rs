//! What grants allow: the ones that fit a request become statements of the key's policy.

use std::collections::HashMap;

use kernel::{Call, PrincipalKind};
use model_kms::types::GrantOperation;
use wire::Open;

use crate::context::{self, Context};
use crate::records::{Grant, Principal};

/// Operations with an encryption context: on these, and no others, the constraints of a grant count.
const WITH_CONTEXT: &[&str] = &[
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
];

/// What a new grant asks for, where it is made by somebody who has only a grant.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub operations: &'a [Open<GrantOperation>],
    pub equals: Option<&'a Context>,
    pub subset: Option<&'a Context>,
    pub source_arn: Option<&'a str>,
}

/// A request as grants see it.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// As grants name it.
    pub operation: &'static str,
    pub context: Option<&'a Context>,
    pub wanted: Option<Wanted<'a>>,
}

impl Grant {
    /// Whether the grant lets `call` do this.
    pub fn allows(&self, call: &Call, asked: &Use<'_>) -> bool {
        self.operations.iter().any(|operation| operation == asked.operation)
            && is(call, &self.grantee)
            && self.fits_source(call)
            && (!WITH_CONTEXT.contains(&asked.operation) || self.fits(asked.context))
            && asked.wanted.as_ref().is_none_or(|wanted| self.covers(wanted))
    }

    fn fits_source(&self, call: &Call) -> bool {
        self.source_arn
            .as_deref()
            .is_none_or(|arn| call.source.as_ref().is_some_and(|source| source.as_str() == arn))
    }

    fn fits(&self, context: Option<&Context>) -> bool {
        let equal = |wanted: &Context| context.map_or(wanted.is_empty(), |context| context == wanted);
        self.context_equals.as_ref().is_none_or(equal)
            && self.context_subset.as_ref().is_none_or(|part| context::holds(context, part))
    }

    /// Whether another grant gives no more than this one.
    fn covers(&self, wanted: &Wanted<'_>) -> bool {
        let gives =
            |operation: &Open<GrantOperation>| self.operations.iter().any(|own| own == operation.as_str());
        let operations = wanted.operations.iter().all(gives);
        let equals = self.context_equals.as_ref().is_none_or(|own| wanted.equals == Some(own));
        let subset = self
            .context_subset
            .as_ref()
            .is_none_or(|own| context::holds(wanted.subset, own) || context::holds(wanted.equals, own));
        let source = self.source_arn.as_deref().is_none_or(|own| wanted.source_arn == Some(own));
        operations && equals && subset && source
    }
}

/// The grants of a key, found by whom they are for: a key may have many.
#[derive(Debug, Default)]
pub struct Grants {
    /// With their ids, in the order of these.
    all: Vec<(String, Grant)>,
    /// Places in the list above by the name of the grantee.
    by_grantee: HashMap<String, Vec<usize>>,
}

impl Grants {
    pub fn new(all: Vec<(String, Grant)>) -> Self {
        let mut by_grantee: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, (_, grant)) in all.iter().enumerate() {
            by_grantee.entry(grant.grantee.name().to_owned()).or_default().push(at);
        }
        Self { all, by_grantee }
    }

    /// All of them, with their ids.
    pub fn iter(&self) -> impl Iterator<Item = &(String, Grant)> {
        self.all.iter()
    }

    /// The grant with this id.
    pub fn get(&self, id: &str) -> Option<&Grant> {
        let at = self.all.binary_search_by(|(other, _)| other.as_str().cmp(id)).ok()?;
        self.all.get(at).map(|(_, grant)| grant)
    }

    /// Those that let `call` do this, up to `max` of them.
    pub fn that_allow(&self, call: &Call, asked: &Use<'_>, max: usize) -> Vec<&Grant> {
        let caller = &call.principal;
        let account = account_arn(&caller.account);
        let behind = caller.session.as_ref().map(|session| &*session.issuer_arn);
        let mut names = vec![caller.arn.as_str(), &caller.user_id, &account];
        names.extend(behind);
        names.sort_unstable();
        names.dedup();
        let places = names.into_iter().filter_map(|name| self.by_grantee.get(name)).flatten();
        let grants = places.filter_map(|at| self.all.get(*at)).map(|(_, grant)| grant);
        grants.filter(|grant| grant.allows(call, asked)).take(max).collect()
    }
}

/// Whether a principal of a grant may be the caller: by its own ARN, by that of the role or user behind it, or as its
/// account. What this means is for the policy to say.
pub fn is(call: &Call, principal: &Principal) -> bool {
    let caller = &call.principal;
    match principal {
        Principal::Service(name) => caller.kind == PrincipalKind::Service && caller.user_id == *name,
        Principal::Arn(arn) => {
            arn == caller.arn.as_str()
                || caller.session.as_ref().is_some_and(|session| session.issuer_arn == *arn)
                || *arn == account_arn(&caller.account)
        }
    }
}

/// The ARN that stands for an account.
pub fn account_arn(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// The statement that lets a principal do one thing.
pub fn statement(principal: &Principal, action: &str) -> Option<String> {
    let (kind, name) = match principal {
        Principal::Arn(arn) => ("AWS", arn),
        Principal::Service(name) => ("Service", name),
    };
    let name = serde_json::to_string(name).ok()?;
    let action = serde_json::to_string(action).ok()?;
    Some(format!(r#"{{"Effect":"Allow","Principal":{{"{kind}":{name}}},"Action":{action},"Resource":"*"}}"#))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Arn, Timestamp};

    const ANN: &str = "arn:aws:iam::123456789012:user/ann";

    fn ann() -> Call {
        let mut call = testkit::call(Timestamp::from_secs(0));
        call.principal.kind = PrincipalKind::User;
        call.principal.arn = Arn::aws("iam", "", "123456789012", "user/ann");
        call
    }

    fn grant() -> Grant {
        Grant {
            name: None,
            created_ms: 0,
            grantee: Principal::Arn(ANN.into()),
            retiring: None,
            operations: ["CreateGrant", "Decrypt", "DescribeKey"].map(str::to_owned).into(),
            context_equals: None,
            context_subset: None,
            source_arn: None,
            issuer: account_arn("123456789012"),
        }
    }

    fn context(pairs: &[(&str, &str)]) -> Context {
        pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    fn asked<'a>(operation: &'static str, context: Option<&'a Context>) -> Use<'a> {
        Use { operation, context, wanted: None }
    }

    #[test]
    fn operations_principals_and_constraints() {
        let mut grant = grant();
        assert!(grant.allows(&ann(), &asked("Decrypt", None)));
        assert!(!grant.allows(&ann(), &asked("Encrypt", None)));
        let mut bob = ann();
        bob.principal.arn = Arn::aws("iam", "", "123456789012", "user/bob");
        assert!(!grant.allows(&bob, &asked("Decrypt", None)));
        let (one, two) = (context(&[("a", "1")]), context(&[("a", "1"), ("b", "2")]));
        grant.context_subset = Some(one.clone());
        assert!(grant.allows(&ann(), &asked("Decrypt", Some(&two))));
        assert!(!grant.allows(&ann(), &asked("Decrypt", None)));
        assert!(grant.allows(&ann(), &asked("DescribeKey", None)));
        grant.context_equals = Some(one.clone());
        assert!(!grant.allows(&ann(), &asked("Decrypt", Some(&two))));
        assert!(grant.allows(&ann(), &asked("Decrypt", Some(&one))));
        grant.source_arn = Some("arn:aws:s3:::b".into());
        assert!(!grant.allows(&ann(), &asked("Decrypt", Some(&one))));
        let mut with_source = ann();
        with_source.source = Some("arn:aws:s3:::b".parse().unwrap());
        assert!(grant.allows(&with_source, &asked("Decrypt", Some(&one))));
    }

    #[test]
    fn a_grant_passes_on_no_more_than_it_gives() {
        let mut grant = grant();
        let one = context(&[("a", "1")]);
        let passes = |grant: &Grant, operations: &[&str], equals: Option<&Context>| {
            let operations: Vec<Open<GrantOperation>> = operations
                .iter()
                .map(|name| <GrantOperation as wire::Enum>::parse(name).unwrap().into())
                .collect();
            let wanted = Wanted { operations: &operations, equals, subset: None, source_arn: None };
            grant.allows(&ann(), &Use { operation: "CreateGrant", context: None, wanted: Some(wanted) })
        };
        assert!(passes(&grant, &["Decrypt"], None));
        assert!(!passes(&grant, &["Decrypt", "Encrypt"], None));
        grant.context_subset = Some(one.clone());
        assert!(!passes(&grant, &["Decrypt"], None));
        assert!(passes(&grant, &["Decrypt"], Some(&one)));
        grant.context_equals = Some(context(&[("a", "2")]));
        assert!(!passes(&grant, &["Decrypt"], Some(&one)));
    }

    #[test]
    fn grants_are_found_by_their_grantees() {
        let to = |name: &str| Grant { grantee: Principal::Arn(name.into()), ..grant() };
        let account = account_arn("123456789012");
        let grants = Grants::new(vec![
            ("a".into(), to(ANN)),
            ("b".into(), to("arn:aws:iam::123456789012:user/bob")),
            ("c".into(), to(&account)),
            ("d".into(), Grant { operations: vec!["Encrypt".into()], ..to(ANN) }),
        ]);
        let found = grants.that_allow(&ann(), &asked("Decrypt", None), 9);
        let found: Vec<_> = found.into_iter().map(|grant| grant.grantee.name()).collect();
        assert_eq!(found, [account.as_str(), ANN]);
        assert_eq!(
            grants.get("b").map(|grant| grant.grantee.name()),
            Some("arn:aws:iam::123456789012:user/bob")
        );
        assert_eq!(grants.that_allow(&ann(), &asked("Decrypt", None), 1).len(), 1);
        assert!(grants.get("x").is_none() && grants.iter().count() == 4);
    }

    #[test]
    fn statements_are_escaped() {
        let text = statement(&Principal::Arn(ANN.into()), "kms:Decrypt").unwrap();
        assert_eq!(
            text,
            format!(
                r#"{{"Effect":"Allow","Principal":{{"AWS":"{ANN}"}},"Action":"kms:Decrypt","Resource":"*"}}"#
            )
        );
        assert!(
            statement(&Principal::Service("a\"b".into()), "x").unwrap().contains(r#"{"Service":"a\"b"}"#)
        );
    }
}
