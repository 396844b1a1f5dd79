//! GetItem.

use std::sync::Arc;

use attribute::Shown;
use expression::{Bound, Given, Projection, Wanted};
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{GetItemInput, GetItemOutput};
use service::Allowed;

use crate::capacity::{Rate, Units, of_read};
use crate::dynamodb::DynamoDb;
use crate::error::{invalid, of_expression};
use crate::request::{Names, parameters};
use crate::resource::Named;
use crate::row::Row;

impl DynamoDb {
    pub async fn get_item(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: GetItemInput,
    ) -> Result<GetItemOutput, Error> {
        let projection = self.projection(
            input.projection_expression.as_ref(),
            &input.expression_attribute_names,
            input.attributes_to_get.as_deref(),
        )?;
        let table = named.table()?;
        let key = table.key_of(input.key.into_inner().valid().map_err(invalid)?)?;
        let ring = self.ring(&call, table).await?;
        let row =
            named.snapshot.get(&key.row)?.map(|bytes| Row::decode(&bytes, ring.as_deref())).transpose()?;
        let rate = Rate::of_read(input.consistent_read);
        let units = Units::reading(of_read(row.as_ref().map_or(0, |row| row.size), rate));
        self.charge(table, &units)?;
        let item = row.as_ref().map(|row| projection.show(row)).transpose()?;
        Ok(GetItemOutput {
            item,
            consumed_capacity: units.shown(table, input.return_consumed_capacity.as_ref(), false),
        })
    }

    /// What a request wants of items.
    pub fn projection<'i>(
        &self,
        text: Option<&String>,
        names: &'i Names,
        attributes: Option<&'i [String]>,
    ) -> Result<Shows<'i>, Error> {
        let given = Given {
            expressions: &[],
            projection: text.is_some(),
            old: &[("AttributesToGet", attributes.is_some())],
            names: names.is_some(),
            values: false,
        };
        given.check().map_err(of_expression)?;
        let tree = self.projection_tree(text)?;
        let mut parameters = parameters(names, None)?;
        let bound = tree.map(|tree| parameters.projection(tree)).transpose().map_err(of_expression)?;
        parameters.finish().map_err(of_expression)?;
        Shows::of(bound, attributes)
    }

    /// Parses a projection.
    pub fn projection_tree(&self, text: Option<&String>) -> Result<Option<Arc<Projection>>, Error> {
        let tree = text.map(|text| self.expressions.projection(text)).transpose();
        tree.map_err(|reason| of_expression(reason.of(expression::Parameter::ProjectionExpression)))
    }
}

/// What is shown of items.
pub enum Shows<'i> {
    All,
    Attributes(&'i [String]),
    Projection(Bound<'i, Projection>),
}

impl<'i> Shows<'i> {
    /// What a request says, in one way or the other.
    pub fn of(
        projection: Option<Bound<'i, Projection>>,
        attributes: Option<&'i [String]>,
    ) -> Result<Self, Error> {
        match (projection, attributes) {
            (Some(bound), _) => Ok(Self::Projection(bound)),
            (None, Some(names)) => {
                let all: Vec<&str> = names.iter().map(String::as_str).collect();
                expression::attributes_to_get(&all).map_err(of_expression)?;
                Ok(Self::Attributes(names))
            }
            (None, None) => Ok(Self::All),
        }
    }

    /// Put together once for many items; none for whole ones.
    pub fn wanted(&self) -> Option<Wanted<'_>> {
        match self {
            Self::All => None,
            Self::Attributes(names) => Some(Wanted::attributes(names.iter().map(String::as_str))),
            Self::Projection(bound) => Some(bound.wanted()),
        }
    }

    /// The attributes it wants something of; none for whole items.
    pub fn attributes(&self) -> Option<Vec<&str>> {
        match self {
            Self::All => None,
            Self::Attributes(names) => Some(names.iter().map(String::as_str).collect()),
            Self::Projection(bound) => Some(bound.attributes()),
        }
    }

    /// What is shown of a row. A whole item is not even read.
    pub fn show(&self, row: &Row) -> Result<Shown, store::Error> {
        match self.wanted() {
            None => row.shown(),
            Some(wanted) => Ok(Shown::Item(wanted.project(&row.item()?))),
        }
    }
}
