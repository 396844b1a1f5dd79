//! Ceilings of tables on demand, and of their global indexes: the most units a second that they are to give.

use model_dynamodb::Error;
use model_dynamodb::types::OnDemandThroughput;

use crate::definition::UNITS_MAX;
use crate::error::wrong;
use crate::records::{Billing, Ceilings};

/// What a request says to take a ceiling away ("OnDemandThroughput").
const NONE: i64 = -1;

/// What a request says of a table's ceilings, or of this index's, in the place of what there was; what it does not speak of stays.
/// Provisioned capacity has none.
///
/// # Errors
/// `ValidationException` for ceilings that nothing can have.
pub fn changed(
    before: Ceilings,
    given: Option<&OnDemandThroughput>,
    billing: Billing,
    index: Option<&str>,
) -> Result<Ceilings, Error> {
    let is_on_demand = billing == Billing::OnDemand;
    let Some(given) = given else {
        return Ok(if is_on_demand { before } else { Ceilings::default() });
    };
    let one = |name: &str, before: Option<i64>, given: Option<i64>| match given {
        None => Ok(before),
        Some(_) if !is_on_demand => Err(wrong(format_args!(
            "{name} for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED"
        ))),
        Some(NONE) => Ok(None),
        Some(units) if (1..=UNITS_MAX).contains(&units) => Ok(Some(units)),
        Some(_) => {
            let of = index.map_or_else(|| "table".to_owned(), |name| format!("index: {name}"));
            Err(wrong(format_args!(
                "Requested {name} for OnDemandThroughput for {of} is outside of valid range"
            )))
        }
    };
    if given.max_read_request_units.is_none() && given.max_write_request_units.is_none() {
        return Err(wrong(
            "OnDemandThroughput has to have MaxReadRequestUnits, MaxWriteRequestUnits, or both",
        ));
    }
    Ok(Ceilings {
        read: one("MaxReadRequestUnits", before.read, given.max_read_request_units)?,
        write: one("MaxWriteRequestUnits", before.write, given.max_write_request_units)?,
    })
}

/// As answers show them; what there is none of is not there.
pub fn shown(ceilings: Ceilings) -> Option<OnDemandThroughput> {
    (ceilings != Ceilings::default()).then_some(OnDemandThroughput {
        max_read_request_units: ceilings.read,
        max_write_request_units: ceilings.write,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Throughput;

    fn given(read: Option<i64>, write: Option<i64>) -> OnDemandThroughput {
        OnDemandThroughput { max_read_request_units: read, max_write_request_units: write }
    }

    #[test]
    fn what_is_not_spoken_of_stays() {
        let change = |before, given: &OnDemandThroughput| {
            changed(before, Some(given), Billing::OnDemand, None).map_err(|error| format!("{error:?}"))
        };
        let both = change(Ceilings::default(), &given(Some(1_000), Some(500))).expect("good");
        assert_eq!(both, Ceilings { read: Some(1_000), write: Some(500) });
        let one = change(both, &given(Some(NONE), None)).expect("good");
        assert_eq!(one, Ceilings { read: None, write: Some(500) });
        let shows = shown(one).expect("one");
        assert_eq!((shows.max_read_request_units, shows.max_write_request_units), (None, Some(500)));
        let none = change(one, &given(Some(NONE), Some(NONE))).expect("good");
        assert!(none == Ceilings::default() && shown(none).is_none());
        for wrong in [0, -2, i64::MIN, i64::MAX] {
            let why = change(both, &given(None, Some(wrong))).expect_err("out of range");
            assert!(
                why.contains("MaxWriteRequestUnits for OnDemandThroughput for table is outside"),
                "{why}"
            );
        }
        assert!(change(both, &given(None, None)).is_err());
    }

    #[test]
    fn provisioned_capacity_has_none() {
        let billing = Billing::Provisioned(Throughput::default());
        let before = Ceilings { read: Some(1), write: None };
        assert_eq!(changed(before, None, billing, None).expect("good"), Ceilings::default());
        assert!(changed(before, Some(&given(Some(1), None)), billing, None).is_err());
    }
}
