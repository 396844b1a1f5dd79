//! Exports: ExportTableToPointInTime, DescribeExport, ListExports.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::{Allowed, Caller};
use store::Record as _;
use wire::Open;

use super::transfers::Wanted;
use crate::copy::hold;
use crate::dynamodb::DynamoDb;
use crate::encryption;
use crate::error::{Failure, is_being_made, table_not_found, validation};
use crate::export::{Names, SUMMARY};
use crate::limits::{EXPORT_PERIOD_MS, EXPORTS_MAX};
use crate::records::{Copy, CopyState, Cut, Home, Source};
use crate::replicas;
use crate::resource::Named;
use crate::table::Table;
use crate::transfer::job::{Job, Way};
use crate::transfer::records::{Destination, Export, ExportState, Failed, What};
use crate::transfer::token::{Asked, are_too_many};

impl DynamoDb {
    /// The export is begun; its files are there some time later.
    pub async fn export_table_to_point_in_time(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: ExportTableToPointInTimeInput,
    ) -> Result<ExportTableToPointInTimeOutput, Error> {
        self.not_built(
            "ExportTableToPointInTime",
            &[
                (
                    "ExportFormat=ION",
                    input.export_format.as_ref().and_then(Open::known) == Some(ExportFormat::Ion),
                ),
                ("FilterSpecification", input.filter_specification.is_some()),
            ],
        )?;
        let to = destination(&input)?;
        let found = named.found.as_ref().filter(|table| table.place.region == call.region);
        let table = found.ok_or_else(|| table_not_found(named.name.arn().as_str()))?;
        if table.is_being_made() {
            return Err(is_being_made(&table.name));
        }
        let now_ms = call.now.millis();
        let what = wanted(&input, table, now_ms)?;
        let cuts = self.cuts(table, &what, input.export_time.is_some())?;
        let asked = Asked::new(input.client_token.as_ref(), &input, || self.ids.uuid());
        let new = Job::new(Way::Export, &named.name, now_ms, self.ids);
        let contents = Home { region: table.place.region.clone(), id: self.ids.uuid() };
        let by = Caller::of(&call);
        let job = self
            .transact(|tx| {
                let table = self.current(tx, table)?;
                let conflict = || {
                    let text = "Export conflict: Duplicate request detected with conflicting parameters";
                    Error::export_conflict_exception(text).into()
                };
                if let Some(job) = asked.found(tx, (Way::Export, &table.place), now_ms, conflict)? {
                    return Ok(job);
                }
                if are_too_many(tx, (Way::Export, &table.place), EXPORTS_MAX)? {
                    let text = format!("There is a limit of {EXPORTS_MAX} exports at once");
                    return Err(Error::limit_exceeded_exception(text).into());
                }
                let mut record = table.record.clone();
                hold(tx, &table.place, &mut record, &contents.id, cuts.held)?;
                let copy = Copy {
                    from: record.home.clone(),
                    source: Source::Table {
                        region: table.place.region.clone(),
                        name: table.name.clone(),
                        cut: cuts.end,
                    },
                    state: cuts.state.clone(),
                };
                let export = Export {
                    table_id: record.id.clone(),
                    key: record.key.clone(),
                    contents: contents.clone(),
                    token: asked.token.clone(),
                    by: by.clone(),
                    started_ms: now_ms,
                    what: what.clone(),
                    to: to.clone(),
                    items: 0,
                    bytes: 0,
                    files: 0,
                    state: ExportState::Beginning(copy),
                };
                encryption::share(tx, &table.place, &record.home, &contents)?;
                replicas::save(tx, (&table.place, &table.name), record)?;
                tx.put(new.row(), export.encode());
                asked.note(tx, &new, now_ms);
                Ok::<_, Failure>(new.clone())
            })
            .await?;
        self.transfers.wake();
        Ok(ExportTableToPointInTimeOutput { export_description: Some(self.described_export(&job)?) })
    }

    pub async fn describe_export(
        self: Arc<Self>,
        call: Arc<Call>,
        job: Allowed<Job>,
        _: DescribeExportInput,
    ) -> Result<DescribeExportOutput, Error> {
        if job.place.region != call.region {
            return Err(Error::export_not_found_exception("Export not found: Invalid export arn"));
        }
        Ok(DescribeExportOutput { export_description: Some(self.described_export(&job)?) })
    }

    /// Of a table that is gone nothing is listed, though it can be described: as with the real service.
    pub async fn list_exports(
        self: Arc<Self>,
        call: Arc<Call>,
        table: Allowed<Option<Named>>,
        input: ListExportsInput,
    ) -> Result<ListExportsOutput, Error> {
        let wanted = Wanted {
            way: Way::Export,
            table: table.as_ref(),
            limit: input.max_results,
            token: input.next_token.as_ref(),
        };
        let of = wanted.table.map(|table| table.found.as_ref().map(|found| found.record.id.as_str()));
        let (summaries, next_token) = self.transfers(&call, &wanted, |job, record| {
            let export = Export::decode(record)?;
            let is_wanted = of.is_none_or(|id| id == Some(export.table_id.as_str()));
            Ok(is_wanted.then(|| ExportSummary {
                export_arn: Some(job.to_string()),
                export_status: Some(status(&export).into()),
                export_type: Some(match export.what {
                    What::All { .. } => ExportType::FullExport.into(),
                    What::Changes { .. } => ExportType::IncrementalExport.into(),
                }),
            }))
        })?;
        Ok(ListExportsOutput { export_summaries: Some(summaries), next_token })
    }

    fn described_export(&self, job: &Job) -> Result<ExportDescription, Error> {
        let found = self.store.snapshot().get(&job.row())?.ok_or_else(|| {
            Error::export_not_found_exception(format!("Export not found: Export not found: {job}"))
        })?;
        Ok(description(job, &Export::decode(&found).map_err(store::Error::from)?))
    }

    /// The places in the table's log that an export is between.
    fn cuts(&self, table: &Table, what: &What, said: bool) -> Result<Cuts, store::Error> {
        let after = |at_ms: i64| table.log().after(&self.store.snapshot(), at_ms);
        Ok(match what {
            What::All { at_ms, .. } => {
                let end = if said { Cut::Version(after(*at_ms)?) } else { Cut::Mark };
                Cuts { held: end, end, state: CopyState::Copying { after: Vec::new() } }
            }
            What::Changes { from_ms, .. } => {
                let from = after(from_ms - 1)?;
                let held = Cut::Version(from);
                // Its end is looked for when all writes of its time are there.
                Cuts { held, end: held, state: CopyState::Gathering { from: (from, 0) } }
            }
        })
    }
}

/// From where on the log is needed, of which moment the items are, and how they are found.
struct Cuts {
    held: Cut,
    end: Cut,
    state: CopyState,
}

fn destination(input: &ExportTableToPointInTimeInput) -> Result<Destination, Error> {
    let kms = input.s3_sse_algorithm.as_ref().and_then(Open::known) == Some(S3SseAlgorithm::Kms);
    if input.s3_sse_kms_key_id.is_some() && !kms {
        return Err(validation("Invalid Request: KMS Key Id is not supported for this encryption type"));
    }
    Ok(Destination {
        bucket: (*input.s3_bucket).clone(),
        owner: input.s3_bucket_owner.clone(),
        prefix: input.s3_prefix.clone(),
        kms,
        kms_key: input.s3_sse_kms_key_id.clone(),
    })
}

/// What is to be exported, if the table's log has it. Texts are as recorded from the real service.
fn wanted(input: &ExportTableToPointInTimeInput, table: &Table, now_ms: i64) -> Result<What, Error> {
    let incremental = input.export_type.as_ref().and_then(Open::known) == Some(ExportType::IncrementalExport);
    let specification = input.incremental_export_specification.as_ref();
    if let Some(specification) = specification.filter(|_| incremental) {
        return changes(input, specification, table, now_ms);
    }
    if incremental {
        return Err(validation(
            "Invalid Request: Incremental Export Specification expected when export type is set as Incremental Export",
        ));
    }
    if specification.is_some() {
        return Err(validation(match input.export_type {
            None => {
                "Invalid Request: Export Type expected to be Incremental Export when incremental export specification is \
                 provided"
            }
            Some(_) => {
                "Invalid Request: When Export Type is Full Export , Incremental Export Specification should not be provided"
            }
        }));
    }
    let times = table.restorable(now_ms).ok_or_else(|| not_recoverable(table))?;
    let at_ms = input.export_time.map_or(now_ms, Timestamp::millis);
    if !times.contains(&at_ms) {
        return Err(Error::invalid_export_time_exception("Export Time is invalid"));
    }
    Ok(What::All { at_ms, said: input.export_type.is_some() })
}

fn changes(
    input: &ExportTableToPointInTimeInput,
    given: &IncrementalExportSpecification,
    table: &Table,
    now_ms: i64,
) -> Result<What, Error> {
    let invalid = |text: String| Err(Error::invalid_export_time_exception(text));
    if input.export_time.is_some() {
        return Err(validation("Invalid Request: ExportTime is of a Full Export only"));
    }
    let Some(from) = given.export_from_time else {
        return Err(validation(
            "Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification",
        ));
    };
    // Up to the last whole second, where nothing is said.
    let to = given.export_to_time.unwrap_or_else(|| Timestamp::from_secs(now_ms.div_euclid(1000)));
    let (from_ms, to_ms) = (from.millis(), to.millis());
    if from_ms < table.record.created_ms {
        return invalid(format!(
            "Incremental export period from time cannot be less than the table creation time : {}",
            time(from)
        ));
    }
    let times = table.restorable(now_ms).ok_or_else(|| not_recoverable(table))?;
    if from_ms < *times.start() {
        return invalid(format!(
            "Incremental export period from time cannot be less than the earliest restorable time : {}",
            time(from)
        ));
    }
    if to_ms > now_ms {
        return invalid(format!(
            "Incremental export period to time cannot be greater than the current time : {}",
            time(to)
        ));
    }
    let period = "Difference between export period from time and export period to time is";
    if to_ms - from_ms < *EXPORT_PERIOD_MS.start() {
        return invalid(format!("{period} less than 15 minutes"));
    }
    if to_ms - from_ms > *EXPORT_PERIOD_MS.end() {
        return invalid(format!("{period} greater than 24 hours"));
    }
    let view = given.export_view_type.as_ref().and_then(Open::known);
    Ok(What::Changes { from_ms, to_ms, old_images: view != Some(ExportViewType::NewImage) })
}

fn not_recoverable(table: &Table) -> Error {
    Error::point_in_time_recovery_unavailable_exception(format!(
        "Point in time recovery is not enabled for table '{}'",
        table.name
    ))
}

/// A time as errors have it.
fn time(at: Timestamp) -> String {
    let at = at.civil();
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", at.year, at.month, at.day, at.hour, at.minute, at.second)
}

fn status(export: &Export) -> ExportStatus {
    match export.state {
        ExportState::Done { .. } => ExportStatus::Completed,
        ExportState::Failed(_) => ExportStatus::Failed,
        _ => ExportStatus::InProgress,
    }
}

fn description(job: &Job, export: &Export) -> ExportDescription {
    let to = &export.to;
    let done = match &export.state {
        ExportState::Done { ended_ms } => Some(*ended_ms),
        _ => None,
    };
    let failed = match &export.state {
        ExportState::Failed(failed) => Some(failed),
        _ => None,
    };
    let ended_ms = done.or(failed.map(|Failed { ended_ms, .. }| *ended_ms));
    let (export_time, export_type, changes) = match export.what {
        What::All { at_ms, said } => {
            (Some(Timestamp::from_millis(at_ms)), said.then_some(ExportType::FullExport), None)
        }
        What::Changes { from_ms, to_ms, old_images } => {
            let view = if old_images { ExportViewType::NewAndOldImages } else { ExportViewType::NewImage };
            let changes = IncrementalExportSpecification {
                export_from_time: Some(Timestamp::from_millis(from_ms)),
                export_to_time: Some(Timestamp::from_millis(to_ms)),
                export_view_type: Some(view.into()),
            };
            (None, Some(ExportType::IncrementalExport), Some(changes))
        }
    };
    let manifest = Names { job, prefix: to.prefix.as_deref() }.of(SUMMARY);
    ExportDescription {
        export_arn: Some(job.to_string()),
        export_status: Some(status(export).into()),
        start_time: Some(Timestamp::from_millis(export.started_ms)),
        end_time: ended_ms.map(Timestamp::from_millis),
        export_manifest: done.map(|_| manifest),
        table_arn: Some(job.of_table().arn().to_string()),
        table_id: Some(export.table_id.clone()),
        export_time,
        client_token: Some(export.token.clone()),
        s3_bucket: Some(to.bucket.clone()),
        s3_bucket_owner: to.owner.clone(),
        s3_prefix: to.prefix.clone(),
        s3_sse_algorithm: Some(if to.kms { S3SseAlgorithm::Kms } else { S3SseAlgorithm::Aes256 }.into()),
        s3_sse_kms_key_id: to.kms_key.clone(),
        failure_code: failed.map(|failed| failed.code.clone()),
        failure_message: failed.map(|failed| failed.message.clone()),
        export_format: Some(ExportFormat::DynamodbJson.into()),
        billed_size_bytes: done.map(|_| export.bytes),
        item_count: done.map(|_| export.items),
        export_type: export_type.map(Into::into),
        incremental_export_specification: changes,
        filter_specification: None,
    }
}
