//! Warm throughput: the units a second that a table or global index can give at once. It never falls. Nothing is
//! throttled by it: the real service goes beyond it, too, as traffic grows.

use model_dynamodb::Error;
use model_dynamodb::types::{
    GlobalSecondaryIndexWarmThroughputDescription, IndexStatus, TableDescription, TableStatus,
    TableWarmThroughputDescription, UpdateTableInput, WarmThroughput,
};

use crate::definition::UNITS_MAX;
use crate::error::wrong;
use crate::records::{Billing, Index, Table, Throughput, Warm};

/// What is on demand begins with this ("Initial throughput for on-demand capacity mode").
const ON_DEMAND: Warm = Warm { read: 12_000, write: 4_000 };
/// What a request is told that wants less.
const OF_ON_DEMAND: &str = "initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/\
                            developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial";

/// What there is at least with so many provisioned units, or with none.
fn least(throughput: Option<Throughput>) -> Warm {
    throughput.map_or(ON_DEMAND, |units| Warm { read: units.read, write: units.write })
}

/// The provisioned units of a table.
fn provisioned(billing: Billing) -> Option<Throughput> {
    match billing {
        Billing::OnDemand => None,
        Billing::Provisioned(units) => Some(units),
    }
}

/// That of a new table: what is given, and what its billing begins with for the rest.
///
/// # Errors
/// `ValidationException` for less than that; `LimitExceededException` for more than anything can have.
pub fn of_table(given: Option<&WarmThroughput>, billing: Billing) -> Result<Warm, Error> {
    of_new(given, provisioned(billing), "table")
}

/// That of a new global index.
///
/// # Errors
/// See [`of_table`].
pub fn of_index(
    given: Option<&WarmThroughput>,
    throughput: Option<Throughput>,
    name: &str,
) -> Result<Warm, Error> {
    of_new(given, throughput, &format!("index {name}"))
}

fn of_new(given: Option<&WarmThroughput>, throughput: Option<Throughput>, of: &str) -> Result<Warm, Error> {
    let why = |provisioned: &str| match throughput {
        None => OF_ON_DEMAND.to_owned(),
        Some(_) => format!("{provisioned} of ProvisionedThroughput"),
    };
    let (least, given) = (least(throughput), given.cloned().unwrap_or_default());
    Ok(Warm {
        read: one(READ, least.read, given.read_units_per_second, of, || why("ReadCapacityUnits"))?,
        write: one(WRITE, least.write, given.write_units_per_second, of, || why("WriteCapacityUnits"))?,
    })
}

/// What a request wants of a table that is there, or of its global index of this name, in the place of what there was; what it
/// does not speak of stays.
///
/// # Errors
/// `ValidationException` for less than there was; `LimitExceededException` for more than anything can have.
pub fn changed(before: Warm, given: &WarmThroughput, index: Option<&str>) -> Result<Warm, Error> {
    let of = index.map_or_else(|| "table".to_owned(), |name| format!("index {name}"));
    let why = || "current WarmThroughput, decreasing WarmThroughput is not supported".to_owned();
    Ok(Warm {
        read: one(READ, before.read, given.read_units_per_second, &of, why)?,
        write: one(WRITE, before.write, given.write_units_per_second, &of, why)?,
    })
}

/// A number of units: its name, and that of the quota that it would exceed.
type Named = (&'static str, &'static str);
const READ: Named = ("ReadUnitsPerSecond", "TableMaxReadCapacityUnits");
const WRITE: Named = ("WriteUnitsPerSecond", "TableMaxWriteCapacityUnits");

fn one(
    (name, quota): Named,
    least: i64,
    given: Option<i64>,
    of: &str,
    why: impl FnOnce() -> String,
) -> Result<i64, Error> {
    match given {
        None => Ok(least),
        Some(units) if units < least => {
            Err(wrong(format_args!("Requested {name} for WarmThroughput for {of} is lower than {}", why())))
        }
        Some(units) if units > UNITS_MAX => Err(Error::limit_exceeded_exception(format!(
            "Subscriber limit exceeded: Requested {name} for WarmThroughput for {of} exceeds {quota} of the account"
        ))),
        Some(units) => Ok(units),
    }
}

/// Raises what is below what a table's billing gives by now.
pub fn raise(record: &mut Table) {
    let raised = |before: Warm, least: Warm| Warm {
        read: before.read.max(least.read),
        write: before.write.max(least.write),
    };
    record.warm = raised(record.warm, least(provisioned(record.billing)));
    for index in record.indexes.iter_mut().filter(|index| !index.local) {
        index.warm = raised(index.warm, least(index.throughput));
    }
}

/// Refuses what cannot be asked for together with a table's warm throughput, or with that of an index. Global indexes can be
/// warmed in the same request, and nothing else be done.
///
/// # Errors
/// `ValidationException`.
pub fn check_request(input: &UpdateTableInput) -> Result<(), Error> {
    let updates = input.global_secondary_index_updates.as_deref().unwrap_or_default();
    for update in updates.iter().filter_map(|update| update.update.as_ref()) {
        if update.warm_throughput.as_ref().is_some_and(is_empty) {
            let name = &*update.index_name;
            return Err(wrong(format_args!("{} specified for index: {name}", ONE_AT_LEAST)));
        }
    }
    let Some(given) = &input.warm_throughput else { return Ok(()) };
    let others = [
        (
            input.sse_specification.is_some(),
            "Server-Side Encryption modification must be the only operation in the request",
        ),
        (input.table_class.is_some(), "TableClass modification must be the only operation in the request"),
        (
            input.deletion_protection_enabled.is_some(),
            "DeletionProtection modification must be the only operation in the request",
        ),
        (
            input.on_demand_throughput.is_some(),
            "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
        ),
        (
            updates.iter().any(|update| update.create.is_some()),
            "Create global secondary index cannot be specified when updating WarmThroughput",
        ),
        (
            input.provisioned_throughput.is_some()
                || input.billing_mode.is_some()
                || input.stream_specification.is_some()
                || updates.iter().any(|update| update.delete.is_some()),
            "WarmThroughput must be the only operation in the request",
        ),
    ];
    let other = others.iter().find(|(is_there, _)| *is_there);
    match (is_empty(given), other) {
        // One that says nothing is as none beside something else.
        (true, Some(_)) => Ok(()),
        (true, None) if updates.is_empty() => Err(wrong(format_args!("{ONE_AT_LEAST} specified"))),
        (true, None) | (false, None) => Ok(()),
        (false, Some((_, why))) => Err(wrong(why)),
    }
}

const ONE_AT_LEAST: &str =
    "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond";

fn is_empty(given: &WarmThroughput) -> bool {
    given.read_units_per_second.is_none() && given.write_units_per_second.is_none()
}

/// A table's as answers show it.
pub fn shown(warm: Warm, status: TableStatus) -> TableWarmThroughputDescription {
    TableWarmThroughputDescription {
        read_units_per_second: Some(warm.read),
        write_units_per_second: Some(warm.write),
        status: Some(status.into()),
    }
}

/// A global index's as answers show it.
pub fn shown_of_index(warm: Warm, status: IndexStatus) -> GlobalSecondaryIndexWarmThroughputDescription {
    GlobalSecondaryIndexWarmThroughputDescription {
        read_units_per_second: Some(warm.read),
        write_units_per_second: Some(warm.write),
        status: Some(status.into()),
    }
}

/// What of an index's was asked for rather than given by its units; none if it is the same.
pub fn asked(index: &Index) -> Option<WarmThroughput> {
    (!index.local && index.warm != least(index.throughput)).then_some(WarmThroughput {
        read_units_per_second: Some(index.warm.read),
        write_units_per_second: Some(index.warm.write),
    })
}

/// A table as the answer to UpdateTable shows it, `before` being what it was: what is asked for is there, but clients have learnt to
/// expect that it comes later.
pub fn as_updating(description: &mut TableDescription, before: &Table, input: &UpdateTableInput) {
    if input.warm_throughput.as_ref().is_some_and(|given| !is_empty(given)) {
        description.warm_throughput = Some(shown(before.warm, TableStatus::Updating));
    }
    let updates = input.global_secondary_index_updates.iter().flatten();
    let warmed = updates.filter_map(|update| update.update.as_ref());
    for update in warmed.filter(|update| update.warm_throughput.is_some()) {
        let Some(index) = before.indexes.iter().find(|index| index.name == *update.index_name) else {
            continue;
        };
        let shown = description.global_secondary_indexes.iter_mut().flatten();
        for known in shown.filter(|known| known.index_name.as_deref() == Some(&index.name)) {
            known.warm_throughput = Some(shown_of_index(index.warm, IndexStatus::Updating));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(read: Option<i64>, write: Option<i64>) -> WarmThroughput {
        WarmThroughput { read_units_per_second: read, write_units_per_second: write }
    }

    fn units(read: i64, write: i64) -> Billing {
        Billing::Provisioned(Throughput { read, write, ..Throughput::default() })
    }

    fn refused(result: Result<Warm, Error>) -> String {
        format!("{:?}", result.expect_err("refused"))
    }

    #[test]
    fn what_is_new_has_what_its_billing_gives_at_least() {
        let of = |given: WarmThroughput, billing| of_table(Some(&given), billing);
        assert_eq!(of_table(None, Billing::OnDemand).expect("good"), ON_DEMAND);
        assert_eq!(of_table(None, units(3, 7)).expect("good"), Warm { read: 3, write: 7 });
        let one = of(given(Some(12_001), None), Billing::OnDemand).expect("good");
        assert_eq!(one, Warm { read: 12_001, write: 4_000 });
        assert_eq!(of(given(None, Some(7)), units(3, 7)).expect("good"), Warm { read: 3, write: 7 });
        for (wanted, billing, part) in [
            (
                given(Some(11_999), None),
                Billing::OnDemand,
                "ReadUnitsPerSecond for WarmThroughput for table is lower than initial",
            ),
            (
                given(None, Some(-1)),
                Billing::OnDemand,
                "Requested WriteUnitsPerSecond for WarmThroughput for table",
            ),
            (given(Some(2), None), units(3, 7), "is lower than ReadCapacityUnits of ProvisionedThroughput"),
            (
                given(Some(3), Some(6)),
                units(3, 7),
                "is lower than WriteCapacityUnits of ProvisionedThroughput",
            ),
            (given(Some(i64::MAX), None), units(3, 7), "exceeds TableMaxReadCapacityUnits"),
        ] {
            let why = refused(of(wanted, billing));
            assert!(why.contains(part), "{why}");
        }
        let why = refused(of_index(Some(&given(Some(1), None)), None, "by-v"));
        assert!(why.contains("for WarmThroughput for index by-v is lower than initial"), "{why}");
    }

    #[test]
    fn what_is_there_never_falls() {
        let before = Warm { read: 100, write: 50 };
        let change = |wanted: WarmThroughput| changed(before, &wanted, Some("by-v"));
        assert_eq!(change(given(Some(100), None)).expect("the same"), before);
        assert_eq!(change(given(None, Some(51))).expect("more"), Warm { read: 100, write: 51 });
        let why = refused(change(given(Some(99), None)));
        assert!(why.contains("index by-v is lower than current WarmThroughput, decreasing"), "{why}");
        assert!(refused(change(given(None, Some(UNITS_MAX + 1)))).contains("TableMaxWriteCapacityUnits"));
    }
}
