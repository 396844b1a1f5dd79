//! Which resources an operation touches, with everything policies may ask about them.

mod aliases;
mod asked;
mod ciphertexts;
mod inputs;
mod others;

use std::sync::Arc;

use kernel::{Arn, Call};
use model_kms::Error;
use policy::Policy;
use service::{Resource, Target};
use store::{Record as _, Snapshot};

pub use aliases::{alias_of_key, moved_alias, new_alias};
pub use asked::Asked;
pub use ciphertexts::{Cipher, ciphertext, re_encryption};
pub use others::{RetiredGrant, new_key, new_primary, replicated_key, retired_grant};

use crate::error::{bad_key_id, no_alias, no_key};
use crate::key_id::{Named, key_arn};
use crate::kms::{Key, Kms};
use crate::limits::DAY_MS;
use crate::{context, grants, key_policy, keys, records};

/// Services whose keys are made when somebody looks at their alias, as `alias/aws/…` (developer guide, "AWS managed
/// keys"). Others get theirs when they first use it.
const KNOWN_SERVICES: &[&str] = &[
    "acm",
    "backup",
    "codecommit",
    "dynamodb",
    "ebs",
    "elasticfilesystem",
    "es",
    "fsx",
    "glue",
    "kinesis",
    "lambda",
    "lightsail",
    "rds",
    "redshift",
    "s3",
    "secretsmanager",
    "ses",
    "sns",
    "sqs",
    "ssm",
    "xray",
];

/// A key that an operation is about.
pub struct Subject {
    pub found: Found,
}

/// Whether it is there.
pub enum Found {
    Key(Arc<Key>),
    /// The key of a service, which is made the first time.
    OfService {
        service: String,
        id: String,
    },
    /// It is not; the answer to those who would be allowed.
    Missing(Box<Error>),
}

/// Inputs that name a key.
pub trait OnKey {
    /// Whether an alias may be given.
    const ALIASES: bool = false;
    /// Whether it may be a key of another account.
    const OTHER_ACCOUNTS: bool = false;

    /// The name.
    fn key_id(&self) -> &str;

    /// What else policies may ask.
    fn asked(&self) -> Asked<'_> {
        Asked::default()
    }
}

/// The key that an input names.
pub fn key<I: OnKey>(kms: &Kms, call: &Call, input: &I) -> Result<Resource<Subject>, Error> {
    let snapshot = kms.store.snapshot();
    let looked = look_up(kms, call, &snapshot, input.key_id(), I::ALIASES, I::OTHER_ACCOUNTS)?;
    let target = target(kms, call, &snapshot, &looked, &input.asked())?;
    Ok(Resource::new(target, looked.subject))
}

/// What an account-wide operation touches.
pub fn nothing<I>(_: &Kms, call: &Call, _: &I) -> Result<Resource<()>, Error> {
    Ok(Resource::new(
        Target::new(call.arn("*")).with_key("kms:CallerAccount", call.principal.account.clone()),
        (),
    ))
}

/// What was found under a name.
pub struct Looked {
    arn: Arn,
    /// The alias that the request names.
    alias: Option<String>,
    pub subject: Subject,
}

impl Looked {
    fn missing(arn: Arn, error: Error) -> Self {
        Self { arn, alias: None, subject: Subject { found: Found::Missing(Box::new(error)) } }
    }

    fn found(key: Arc<Key>) -> Self {
        Self { arn: key.arn.clone(), alias: None, subject: Subject { found: Found::Key(key) } }
    }

    /// The key, if it is there.
    pub fn key(&self) -> Option<&Arc<Key>> {
        match &self.subject.found {
            Found::Key(key) => Some(key),
            _ => None,
        }
    }
}

/// Looks a key up. What is not there still has an ARN, so that only those who are allowed to learn it do.
pub fn look_up(
    kms: &Kms,
    call: &Call,
    snapshot: &Snapshot,
    text: &str,
    aliases: bool,
    other_accounts: bool,
) -> Result<Looked, Error> {
    let named = match Named::parse(call, text) {
        Ok(named) => named,
        Err(error) => {
            let arn = text.parse().unwrap_or_else(|_| call.arn(&format!("key/{text}")));
            return Ok(Looked::missing(arn, error));
        }
    };
    let arn = named.arn(call);
    if arn.account() != call.account && !other_accounts {
        let error = wire::CommonError::AccessDenied(format!(
            "{} does not take keys of other accounts, and {arn} is one.",
            call.operation
        ));
        return Ok(Looked::missing(arn, error.into()));
    }
    match named {
        Named::Key { account, id } => Ok(match kms.find_at(snapshot, &account, &call.region, &id)? {
            Some(key) => Looked::found(key),
            None => Looked::missing(arn.clone(), no_key(&arn)),
        }),
        Named::Alias { .. } if !aliases => Ok(Looked::missing(arn, bad_key_id(text))),
        Named::Alias { account, name } => by_alias(kms, call, snapshot, &account, &name),
    }
}

fn by_alias(kms: &Kms, call: &Call, snapshot: &Snapshot, account: &str, name: &str) -> Result<Looked, Error> {
    let row = snapshot.get(&keys::alias(account, &call.region, name))?;
    let Some(bytes) = row else {
        return Ok(
            match name.strip_prefix("alias/aws/").filter(|service| makes_key(call, account, service)) {
                Some(service) => of_service(kms, call, name, service),
                None => {
                    let arn = Arn::aws("kms", &call.region, account, name);
                    Looked::missing(arn.clone(), no_alias(&arn))
                }
            },
        );
    };
    let id = records::Alias::decode(&bytes)?.key_id;
    let arn = key_arn(account, &call.region, &id);
    let found = kms.find_at(snapshot, account, &call.region, &id)?;
    let looked = found.map_or_else(|| Looked::missing(arn.clone(), no_key(&arn)), Looked::found);
    Ok(Looked { alias: Some(name.to_owned()), ..looked })
}

/// Whether using this alias makes its key: when its service uses it for a caller, or somebody asks about it.
fn makes_key(call: &Call, account: &str, service: &str) -> bool {
    let used = call.called_via.last().is_some_and(|via| *via == service);
    let asked = call.operation == "DescribeKey" && KNOWN_SERVICES.contains(&service);
    account == call.account && (used || asked)
}

/// A key that is yet to be made, with the id that it will have.
fn of_service(kms: &Kms, call: &Call, alias: &str, service: &str) -> Looked {
    let id = kms.ids.uuid();
    Looked {
        arn: key_arn(&call.account, &call.region, &id),
        alias: Some(alias.to_owned()),
        subject: Subject { found: Found::OfService { service: service.to_owned(), id } },
    }
}

/// A key as policies see it in one request.
pub fn target(
    kms: &Kms,
    call: &Call,
    snapshot: &Snapshot,
    looked: &Looked,
    asked: &Asked<'_>,
) -> Result<Target, Error> {
    let mut target =
        Target::new(looked.arn.clone()).with_key("kms:CallerAccount", call.principal.account.clone());
    if let Some(via) = call.called_via.last() {
        target = target.with_key("kms:ViaService", format!("{via}.{}.amazonaws.com", call.region));
    }
    if let Some(alias) = &looked.alias {
        target = target.with_key("kms:RequestAlias", alias.clone());
    }
    if asked.about_grants {
        target = target.with_key("kms:GrantIsForAWSResource", !call.called_via.is_empty());
    }
    target = asked.fill(target);
    Ok(match &looked.subject.found {
        // Whoever may ask about keys that do not exist is for his own policies to say.
        Found::Missing(_) => target,
        Found::OfService { service, .. } => {
            let document = key_policy::of_service(&call.account, &call.region, service);
            target.with_policy(document).policy_required()
        }
        Found::Key(key) => {
            let mut target = with_attributes(target, key).policy_required();
            if asked.last_use {
                let since = kms.last_use(key)?.map_or(key.record.created_ms, |usage| usage.at_ms);
                let days = (call.now.millis() - since) / DAY_MS;
                target = target.with_key("kms:TrailingDaysWithoutKeyUsage", days);
            }
            match policy_of(kms, call, snapshot, key, asked)? {
                Some(policy) => target.with_parsed_policy(policy),
                None => target,
            }
        }
    })
}

fn with_attributes(mut target: Target, key: &Key) -> Target {
    let record = &key.record;
    target = target
        .with_key("kms:KeySpec", record.spec.as_str())
        .with_key("kms:KeyUsage", record.usage.as_str())
        .with_key("kms:CustomerMasterKeySpec", record.spec.as_str())
        .with_key("kms:CustomerMasterKeyUsage", record.usage.as_str())
        .with_key("kms:KeyOrigin", if record.external { "EXTERNAL" } else { "AWS_KMS" })
        .with_key("kms:MultiRegion", record.multi_region.is_some())
        .with_tags(record.tags.iter().map(|(key, value)| (&**key, &**value)));
    if let Some(multi) = &record.multi_region {
        let kind = if multi.primary == key.region { "PRIMARY" } else { "REPLICA" };
        target = target.with_key("kms:MultiRegionKeyType", kind);
    }
    if !record.aliases.is_empty() {
        target = target.with_keys("kms:ResourceAliases", record.aliases.iter().cloned());
    }
    target
}

/// The key's policy, with what its grants add to it for this request.
fn policy_of(
    kms: &Kms,
    call: &Call,
    snapshot: &Snapshot,
    key: &Key,
    asked: &Asked<'_>,
) -> Result<Option<Arc<Policy>>, Error> {
    let Some(own) = key.policy.clone() else { return Ok(None) };
    let Some(wanted) = asked.as_use().filter(|_| key.record.grants > 0) else { return Ok(Some(own)) };
    let grants = kms.grants(snapshot, key)?;
    let statements: Vec<String> = grants
        .that_allow(call, &wanted, GRANTS_USED_MAX)
        .into_iter()
        .filter_map(|grant| grants::statement(&grant.grantee, &format!("kms:{}", wanted.operation)))
        .collect();
    if statements.is_empty() {
        return Ok(Some(own));
    }
    Ok(Some(key_policy::with_statements(&key.record.policy, &statements).map_or(own, Arc::new)))
}

/// Grants that fit one request all say the same but for how they name the caller: by itself, by what is behind it, by
/// its account. A few are enough.
const GRANTS_USED_MAX: usize = 16;

/// An encryption context as condition keys.
fn with_context(mut target: Target, context: &context::Context) -> Target {
    for (key, value) in context {
        target = target.with_key(format!("kms:EncryptionContext:{key}"), value.clone());
    }
    if context.is_empty() {
        target
    } else {
        target.with_keys("kms:EncryptionContextKeys", context.keys().cloned())
    }
}
