//! CreateTable.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{
    CreateTableInput, CreateTableOutput, GlobalSecondaryIndexWarmThroughputDescription, IndexStatus,
    TableClass, TableDescription, TableStatus, TableWarmThroughputDescription,
};
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _, Tx};
use wire::Open;

use crate::access_policy;
use crate::ceilings;
use crate::definition::{self, GivenIndex};
use crate::dynamodb::DynamoDb;
use crate::encryption::{self, Wanted};
use crate::error::{Failure, validation, wrong};
use crate::keys::Place;
use crate::limits::{GLOBAL_INDEXES_MAX, LOCAL_INDEXES_MAX, TABLES_MAX};
use crate::name::TableName;
use crate::records::{Billing, Ceilings, Home, IndexState, Policy, Table as Record};
use crate::stream;
use crate::table::Table;
use crate::warm;

impl DynamoDb {
    pub async fn create_table(
        self: Arc<Self>,
        call: Arc<Call>,
        name: Allowed<TableName>,
        input: CreateTableInput,
    ) -> Result<CreateTableOutput, Error> {
        self.no_parts(&input)?;
        let home = Home { region: name.place.region.clone(), id: self.ids.uuid() };
        let mut record = record(&input, home, call.now.millis())?;
        let wanted = input.sse_specification.as_ref().map(Wanted::of).transpose()?;
        let view = input.stream_specification.as_ref().map(stream::wanted).transpose()?.flatten();
        let (place, row) = (name.place.clone(), name.place.table(&name.name));
        let exists = || {
            let text = format!("Table already exists: {}", name.name);
            Error::resource_in_use_exception(text)
        };
        if self.store.snapshot().get(&row)?.is_some() {
            return Err(exists());
        }
        let key = self.new_key(&call, &name, wanted.as_ref()).await?;
        record.encryption = key.as_ref().map(|key| key.encryption(false));
        let made = self
            .transact(|tx| {
                if tx.get(&row)?.is_some() {
                    return Err(exists().into());
                }
                room_for_table(tx, &place)?;
                if let Some(key) = &key {
                    encryption::put(tx, (&place, &record.home), key)?;
                }
                let mut record = record.clone();
                if let Some(view) = view {
                    stream::begin(tx, (&place, &name.name), &mut record, view, call.now.millis())?;
                }
                let encoded = record.encode();
                tx.put(row.clone(), encoded.clone());
                Ok::<_, Failure>(encoded)
            })
            .await;
        let encoded = match made {
            Ok(encoded) => encoded,
            Err(error) => {
                self.rings.drop_unused(&place, key).await;
                return Err(error);
            }
        };
        let table = Table::read(place, &name.name, row, encoded)?;
        Ok(CreateTableOutput { table_description: Some(as_begun(self.describe(&table)?, &input)) })
    }

    /// Refuses what is not built, by name.
    fn no_parts(&self, input: &CreateTableInput) -> Result<(), Error> {
        self.not_built(
            "CreateTable",
            &[
                ("GlobalTableSourceArn", input.global_table_source_arn.is_some()),
                (
                    "GlobalTableSettingsReplicationMode",
                    input.global_table_settings_replication_mode.is_some(),
                ),
                ("VectorIndexes", input.vector_indexes.is_some()),
            ],
        )
    }
}

/// A table as the answer to its creation shows it. It can be used at once, as DescribeTable says, but clients have learnt
/// to expect that it cannot yet.
fn as_begun(mut description: TableDescription, input: &CreateTableInput) -> TableDescription {
    description.table_status = Some(TableStatus::Creating.into());
    let warm = description.warm_throughput.take().filter(|_| input.warm_throughput.is_some());
    description.warm_throughput = warm
        .map(|warm| TableWarmThroughputDescription { status: Some(TableStatus::Updating.into()), ..warm });
    for index in description.global_secondary_indexes.iter_mut().flatten() {
        index.index_status = Some(IndexStatus::Creating.into());
        let asked = input.global_secondary_indexes.iter().flatten().any(|asked| {
            asked.warm_throughput.is_some() && Some(&*asked.index_name) == index.index_name.as_ref()
        });
        let warm = index.warm_throughput.take().filter(|_| asked);
        index.warm_throughput = warm.map(|warm| GlobalSecondaryIndexWarmThroughputDescription {
            status: Some(IndexStatus::Updating.into()),
            ..warm
        });
    }
    description
}

/// Refuses a table too many.
pub fn room_for_table(tx: &Tx, place: &Place) -> Result<(), Failure> {
    let tables = tx.range_unchecked(KeyRange::prefix(place.tables()), RangeOptions::limit(TABLES_MAX))?;
    if tables.entries.len() >= TABLES_MAX {
        let text =
            format!("Subscriber limit exceeded: There is a limit of {TABLES_MAX} tables per subscriber");
        return Err(Error::limit_exceeded_exception(text).into());
    }
    Ok(())
}

/// A table as it is stored when it is new.
pub fn record(input: &CreateTableInput, home: Home, now_ms: i64) -> Result<Record, Error> {
    let Some(given_key) = &input.key_schema else {
        return Err(validation(
            "1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: Member must not be null",
        ));
    };
    let Some(given_attributes) = &input.attribute_definitions else {
        return Err(validation(
            "1 validation error detected: Value null at 'attributeDefinitions' failed to satisfy constraint: Member must not \
             be null",
        ));
    };
    let attributes = definition::attributes(given_attributes)?;
    let billing = definition::billing(input.billing_mode.as_ref(), input.provisioned_throughput.as_ref())?;
    let key = definition::table_key(given_key)?;
    let locals = input.local_secondary_indexes.as_deref();
    let globals = input.global_secondary_indexes.as_deref();
    for (empty, what) in [
        (locals.is_some_and(<[_]>::is_empty), "LocalSecondaryIndexes"),
        (globals.is_some_and(<[_]>::is_empty), "GlobalSecondaryIndexes"),
    ] {
        if empty {
            return Err(wrong(format_args!("List of {what} is empty")));
        }
    }
    let (locals, globals) = (locals.unwrap_or_default(), globals.unwrap_or_default());
    let of_locals = locals.iter().map(|index| GivenIndex {
        name: &index.index_name,
        key: &index.key_schema,
        projection: &index.projection,
        throughput: None,
        ceilings: None,
        warm: None,
        local: true,
    });
    let of_globals = globals.iter().map(|index| GivenIndex {
        name: &index.index_name,
        key: &index.key_schema,
        projection: &index.projection,
        throughput: index.provisioned_throughput.as_ref(),
        ceilings: index.on_demand_throughput.as_ref(),
        warm: index.warm_throughput.as_ref(),
        local: false,
    });
    let mut indexes = Vec::with_capacity(locals.len() + globals.len());
    for (id, given) in (1..).zip(of_locals.chain(of_globals)) {
        indexes.push(definition::index(id, &given, &key, billing, IndexState::Active)?);
    }
    definition::check_types(&attributes, &key, &indexes)?;
    definition::check_indexes(&indexes)?;
    if locals.len() > LOCAL_INDEXES_MAX {
        return Err(wrong(format_args!(
            "Number of LocalSecondaryIndexes exceeds per-table limit of {LOCAL_INDEXES_MAX}"
        )));
    }
    if globals.len() > GLOBAL_INDEXES_MAX {
        return Err(wrong(format_args!(
            "GlobalSecondaryIndex count exceeds the per-table limit of {GLOBAL_INDEXES_MAX}"
        )));
    }
    let policy = match &input.resource_policy {
        Some(document) => {
            access_policy::read(document)?;
            Some(Policy::new(document, None, now_ms))
        }
        None => None,
    };
    let tags = super::tags::checked(input.tags.as_deref().unwrap_or_default())?;
    Ok(Record {
        id: home.id.clone(),
        home,
        created_ms: now_ms,
        attributes,
        key,
        next_index: indexes.len() as u32 + 1,
        indexes,
        billing,
        ceilings: ceilings::changed(Ceilings::default(), input.on_demand_throughput.as_ref(), billing, None)?,
        warm: warm::of_table(input.warm_throughput.as_ref(), billing)?,
        on_demand_since_ms: (billing == Billing::OnDemand).then_some(now_ms),
        infrequent_access: input.table_class.as_ref().and_then(Open::known)
            == Some(TableClass::StandardInfrequentAccess),
        deletion_protected: input.deletion_protection_enabled == Some(true),
        tags,
        time_to_live: None,
        stream: None,
        recovery: None,
        holds: Vec::new(),
        restore: None,
        import: None,
        policy,
        group: None,
        encryption: None,
    })
}
