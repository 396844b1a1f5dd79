//! Imports: ImportTable, DescribeImport, ListImports.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::{Allowed, Caller};
use store::Record as _;
use wire::Open;

use super::create_table::{record, room_for_table};
use super::described::{attribute, key_schema, projection};
use super::transfers::Wanted;
use crate::ceilings;
use crate::dynamodb::DynamoDb;
use crate::encryption::{self, Wanted as WantedKey};
use crate::error::{Failure, validation};
use crate::import::imported;
use crate::limits::IMPORTS_MAX;
use crate::name::TableName;
use crate::records::{self, Billing, Home, Throughput};
use crate::resource::Named;
use crate::transfer::job::{Job, Way};
use crate::transfer::records::{Counts, Import, ImportState, Origin, Packing, Reading};
use crate::transfer::token::{Asked, are_too_many};
use crate::warm;

impl DynamoDb {
    /// The table is there at once, and can be used when its items are.
    pub async fn import_table(
        self: Arc<Self>,
        call: Arc<Call>,
        name: Allowed<TableName>,
        input: ImportTableInput,
    ) -> Result<ImportTableOutput, Error> {
        self.not_all_imports(&input)?;
        if input.input_format_options.is_some() {
            return Err(validation(
                "Invalid Request: Unsupported InputFormatOptions for the given input format: DYNAMODB_JSON.",
            ));
        }
        let now_ms = call.now.millis();
        let job = Job::new(Way::Import, &name, now_ms, self.ids);
        let home = Home { region: name.place.region.clone(), id: self.ids.uuid() };
        let creation = creation(&input.table_creation_parameters);
        let wanted = creation.sse_specification.as_ref().map(WantedKey::of).transpose()?;
        let mut table = record(&creation, home, now_ms)?;
        table.import = Some(job.id.clone());
        let key = self.new_key(&call, &name, wanted.as_ref()).await?;
        table.encryption = key.as_ref().map(|key| key.encryption(false));
        let asked = Asked::new(input.client_token.as_ref(), &input, || self.ids.uuid());
        let source = &*input.s3_bucket_source;
        let compression = input.input_compression_type.as_ref().and_then(Open::known);
        let import = Import {
            token: asked.token.clone(),
            by: Caller::of(&call),
            started_ms: now_ms,
            from: Origin {
                bucket: (*source.s3_bucket).clone(),
                owner: source.s3_bucket_owner.clone().unwrap_or_else(|| call.principal.account.clone()),
                prefix: source.s3_key_prefix.clone(),
            },
            packing: match compression {
                None | Some(InputCompressionType::None) => Packing::None,
                Some(InputCompressionType::Gzip) => Packing::Gzip,
                Some(InputCompressionType::Zstd) => Packing::Zstandard,
            },
            table,
            counts: Counts::default(),
            state: ImportState::Reading(Reading::default()),
        };
        let row = name.place.table(&name.name);
        let begun = self
            .transact(|tx| {
                let conflict = || {
                    let text = "Import conflict: Duplicate request detected with conflicting parameters";
                    Error::import_conflict_exception(text).into()
                };
                if let Some(job) = asked.found(tx, (Way::Import, &name.place), now_ms, conflict)? {
                    return Ok(job);
                }
                if tx.get(&row)?.is_some() {
                    let text = format!("Table already exists: {}", name.name);
                    return Err(Error::resource_in_use_exception(text).into());
                }
                if are_too_many(tx, (Way::Import, &name.place), IMPORTS_MAX)? {
                    let text = format!("There is a limit of {IMPORTS_MAX} imports at once");
                    return Err(Error::limit_exceeded_exception(text).into());
                }
                room_for_table(tx, &name.place)?;
                if let Some(key) = &key {
                    encryption::put(tx, (&name.place, &import.table.home), key)?;
                }
                tx.put(row.clone(), import.table.encode());
                tx.put(job.row(), import.encode());
                asked.note(tx, &job, now_ms);
                Ok::<_, Failure>(job.clone())
            })
            .await;
        if begun.as_ref().is_ok_and(|begun| *begun != job) || begun.is_err() {
            self.rings.drop_unused(&name.place, key).await;
        }
        let job = begun?;
        self.transfers.wake();
        let (job, import) = self.found_import(&job)?;
        Ok(ImportTableOutput { import_table_description: Some(self.described_import(&job, &import)?) })
    }

    pub async fn describe_import(
        self: Arc<Self>,
        call: Arc<Call>,
        job: Allowed<Job>,
        _: DescribeImportInput,
    ) -> Result<DescribeImportOutput, Error> {
        if job.place.region != call.region {
            return Err(Error::import_not_found_exception("Import not found: Invalid import arn"));
        }
        let (job, import) = self.found_import(&job)?;
        Ok(DescribeImportOutput { import_table_description: Some(self.described_import(&job, &import)?) })
    }

    pub async fn list_imports(
        self: Arc<Self>,
        call: Arc<Call>,
        table: Allowed<Option<Named>>,
        input: ListImportsInput,
    ) -> Result<ListImportsOutput, Error> {
        let wanted = Wanted {
            way: Way::Import,
            table: table.as_ref(),
            limit: input.page_size,
            token: input.next_token.as_ref(),
        };
        let (summaries, next_token) = self.transfers(&call, &wanted, |job, record| {
            let import = Import::decode(record)?;
            Ok(Some(ImportSummary {
                import_arn: Some(job.to_string()),
                import_status: Some(status(&import).into()),
                table_arn: Some(job.of_table().arn().to_string()),
                s3_bucket_source: Some(source(&import.from)),
                cloud_watch_log_group_arn: None,
                input_format: Some(InputFormat::DynamodbJson.into()),
                start_time: Some(Timestamp::from_millis(import.started_ms)),
                end_time: ended(&import).map(Timestamp::from_millis),
            }))
        })?;
        Ok(ListImportsOutput { import_summary_list: Some(summaries), next_token })
    }

    /// Refuses what is not built, by name.
    fn not_all_imports(&self, input: &ImportTableInput) -> Result<(), Error> {
        let table = &input.table_creation_parameters;
        let format = input.input_format.known();
        self.not_built(
            "ImportTable",
            &[
                ("InputFormat=ION", format == Some(InputFormat::Ion)),
                ("InputFormat=CSV", format == Some(InputFormat::Csv)),
                ("VectorIndexes", table.vector_indexes.is_some()),
            ],
        )
    }

    fn found_import(&self, job: &Job) -> Result<(Job, Import), Error> {
        let found = self.store.snapshot().get(&job.row())?.ok_or_else(|| {
            Error::import_not_found_exception(format!("Import not found: Import not found: {job}"))
        })?;
        Ok((job.clone(), Import::decode(&found).map_err(store::Error::from)?))
    }

    fn described_import(&self, job: &Job, import: &Import) -> Result<ImportTableDescription, Error> {
        let failed = match &import.state {
            ImportState::Failed(failed) => Some(failed),
            _ => None,
        };
        let compression = match import.packing {
            Packing::None => InputCompressionType::None,
            Packing::Gzip => InputCompressionType::Gzip,
            Packing::Zstandard => InputCompressionType::Zstd,
        };
        Ok(ImportTableDescription {
            import_arn: Some(job.to_string()),
            import_status: Some(status(import).into()),
            table_arn: Some(job.of_table().arn().to_string()),
            table_id: Some(import.table.id.clone()),
            client_token: Some(import.token.clone()),
            s3_bucket_source: Some(source(&import.from)),
            error_count: Some(import.counts.errors),
            // Nothing is logged: there is no service for logs.
            cloud_watch_log_group_arn: None,
            input_format: Some(InputFormat::DynamodbJson.into()),
            input_format_options: None,
            input_compression_type: Some(compression.into()),
            table_creation_parameters: Some(parameters(&job.table, &import.table)),
            start_time: Some(Timestamp::from_millis(import.started_ms)),
            end_time: ended(import).map(Timestamp::from_millis),
            processed_size_bytes: Some(import.counts.bytes),
            processed_item_count: Some(import.counts.processed),
            imported_item_count: Some(imported(&self.store.snapshot(), job, import)?),
            failure_code: failed.map(|failed| failed.code.clone()),
            failure_message: failed.map(|failed| failed.message.clone()),
        })
    }
}

/// The table that is asked for, as CreateTable would be asked for it.
fn creation(given: &TableCreationParameters) -> CreateTableInput {
    CreateTableInput {
        table_name: given.table_name.clone(),
        attribute_definitions: Some(given.attribute_definitions.to_vec()),
        key_schema: Some(given.key_schema.to_vec()),
        billing_mode: given.billing_mode.clone(),
        provisioned_throughput: given.provisioned_throughput.clone(),
        on_demand_throughput: given.on_demand_throughput.clone(),
        global_secondary_indexes: given.global_secondary_indexes.clone(),
        sse_specification: given.sse_specification.clone(),
        ..Default::default()
    }
}

/// The same as it is shown.
fn parameters(name: &str, table: &records::Table) -> TableCreationParameters {
    let units = |units: Throughput| ProvisionedThroughput {
        read_capacity_units: units.read.into(),
        write_capacity_units: units.write.into(),
    };
    let indexes: Vec<GlobalSecondaryIndex> = table
        .indexes
        .iter()
        .map(|index| GlobalSecondaryIndex {
            index_name: index.name.clone().into(),
            key_schema: key_schema(&index.key).into(),
            projection: projection(&index.projection).into(),
            provisioned_throughput: index.throughput.map(units),
            on_demand_throughput: ceilings::shown(index.ceilings),
            warm_throughput: warm::asked(index),
        })
        .collect();
    let (mode, throughput) = match table.billing {
        Billing::OnDemand => (BillingMode::PayPerRequest, None),
        Billing::Provisioned(given) => (BillingMode::Provisioned, Some(units(given))),
    };
    TableCreationParameters {
        table_name: name.into(),
        attribute_definitions: table.attributes.iter().map(attribute).collect::<Vec<_>>().into(),
        key_schema: key_schema(&table.key).into(),
        billing_mode: Some(mode.into()),
        provisioned_throughput: throughput,
        on_demand_throughput: ceilings::shown(table.ceilings),
        global_secondary_indexes: (!indexes.is_empty()).then_some(indexes),
        sse_specification: encryption::specified(table.encryption.as_ref()),
        ..Default::default()
    }
}

fn source(from: &Origin) -> S3BucketSource {
    S3BucketSource {
        s3_bucket_owner: Some(from.owner.clone()),
        s3_bucket: from.bucket.clone().into(),
        s3_key_prefix: from.prefix.clone(),
    }
}

fn status(import: &Import) -> ImportStatus {
    match import.state {
        ImportState::Reading(_) => ImportStatus::InProgress,
        ImportState::Done { .. } => ImportStatus::Completed,
        ImportState::Failed(_) => ImportStatus::Failed,
    }
}

fn ended(import: &Import) -> Option<i64> {
    match &import.state {
        ImportState::Reading(_) => None,
        ImportState::Done { ended_ms } => Some(*ended_ms),
        ImportState::Failed(failed) => Some(failed.ended_ms),
    }
}
