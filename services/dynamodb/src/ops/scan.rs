//! Scan.

use std::sync::Arc;

use expression::{Given, Literal, Parameter};
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{ScanInput, ScanOutput, Select};
use service::Allowed;
use wire::Open;

use super::get_item::Shows;
use crate::capacity::Rate;
use crate::dynamodb::DynamoDb;
use crate::error::{invalid, of_expression, validation};
use crate::legacy;
use crate::limits::SEGMENTS_MAX;
use crate::read::{self, Source, Wish};
use crate::request::parameters;
use crate::resource::Named;

impl DynamoDb {
    pub async fn scan(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: ScanInput,
    ) -> Result<ScanOutput, Error> {
        let given = Given {
            expressions: &[("FilterExpression", input.filter_expression.is_some())],
            projection: input.projection_expression.is_some(),
            old: &[
                ("AttributesToGet", input.attributes_to_get.is_some()),
                ("ScanFilter", input.scan_filter.is_some()),
                ("ConditionalOperator", input.conditional_operator.is_some()),
            ],
            names: input.expression_attribute_names.is_some(),
            values: input.expression_attribute_values.is_some(),
        };
        given.check().map_err(of_expression)?;
        let filter = self.condition(Parameter::FilterExpression, input.filter_expression.as_ref())?;
        let tree = self.projection_tree(input.projection_expression.as_ref())?;
        let values = input.expression_attribute_values.as_ref();
        let mut parameters = parameters(&input.expression_attribute_names, values)?;
        let filter = filter.map(|tree| parameters.condition(Parameter::FilterExpression, tree)).transpose();
        let filter = filter.map_err(of_expression)?;
        let old_filter = legacy::filter(input.scan_filter.as_ref(), input.conditional_operator.as_ref())?;
        let filter = filter.or_else(|| old_filter.as_ref().map(Literal::bound));
        let projection = tree.map(|tree| parameters.projection(tree)).transpose().map_err(of_expression)?;
        parameters.finish().map_err(of_expression)?;
        let (segment, segments) = segments(&input)?;

        let table = named.table()?;
        let source = Source::new(table, input.index_name.as_ref())?;
        let ring = self.ring(&call, table).await?;
        let shows = Shows::of(projection, input.attributes_to_get.as_deref())?;
        let said = input.select.as_ref().and_then(Open::known);
        let wish = Wish {
            select: read::default_select(said, &source, &shows),
            shows,
            filter,
            limit: input.limit.map(|limit| usize::try_from(limit).unwrap_or(0)),
            rate: Rate::of_read(input.consistent_read),
        };
        wish.check_selection(&source)?;
        wish.check(&source, input.consistent_read)?;
        if let Some(filter) = &wish.filter {
            table.check_scalars(&filter.nested_attributes())?;
        }
        let mut range = read::segment(&source.rows(), segment, segments);
        if let Some(start) = &input.exclusive_start_key {
            let start = source.start(start.as_valid().map_err(invalid)?)?;
            range = read::behind(&range, &start, false).ok_or_else(|| {
                validation("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey \
                            with correct Segment. TotalSegments: ".to_owned() + &format!("{segments} Segment: {segment}"))
            })?;
        }
        let page = read::page((&named.snapshot, ring.as_deref()), &source, range, false, &wish)?;
        self.charge(table, &page.units)?;
        Ok(ScanOutput {
            items: (wish.select != Select::Count).then_some(page.items),
            count: Some(page.count as i32),
            scanned_count: Some(page.scanned as i32),
            last_evaluated_key: page.last.map(Into::into),
            consumed_capacity: page.units.shown(table, input.return_consumed_capacity.as_ref(), false),
        })
    }
}

/// Which segment of how many.
fn segments(input: &ScanInput) -> Result<(i32, i32), Error> {
    match (input.segment, input.total_segments) {
        (None, None) => Ok((0, 1)),
        (Some(_), None) => Err(validation(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
        )),
        (None, Some(_)) => Err(validation(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
        )),
        (Some(segment), Some(of)) if (1..=SEGMENTS_MAX).contains(&of) && (0..of).contains(&segment) => {
            Ok((segment, of))
        }
        (Some(segment), Some(of)) => Err(validation(format!(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {segment} is not less \
             than TotalSegments: {of}"
        ))),
    }
}
