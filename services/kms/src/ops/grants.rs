//! CreateGrant, RetireGrant, RevokeGrant, ListGrants, ListRetirableGrants.

use std::sync::Arc;

use kernel::{Arn, Call, Timestamp};
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _, Tx};
use wire::{Enum as _, Open};

use crate::context::{self, Context};
use crate::error::{corrupt, invalid};
use crate::grant_token::{self, GrantToken};
use crate::key_id::key_arn;
use crate::kms::{Key, Kms};
use crate::limits::{
    GRANT_CONTEXT_BYTES_MAX, GRANT_CONTEXT_PAIRS_MAX, GRANTS_PER_KEY_MAX, PAGE_DEFAULT, PAGE_MAX,
};
use crate::ops::encrypt::check_dry;
use crate::ops::page;
use crate::records::{self, Grant, GrantName, Principal, Retirable};
use crate::resource::{RetiredGrant, Subject};
use crate::spec::{Spec, Usage};
use crate::{grants, key_policy, keys};

impl Kms {
    pub async fn create_grant(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: CreateGrantInput,
    ) -> Result<CreateGrantOutput, Error> {
        grant_token::check(input.grant_tokens.as_deref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        key.check_enabled()?;
        let grant = checked(&call, &key, input.clone())?;
        check_dry(input.dry_run)?;
        let (account, region, id) = (&*key.account, &*key.region, &*key.id);
        let new_id = self.ids.hex(64);
        let grant_id = self
            .change(&key, |tx, record| {
                if let Some(known) = same_grant(tx, &key, &grant)? {
                    return Ok(known);
                }
                if record.grants >= GRANTS_PER_KEY_MAX {
                    return Err(Error::limit_exceeded_exception(format!(
                        "{} has {GRANTS_PER_KEY_MAX} grants already.",
                        key.arn
                    )));
                }
                record.grants += 1;
                record.grants_epoch += 1;
                tx.put(keys::grant(account, region, id, &new_id), grant.encode());
                if let Some(name) = &grant.name {
                    tx.put(keys::grant_name(account, region, id, name, &new_id), GrantName {}.encode());
                }
                if let Some(row) = retirable_row(account, region, id, &new_id, &grant) {
                    tx.put(row, Retirable {}.encode());
                }
                Ok(new_id.clone())
            })
            .await?;
        let token = GrantToken {
            account: key.account.clone(),
            region: key.region.clone(),
            key_id: key.id.clone(),
            grant_id: grant_id.clone(),
            nonce: self.ids.hex(16),
        };
        Ok(CreateGrantOutput { grant_token: Some(token.encode()), grant_id: Some(grant_id) })
    }

    pub async fn retire_grant(
        self: Arc<Self>,
        call: Arc<Call>,
        retired: Allowed<RetiredGrant>,
        input: RetireGrantInput,
    ) -> Result<RetireGrantOutput, Error> {
        let RetiredGrant { subject, grant_id } = retired.into_inner();
        let key = self.key(&call, subject).await?;
        key.check_stays()?;
        self.remove_grant(&key, &grant_id, input.dry_run).await?;
        Ok(RetireGrantOutput {})
    }

    pub async fn revoke_grant(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: RevokeGrantInput,
    ) -> Result<RevokeGrantOutput, Error> {
        let key = self.key(&call, subject.into_inner()).await?;
        key.check_stays()?;
        self.remove_grant(&key, &input.grant_id, input.dry_run).await?;
        Ok(RevokeGrantOutput {})
    }

    async fn remove_grant(&self, key: &Key, grant_id: &str, dry: Option<bool>) -> Result<(), Error> {
        if grant_id.len() != 64 || !grant_id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::invalid_grant_id_exception(format!("Grant ID {grant_id} is not valid")));
        }
        self.change(key, |tx, record| {
            let row = keys::grant(&key.account, &key.region, &key.id, grant_id);
            let bytes = tx.get(&row)?;
            let bytes =
                bytes.ok_or_else(|| Error::not_found_exception(format!("Grant ID {grant_id} not found")))?;
            let grant = Grant::decode(&bytes)?;
            check_dry(dry)?;
            delete_rows(tx, &key.account, &key.region, &key.id, grant_id, &grant);
            record.grants = record.grants.saturating_sub(1);
            record.grants_epoch += 1;
            Ok(())
        })
        .await
    }

    pub async fn list_grants(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: ListGrantsInput,
    ) -> Result<ListGrantsResponse, Error> {
        let key = self.key(&call, subject.into_inner()).await?;
        let page = page::Request::new(input.limit, input.marker.as_deref(), PAGE_DEFAULT, PAGE_MAX)?;
        // The key as it is now, so that its grants are too.
        let snapshot = self.store.snapshot();
        let found = self.find_at(&snapshot, &key.account, &key.region, &key.id)?;
        let key = found.ok_or_else(|| crate::error::no_key(&key.arn))?;
        let grants = self.grants(&snapshot, &key)?;
        let grantee = input.grantee_principal.as_deref().or(input.grantee_service_principal.as_deref());
        let wanted = grants.iter().filter(|(id, grant)| {
            input.grant_id.as_ref().is_none_or(|wanted| wanted == id)
                && grantee.is_none_or(|wanted| wanted == grant.grantee.name())
        });
        let (rows, next_marker) = page.cut(wanted, |(id, _)| id.clone());
        Ok(ListGrantsResponse {
            grants: Some(rows.into_iter().map(|(id, grant)| entry(&key.arn, id, grant)).collect()),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }

    pub async fn list_retirable_grants(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListRetirableGrantsInput,
    ) -> Result<ListGrantsResponse, Error> {
        let page = page::Request::new(input.limit, input.marker.as_deref(), PAGE_DEFAULT, PAGE_MAX)?;
        let principal = match (&input.retiring_principal, &input.retiring_service_principal) {
            (Some(one), None) | (None, Some(one)) => one,
            _ => return Err(invalid("Specify either RetiringPrincipal or RetiringServicePrincipal.")),
        };
        let prefix = keys::retirables(&call.account, &call.region, principal);
        let snapshot = self.store.snapshot();
        let mut range = KeyRange::prefix(&prefix);
        if let Some(after) = &page.after {
            let parts: Vec<&str> = after.split('/').collect();
            let [owner, id, grant] = parts[..] else {
                return Err(Error::invalid_marker_exception("The marker is not one of this list."));
            };
            range = range.after(&keys::retirable(&call.account, &call.region, principal, owner, id, grant));
        }
        let found = snapshot.range(range, RangeOptions::limit(page.max + 1))?;
        let mut entries = Vec::new();
        for (row, _) in found.entries.iter().take(page.max) {
            let (owner, id, grant_id) = keys::retirable_of(row, &prefix)?;
            let bytes = snapshot.get(&keys::grant(&owner, &call.region, &id, &grant_id))?;
            let grant = Grant::decode(&bytes.ok_or_else(|| corrupt("a grant without row"))?)?;
            entries.push((
                format!("{owner}/{id}/{grant_id}"),
                entry(&key_arn(&owner, &call.region, &id), &grant_id, &grant),
            ));
        }
        let more = found.entries.len() > page.max;
        let next_marker = entries.last().filter(|_| more).map(|(place, _)| page::encode(place));
        Ok(ListGrantsResponse {
            grants: Some(entries.into_iter().map(|(_, entry)| entry).collect()),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }
}

/// Deletes everything there is of a grant.
pub fn delete_rows(tx: &mut Tx, account: &str, region: &str, id: &str, grant_id: &str, grant: &Grant) {
    tx.delete(keys::grant(account, region, id, grant_id));
    if let Some(name) = &grant.name {
        tx.delete(keys::grant_name(account, region, id, name, grant_id));
    }
    if let Some(row) = retirable_row(account, region, id, grant_id, grant) {
        tx.delete(row);
    }
}

/// The row by which the retiring principal finds the grant: in its own account.
fn retirable_row(
    account: &str,
    region: &str,
    id: &str,
    grant_id: &str,
    grant: &Grant,
) -> Option<wire::Bytes> {
    let principal = grant.retiring.as_ref()?;
    let arn: Option<Arn> = principal.name().parse().ok();
    let home = arn.as_ref().map_or(account, Arn::account);
    Some(keys::retirable(home, region, principal.name(), account, id, grant_id))
}

/// A grant with the same name that says the same: whoever tries again gets it, and not another.
fn same_grant(tx: &mut Tx, key: &Key, grant: &Grant) -> Result<Option<String>, Error> {
    let Some(name) = &grant.name else { return Ok(None) };
    let prefix = keys::grants_named(&key.account, &key.region, &key.id, name);
    let found = tx.range(KeyRange::prefix(&prefix), RangeOptions::default())?;
    for (row, _) in &found.entries {
        let id = keys::last(row, &prefix)?;
        let bytes = tx.get(&keys::grant(&key.account, &key.region, &key.id, &id))?;
        let known = Grant::decode(&bytes.ok_or_else(|| corrupt("a grant without row"))?)?;
        if (Grant { created_ms: grant.created_ms, ..known }) == *grant {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The grant that a request describes.
fn checked(call: &Call, key: &Key, input: CreateGrantInput) -> Result<Grant, Error> {
    let operations = operations(key, &input.operations)?;
    let grantee = principal(input.grantee_principal, input.grantee_service_principal, "Grantee")?
        .ok_or_else(|| invalid("Specify either GranteePrincipal or GranteeServicePrincipal."))?;
    let retiring = principal(input.retiring_principal, input.retiring_service_principal, "Retiring")?;
    let constraints = input.constraints.unwrap_or_default();
    check_constraints(key, &constraints)?;
    Ok(Grant {
        name: input.name,
        created_ms: call.now.millis(),
        grantee,
        retiring,
        operations,
        context_equals: constraints.encryption_context_equals,
        context_subset: constraints.encryption_context_subset,
        source_arn: constraints.source_arn,
        issuer: grants::account_arn(&call.account),
    })
}

fn operations(key: &Key, asked: &[Open<GrantOperation>]) -> Result<Vec<String>, Error> {
    let mut operations = Vec::new();
    for operation in asked {
        let name = operation.as_str();
        if !operation.known().is_some_and(|operation| supports(&key.record, operation)) {
            return Err(invalid(format!(
                "The operation {name} is not one that {} supports in a grant.",
                key.arn
            )));
        }
        operations.push(name.to_owned());
    }
    operations.sort();
    operations.dedup();
    if operations.is_empty() {
        return Err(invalid("A grant has at least one operation."));
    }
    Ok(operations)
}

fn supports(record: &records::Key, operation: GrantOperation) -> bool {
    use GrantOperation::*;
    match operation {
        CreateGrant | RetireGrant | DescribeKey => true,
        GetPublicKey => record.spec.is_pair(),
        Decrypt | Encrypt | ReEncryptFrom | ReEncryptTo => record.usage == Usage::EncryptDecrypt,
        GenerateDataKey
        | GenerateDataKeyWithoutPlaintext
        | GenerateDataKeyPair
        | GenerateDataKeyPairWithoutPlaintext => record.spec == Spec::Symmetric,
        Sign | Verify => record.usage == Usage::SignVerify,
        GenerateMac | VerifyMac => record.usage == Usage::Mac,
        DeriveSharedSecret => record.usage == Usage::KeyAgreement,
        Encapsulate | Decapsulate => false,
    }
}

fn check_constraints(key: &Key, constraints: &GrantConstraints) -> Result<(), Error> {
    let (equals, subset) = (&constraints.encryption_context_equals, &constraints.encryption_context_subset);
    if equals.is_some() && subset.is_some() {
        return Err(invalid("Specify either EncryptionContextEquals or EncryptionContextSubset."));
    }
    let given: Option<&Context> = equals.as_ref().or(subset.as_ref());
    if given.is_some() && key.record.spec != Spec::Symmetric {
        return Err(invalid("Encryption context grant constraints are for symmetric encryption keys only."));
    }
    let pairs = given.map_or(0, Context::len);
    if pairs > GRANT_CONTEXT_PAIRS_MAX || context::size(given) > GRANT_CONTEXT_BYTES_MAX {
        return Err(invalid(format!(
            "An encryption context grant constraint has at most {GRANT_CONTEXT_PAIRS_MAX} pairs and \
             {GRANT_CONTEXT_BYTES_MAX} characters."
        )));
    }
    Ok(())
}

/// A principal named by ARN or as a service. Older clients name services where ARNs belong.
fn principal(arn: Option<String>, service: Option<String>, part: &str) -> Result<Option<Principal>, Error> {
    let found = match (arn, service) {
        (Some(_), Some(_)) => {
            return Err(invalid(format!("Specify either {part}Principal or {part}ServicePrincipal.")));
        }
        (Some(arn), None) if arn.ends_with(".amazonaws.com") => Principal::Service(arn),
        (Some(arn), None) => Principal::Arn(arn),
        (None, Some(service)) => Principal::Service(service),
        (None, None) => return Ok(None),
    };
    let wrong =
        || Error::invalid_arn_exception(format!("ARN does not refer to a valid principal: {}", found.name()));
    if matches!(&found, Principal::Arn(arn) if !arn.starts_with("arn:")) {
        return Err(wrong());
    }
    // What a policy could not name would never match.
    let statement = grants::statement(&found, "kms:DescribeKey").ok_or_else(wrong)?;
    key_policy::with_statements(&key_policy::default("000000000000"), &[statement]).ok_or_else(wrong)?;
    Ok(Some(found))
}

fn entry(key: &Arn, id: &str, grant: &Grant) -> GrantListEntry {
    let split = |principal: Option<&Principal>| match principal {
        Some(Principal::Arn(arn)) => (Some(arn.clone()), None),
        Some(Principal::Service(name)) => (None, Some(name.clone())),
        None => (None, None),
    };
    let (grantee_principal, grantee_service_principal) = split(Some(&grant.grantee));
    let (retiring_principal, retiring_service_principal) = split(grant.retiring.as_ref());
    let constrained =
        grant.context_equals.is_some() || grant.context_subset.is_some() || grant.source_arn.is_some();
    GrantListEntry {
        key_id: Some(key.to_string()),
        grant_id: Some(id.to_owned()),
        name: grant.name.clone(),
        creation_date: Some(Timestamp::from_millis(grant.created_ms)),
        grantee_principal,
        retiring_principal,
        issuing_account: Some(grant.issuer.clone()),
        operations: Some(
            grant.operations.iter().filter_map(|name| GrantOperation::parse(name)).map(Open::from).collect(),
        ),
        constraints: constrained.then(|| GrantConstraints {
            encryption_context_subset: grant.context_subset.clone(),
            encryption_context_equals: grant.context_equals.clone(),
            source_arn: grant.source_arn.clone(),
        }),
        grantee_service_principal,
        retiring_service_principal,
    }
}
