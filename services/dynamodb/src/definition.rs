//! From what a request says of a table's keys and indexes to what is stored, with every check.

use model_dynamodb::Error;
use model_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, OnDemandThroughput,
    Projection as WireProjection, ProjectionType, ProvisionedThroughput, ScalarAttributeType, WarmThroughput,
};
use wire::Open;

use crate::ceilings;
use crate::error::{validation, wrong};
use crate::limits::PROJECTED_MAX;
use crate::name::{bad_name, is_name};
use crate::records::{Billing, Ceilings, Index, IndexState, Projection, Throughput, Warm};
use crate::schema::{KeyNames, Scalar};
use crate::warm;

/// Attributes of a part of an index's key ("Global secondary indexes: multi-attribute keys").
const KEY_ATTRIBUTES_MAX: usize = 4;
/// Units a second that a table may ask for.
pub const UNITS_MAX: i64 = 1_000_000_000_000;

/// The types of attributes.
pub fn attributes(given: &[AttributeDefinition]) -> Result<Vec<(String, Scalar)>, Error> {
    let mut found: Vec<(String, Scalar)> = Vec::with_capacity(given.len());
    for definition in given {
        let name = &*definition.attribute_name;
        let Some(scalar) = definition.attribute_type.known() else { continue };
        let scalar = match scalar {
            ScalarAttributeType::S => Scalar::S,
            ScalarAttributeType::N => Scalar::N,
            ScalarAttributeType::B => Scalar::B,
        };
        if found.iter().any(|(known, _)| known == name) {
            return Err(wrong(format_args!("Duplicate AttributeName in AttributeDefinitions: {name}")));
        }
        found.push((name.clone(), scalar));
    }
    Ok(found)
}

/// The key of a table: a partition attribute, and perhaps a sort attribute.
pub fn table_key(given: &[KeySchemaElement]) -> Result<KeyNames, Error> {
    let kinds: Vec<Option<KeyType>> = given.iter().map(|element| element.key_type.known()).collect();
    match kinds[..] {
        [] => Err(wrong("KeySchema must not be empty")),
        [Some(KeyType::Hash)] | [Some(KeyType::Hash), Some(KeyType::Range)] => {
            if given.len() == 2 && *given[0].attribute_name == *given[1].attribute_name {
                return Err(validation(
                    "Both the Hash Key and the Range Key element in the KeySchema have the same name",
                ));
            }
            Ok(names(given))
        }
        [Some(KeyType::Hash), ..] if given.len() == 2 => {
            Err(validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"))
        }
        [Some(KeyType::Hash), ..] => Err(validation(
            "1 validation error detected: Value at 'keySchema' failed to satisfy constraint: Member must have length less than \
             or equal to 2",
        )),
        _ => Err(validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")),
    }
}

fn names(given: &[KeySchemaElement]) -> KeyNames {
    let of = |wanted: KeyType| {
        let found = given.iter().filter(|element| element.key_type.known() == Some(wanted));
        found.map(|element| (*element.attribute_name).clone()).collect()
    };
    KeyNames { partition: of(KeyType::Hash), sort: of(KeyType::Range) }
}

/// The key of an index: up to four partition attributes, then up to four sort attributes.
fn index_key(given: &[KeySchemaElement]) -> Result<KeyNames, Error> {
    if given.first().and_then(|first| first.key_type.known()) != Some(KeyType::Hash) {
        return Err(validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type"));
    }
    let ordered = given.is_sorted_by_key(|element| element.key_type.known() == Some(KeyType::Range));
    let key = names(given);
    if !ordered {
        return Err(validation(
            "Invalid KeySchema: All HASH key attributes must precede RANGE key attributes in the KeySchema",
        ));
    }
    for (part, kind) in [(&key.partition, "HASH"), (&key.sort, "RANGE")] {
        if part.len() > KEY_ATTRIBUTES_MAX {
            return Err(validation(format!(
                "Invalid KeySchema: The KeySchema exceeds the maximum allowed number of {kind} key attributes"
            )));
        }
    }
    let all: Vec<&String> = key.all().collect();
    if all.iter().enumerate().any(|(at, name)| all[..at].contains(name)) {
        return Err(validation(
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ));
    }
    Ok(key)
}

/// What a request says of one index.
pub struct GivenIndex<'i> {
    pub name: &'i str,
    pub key: &'i [KeySchemaElement],
    pub projection: &'i WireProjection,
    pub throughput: Option<&'i ProvisionedThroughput>,
    pub ceilings: Option<&'i OnDemandThroughput>,
    pub warm: Option<&'i WarmThroughput>,
    pub local: bool,
}

/// An index of a table.
pub fn index(
    id: u32,
    given: &GivenIndex<'_>,
    table: &KeyNames,
    billing: Billing,
    state: IndexState,
) -> Result<Index, Error> {
    if !is_name(given.name) {
        return Err(bad_name("indexName", given.name));
    }
    let key = if given.local { table_key(given.key)? } else { index_key(given.key)? };
    if given.local {
        if table.sort.is_empty() {
            return Err(wrong(
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
            ));
        }
        if key.sort.is_empty() {
            return Err(wrong(format_args!(
                "Index KeySchema does not have a range key for index: {}",
                given.name
            )));
        }
        if key.partition != table.partition {
            return Err(wrong(format_args!(
                "Index KeySchema does not have the same leading hash key as table KeySchema for index: {}. index hash key: {}, \
                 table hash key: {}",
                given.name,
                key.partition.join(", "),
                table.partition.join(", ")
            )));
        }
    }
    let throughput = match (billing, given.throughput) {
        (Billing::OnDemand, Some(_)) => {
            return Err(wrong(format_args!(
                "ProvisionedThroughput should not be specified for index: {} when BillingMode is PAY_PER_REQUEST",
                given.name
            )));
        }
        (Billing::OnDemand, None) => None,
        (Billing::Provisioned(_), Some(given)) => Some(throughput(given)?),
        (Billing::Provisioned(_), None) if given.local => None,
        (Billing::Provisioned(_), None) => {
            return Err(wrong(format_args!(
                "ProvisionedThroughput must be specified for index: {}",
                given.name
            )));
        }
    };
    Ok(Index {
        id,
        name: given.name.to_owned(),
        local: given.local,
        key,
        projection: projection(given.projection)?,
        throughput,
        ceilings: ceilings::changed(Ceilings::default(), given.ceilings, billing, Some(given.name))?,
        warm: if given.local { Warm::default() } else { warm::of_index(given.warm, throughput, given.name)? },
        state,
    })
}

fn projection(given: &WireProjection) -> Result<Projection, Error> {
    let kind = given.projection_type.as_ref().and_then(Open::known);
    let more = given.non_key_attributes.as_deref();
    match (kind, more) {
        (None, _) => Err(wrong("Unknown ProjectionType: null")),
        (Some(ProjectionType::All), None) => Ok(Projection::All),
        (Some(ProjectionType::KeysOnly), None) => Ok(Projection::KeysOnly),
        (Some(ProjectionType::Include), Some(names)) if !names.is_empty() => {
            let twice = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name));
            match twice {
                Some((_, name)) => {
                    Err(wrong(format_args!("Duplicate attribute name in NonKeyAttributes: {name}")))
                }
                None => Ok(Projection::Include(names.to_vec())),
            }
        }
        (Some(ProjectionType::Include), _) => {
            Err(wrong("ProjectionType is INCLUDE, but NonKeyAttributes is not specified"))
        }
        (Some(ProjectionType::All), Some(_)) => {
            Err(wrong("ProjectionType is ALL, but NonKeyAttributes is specified"))
        }
        (Some(ProjectionType::KeysOnly), Some(_)) => {
            Err(wrong("ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified"))
        }
    }
}

/// Refuses indexes that do not go together.
pub fn check_indexes(indexes: &[Index]) -> Result<(), Error> {
    for (at, index) in indexes.iter().enumerate() {
        if indexes[..at].iter().any(|other| other.name == index.name) {
            return Err(wrong(format_args!("Duplicate index name: {}", index.name)));
        }
    }
    let included: usize = indexes
        .iter()
        .map(|index| match &index.projection {
            Projection::Include(names) => names.len(),
            Projection::All | Projection::KeysOnly => 0,
        })
        .sum();
    if included > PROJECTED_MAX {
        return Err(wrong(format_args!(
            "Number of NonKeyAttributes in all indexes exceeds the per-table limit of {PROJECTED_MAX}"
        )));
    }
    Ok(())
}

/// Refuses attributes of keys without a type, and types of attributes that are of no key.
pub fn check_types(types: &[(String, Scalar)], key: &KeyNames, indexes: &[Index]) -> Result<(), Error> {
    let defined: Vec<&str> = types.iter().map(|(name, _)| name.as_str()).collect();
    let is_defined = |name: &&String| defined.contains(&name.as_str());
    if let Some(missing) = key.all().find(|name| !is_defined(name)) {
        let keys: Vec<&str> = key.all().map(String::as_str).collect();
        tracing::debug!(missing, "a key attribute has no type");
        return Err(wrong(format_args!(
            "Some index key attributes are not defined in AttributeDefinitions. Keys: [{}], AttributeDefinitions: [{}]",
            keys.join(", "),
            defined.join(", ")
        )));
    }
    for index in indexes {
        if index.key.all().any(|name| !is_defined(&name)) {
            let keys: Vec<&str> = index.key.all().map(String::as_str).collect();
            return Err(wrong(format_args!(
                "Some index key attributes are not defined in AttributeDefinitions. Keys: [{}], AttributeDefinitions: [{}]",
                keys.join(", "),
                defined.join(", ")
            )));
        }
    }
    let used = |name: &str| {
        key.all().chain(indexes.iter().flat_map(|index| index.key.all())).any(|known| known == name)
    };
    if defined.iter().any(|name| !used(name)) {
        return Err(wrong(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
        ));
    }
    Ok(())
}

/// How a table is paid for.
pub fn billing(
    mode: Option<&Open<BillingMode>>,
    given: Option<&ProvisionedThroughput>,
) -> Result<Billing, Error> {
    match (mode.and_then(Open::known), given) {
        (Some(BillingMode::PayPerRequest), None) => Ok(Billing::OnDemand),
        (Some(BillingMode::PayPerRequest), Some(_)) => Err(wrong(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        )),
        (_, Some(given)) => Ok(Billing::Provisioned(throughput(given)?)),
        (_, None) => Err(wrong(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        )),
    }
}

/// Units that were asked for.
pub fn throughput(given: &ProvisionedThroughput) -> Result<Throughput, Error> {
    let (read, write) = (*given.read_capacity_units, *given.write_capacity_units);
    for (units, name) in [(read, "ReadCapacityUnits"), (write, "WriteCapacityUnits")] {
        if units > UNITS_MAX {
            return Err(validation(format!("Given value {units} for {name} is out of bounds")));
        }
    }
    Ok(Throughput { read, write, increased_ms: None, decreased_ms: None })
}
