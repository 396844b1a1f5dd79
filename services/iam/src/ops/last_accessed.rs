//! Reports of who last used which service.

use std::sync::Arc;

use identity::keys;
use identity::records::{AccessReport, LastAccessed};
use kernel::{Arn, Call, Timestamp};
use model_iam::types::*;
use policy::{Policy, PolicyKind};
use service::Allowed;
use store::{KeyRange, KeyReader, Record as _, Tx};

use crate::error::{Error, corrupt};
use crate::iam::Iam;
use crate::limits::{ACCESS_REPORT_KEPT_MS, ACCESS_REPORTS};
use crate::namespaces::SERVICES;
use crate::ops::granting::grants;
use crate::page::Wanted;
use crate::read::Reader;
use crate::simulate::source::{self, Holder};
use crate::{arn, attach, find, shape};

/// A user or role that may have used a service.
struct Entity {
    kind: PolicyOwnerEntityType,
    name: String,
    id: String,
    path: String,
    arn: Arn,
}

/// What a report is about: the policies that are looked at, and who has them.
struct Subject {
    policies: Vec<Policy>,
    entities: Vec<Entity>,
}

impl Iam {
    pub async fn generate_service_last_accessed_details(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Arn>,
        input: GenerateServiceLastAccessedDetailsInput,
    ) -> Result<GenerateServiceLastAccessedDetailsOutput, Error> {
        let account = &call.account;
        // What is not there is refused now.
        Subject::find(&mut self.store.snapshot(), account, &subject)?;
        let job = self.ids.uuid();
        let by_action = matches!(
            input.granularity.and_then(|granularity| granularity.known()),
            Some(AccessAdvisorUsageGranularityType::ActionLevel)
        );
        let report = AccessReport { arn: subject.to_string(), created_ms: call.now.millis(), by_action };
        self.transact(|tx| {
            make_room(tx, account, call.now)?;
            tx.put(keys::access_report(account, &job), report.encode());
            Ok(())
        })
        .await?;
        Ok(GenerateServiceLastAccessedDetailsOutput { job_id: Some(job) })
    }

    pub async fn get_service_last_accessed_details(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetServiceLastAccessedDetailsInput,
    ) -> Result<GetServiceLastAccessedDetailsOutput, Error> {
        let account = &call.account;
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let mut snapshot = self.store.snapshot();
        let (report, subject) = report(&mut snapshot, &call, &input.job_id)?;
        let granted = SERVICES.iter().filter(|(namespace, _)| subject.may_use(namespace));
        let part = wanted.of(granted, |(namespace, _)| (*namespace).to_owned());
        let mut shown = Vec::with_capacity(part.entries.len());
        for (namespace, name) in &part.entries {
            let uses = subject.uses(&mut snapshot, account, namespace)?;
            let authenticated = uses.iter().filter(|(_, used)| used.is_some()).count();
            let last = uses.first().and_then(|(entity, used)| Some((entity, used.as_ref()?)));
            shown.push(ServiceLastAccessed {
                service_name: Some((*name).to_owned()),
                service_namespace: Some((*namespace).to_owned()),
                last_authenticated: last.and_then(|(_, used)| shape::time(used.used_ms)),
                last_authenticated_entity: last.map(|(entity, _)| entity.arn.to_string()),
                last_authenticated_region: last.map(|(_, used)| used.region.clone()),
                total_authenticated_entities: i32::try_from(authenticated).ok(),
                tracked_actions_last_accessed: None,
            });
        }
        let job_type = if report.by_action {
            AccessAdvisorUsageGranularityType::ActionLevel
        } else {
            AccessAdvisorUsageGranularityType::ServiceLevel
        };
        Ok(GetServiceLastAccessedDetailsOutput {
            job_status: Some(JobStatusType::Completed.into()),
            job_type: Some(job_type.into()),
            job_creation_date: shape::time(report.created_ms),
            job_completion_date: shape::time(report.created_ms),
            services_last_accessed: Some(shown),
            is_truncated: part.truncated(),
            marker: part.marker,
            error: None,
        })
    }

    pub async fn get_service_last_accessed_details_with_entities(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetServiceLastAccessedDetailsWithEntitiesInput,
    ) -> Result<GetServiceLastAccessedDetailsWithEntitiesOutput, Error> {
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let mut snapshot = self.store.snapshot();
        let (report, subject) = report(&mut snapshot, &call, &input.job_id)?;
        let namespace = input.service_namespace.as_str();
        let known = SERVICES.iter().any(|(known, _)| *known == namespace);
        if !known || !subject.may_use(namespace) {
            let text = format!("The service namespace {namespace} is not in the report.");
            return Err(Error::no_such_entity_exception(text));
        }
        let uses = subject.uses(&mut snapshot, &call.account, namespace)?;
        let part = wanted.by_place(uses)?;
        let truncated = part.truncated();
        let details = |(entity, used): (&Entity, Option<LastAccessed>)| EntityDetails {
            entity_info: Some(EntityInfo {
                arn: Some(entity.arn.to_string()),
                name: Some(entity.name.clone()),
                r#type: Some(entity.kind.into()),
                id: Some(entity.id.clone()),
                path: Some(entity.path.clone()),
            }),
            last_authenticated: used.and_then(|used| shape::time(used.used_ms)),
        };
        Ok(GetServiceLastAccessedDetailsWithEntitiesOutput {
            job_status: Some(JobStatusType::Completed.into()),
            job_creation_date: shape::time(report.created_ms),
            job_completion_date: shape::time(report.created_ms),
            entity_details_list: Some(part.entries.into_iter().map(details).collect()),
            is_truncated: truncated,
            marker: part.marker,
            error: None,
        })
    }
}

/// Deletes the reports that are too old, and the oldest if there are too many.
fn make_room(tx: &mut Tx, account: &str, now: Timestamp) -> Result<(), Error> {
    let prefix = keys::all(account, "access-report");
    let mut found = Vec::new();
    tx.visit(KeyRange::prefix(&prefix), |key, bytes| {
        let report = AccessReport::decode(bytes)?;
        found.push((report.created_ms, key.to_vec()));
        Ok(true)
    })?;
    found.sort_unstable();
    let over = found.len().saturating_sub(ACCESS_REPORTS - 1);
    for (place, (created_ms, key)) in found.into_iter().enumerate() {
        if place < over || has_ended(created_ms, now) {
            tx.delete(key);
        }
    }
    Ok(())
}

fn has_ended(created_ms: i64, now: Timestamp) -> bool {
    now.millis() >= created_ms.saturating_add(ACCESS_REPORT_KEPT_MS)
}

fn report(from: &mut impl Reader, call: &Call, job: &str) -> Result<(AccessReport, Subject), Error> {
    let found: Option<AccessReport> = from.record(&keys::access_report(&call.account, job))?;
    let report = found
        .filter(|report| !has_ended(report.created_ms, call.now))
        .ok_or_else(|| Error::no_such_entity_exception(format!("The job with id {job} cannot be found.")))?;
    let arn: Arn = report.arn.parse().map_err(corrupt)?;
    let subject = Subject::find(from, &call.account, &arn)?;
    Ok((report, subject))
}

impl Subject {
    fn find(from: &mut impl Reader, account: &str, about: &Arn) -> Result<Self, Error> {
        if about.resource().starts_with("policy/") {
            return Self::of_policy(from, account, about);
        }
        let holder = source::holder(from, account, about.as_str())?;
        let sources = holder.sources(from, account)?;
        let mut entities = Vec::new();
        match &holder {
            Holder::User(user) => entities.push(of_user(account, user)),
            Holder::Role(role) => entities.push(of_role(account, role)),
            Holder::Group(group) => members(from, account, &group.name, &mut entities)?,
        }
        Ok(Self { policies: sources.into_iter().map(|source| source.policy).collect(), entities })
    }

    fn of_policy(from: &mut impl Reader, account: &str, about: &Arn) -> Result<Self, Error> {
        let absent = || Error::no_such_entity_exception(format!("ARN {about} does not exist."));
        let managed = attach::managed(from, account, about.as_str())?.ok_or_else(absent)?;
        let document = managed.document().ok_or_else(absent)?;
        let policy = Policy::parse(document.as_bytes(), PolicyKind::Identity).map_err(corrupt)?;
        let mut entities = Vec::new();
        for (kind, name) in attach::users_of(from, account, about.as_str())? {
            match kind.as_str() {
                "user" => entities.push(of_user(account, &find::user(from, account, &name)?)),
                "role" => entities.push(of_role(account, &find::role(from, account, &name)?)),
                "group" => members(from, account, &name, &mut entities)?,
                // Boundaries grant nothing.
                _ => {}
            }
        }
        // A user may have it itself and by groups.
        entities.sort_by(|a, b| a.id.cmp(&b.id));
        entities.dedup_by(|a, b| a.id == b.id);
        Ok(Self { policies: vec![policy], entities })
    }

    fn may_use(&self, namespace: &str) -> bool {
        self.policies.iter().any(|policy| grants(policy, namespace))
    }

    /// Who used a service when: the latest first, then those who never did by their names.
    fn uses(
        &self,
        from: &mut impl Reader,
        account: &str,
        namespace: &str,
    ) -> Result<Vec<(&Entity, Option<LastAccessed>)>, Error> {
        let mut found = Vec::with_capacity(self.entities.len());
        for entity in &self.entities {
            let used: Option<LastAccessed> = from.record(&keys::accessed(account, &entity.id, namespace))?;
            found.push((entity, used));
        }
        found.sort_by(|(a, a_used), (b, b_used)| {
            let ms = |used: &Option<LastAccessed>| used.as_ref().map(|used| used.used_ms);
            ms(b_used).cmp(&ms(a_used)).then_with(|| a.name.cmp(&b.name))
        });
        Ok(found)
    }
}

fn of_user(account: &str, user: &identity::records::User) -> Entity {
    Entity {
        kind: PolicyOwnerEntityType::User,
        name: user.name.clone(),
        id: user.id.clone(),
        path: user.path.clone(),
        arn: arn::user(account, user),
    }
}

fn of_role(account: &str, role: &identity::records::Role) -> Entity {
    Entity {
        kind: PolicyOwnerEntityType::Role,
        name: role.name.clone(),
        id: role.id.clone(),
        path: role.path.clone(),
        arn: arn::role(account, role),
    }
}

fn members(from: &mut impl Reader, account: &str, group: &str, into: &mut Vec<Entity>) -> Result<(), Error> {
    let prefix = keys::members(account, group);
    let mut names = Vec::new();
    from.visit(KeyRange::prefix(&prefix), |key, _| {
        if let Some(mut rest) = KeyReader::after_prefix(key, &prefix) {
            names.push(rest.str()?.into_owned());
        }
        Ok(true)
    })?;
    for name in names {
        into.push(of_user(account, &find::user(from, account, &name)?));
    }
    Ok(())
}
