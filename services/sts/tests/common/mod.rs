//! The service with identities and the decision that the program has.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use identity::records::{MfaDevice, Policies, Role, User};
use identity::{Authority, Directory, Documents, keys, mfa, token};
use kernel::{Arn, Call, Clock, Principal, PrincipalKind};
use oidc::{HttpFetch, Issuers};
use service::Deps;
use store::Record as _;
use wire::{OperationType, Protocol};

pub const ACCOUNT: &str = testkit::ACCOUNT;
pub const OTHER: &str = "210987654321";

/// A role for everybody in the account, and who may do everything.
pub const TRUST_ACCOUNT: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
    "Principal":{"AWS":"123456789012"}}}"#;
pub const ADMIN: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

pub struct World {
    pub deps: Deps,
}

impl World {
    pub fn new() -> Self {
        Self::with(|deps| sts::service(deps.clone(), Arc::new(Issuers::new(Arc::new(HttpFetch::new())))))
    }

    pub fn with(make: impl FnOnce(&Deps) -> service::Service) -> Self {
        let deps = testkit::deps();
        let documents = Arc::new(Documents::default());
        let directory = Arc::new(Directory::new(deps.store.clone(), documents.clone()));
        let service = make(&deps);
        deps.cloud.fill(vec![service], Arc::new(Authority::new(directory, documents)));
        Self { deps }
    }

    pub fn clock(&self) -> &Clock {
        &self.deps.clock
    }

    pub fn advance(&self, secs: u64) {
        self.deps.clock.advance(Duration::from_secs(secs));
    }

    pub async fn put(&self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        let (key, value) = (key.into(), value.into());
        let put = |tx: &mut store::Tx| {
            tx.put(key.clone(), value.clone());
            Ok::<_, store::Error>(())
        };
        self.deps.store.transact(put).await.unwrap();
    }

    /// A user with this inline policy, as the one who calls.
    pub async fn user(&self, name: &str, policy: &str) -> Call {
        let id = format!("AIDA{:A>17}", name.to_uppercase());
        let mut user = User::new(name, "/", id.clone(), 0);
        if !policy.is_empty() {
            user.policies.inline.insert("own".into(), policy.into());
        }
        self.put(keys::user(ACCOUNT, name), user.encode()).await;
        self.call(Principal {
            kind: PrincipalKind::User,
            account: ACCOUNT.into(),
            arn: Arn::aws("iam", "", ACCOUNT, &format!("user/{name}")),
            user_id: id,
            access_key: "AKIAEXAMPLE".into(),
            session: None,
        })
    }

    pub fn call(&self, principal: Principal) -> Call {
        Call { account: principal.account.clone(), principal, ..testkit::call(self.deps.clock.now()) }
    }

    pub async fn role(
        &self,
        account: &str,
        path: &str,
        name: &str,
        trust: &str,
        change: impl FnOnce(&mut Role),
    ) -> String {
        let mut role = Role {
            name: name.into(),
            path: path.into(),
            id: format!("AROA{:A>17}", name.to_uppercase()),
            created_ms: 0,
            trust: trust.into(),
            description: None,
            max_session_secs: 3600,
            policies: Policies::default(),
            boundary: None,
            tags: BTreeMap::new(),
            used: None,
            linked_to: None,
        };
        role.policies.inline.insert("own".into(), ADMIN.into());
        change(&mut role);
        self.put(keys::role(account, name), role.encode()).await;
        format!("arn:aws:iam::{account}:role{path}{name}")
    }

    /// A device of the user; its codes are those of [`World::code`].
    pub async fn device(&self, user: &str) -> String {
        let serial = Arn::aws("iam", "", ACCOUNT, "mfa/phone");
        let device = MfaDevice {
            name: "phone".into(),
            path: "/".into(),
            sealed_seed: mfa::seal(&self.deps.vault, &serial, &[7; mfa::SEED_BYTES]),
            created_ms: 0,
            tags: BTreeMap::new(),
            enabled: Some((user.into(), 0)),
            last_step: 0,
            drift: 0,
            failures: 0,
            failed_ms: 0,
        };
        self.put(keys::mfa_device(ACCOUNT, "phone"), device.encode()).await;
        serial.to_string()
    }

    pub fn code(&self) -> String {
        mfa::code(&[7; mfa::SEED_BYTES], mfa::step_of(self.deps.clock.now()))
    }

    pub async fn run<O: OperationType>(
        &self,
        call: &Call,
        _: O,
        input: O::Input,
    ) -> Result<O::Output, O::Error> {
        let call = Call { now: self.deps.clock.now(), ..call.clone() };
        self.deps.cloud.call::<O>(call, input).await
    }

    /// Who signs with these credentials, as a call.
    pub fn as_session(&self, credentials: &model_sts::types::Credentials) -> Call {
        let id = credentials.access_key_id.as_deref().unwrap();
        let opened = token::open(
            &self.deps.vault,
            id,
            credentials.session_token.as_deref().unwrap(),
            self.deps.clock.now(),
        );
        let (secret, principal) = opened.unwrap();
        assert_eq!(Some(secret.as_str()), credentials.secret_access_key.as_deref());
        self.call(principal)
    }
}

testkit::refusals!(model_sts::Error, Protocol::Query, query codes);
