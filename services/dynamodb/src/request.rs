//! What requests share: the parameters of expressions, and errors of conditions.

use std::collections::BTreeMap;
use std::sync::Arc;

use attribute::{Item, Named, Shown};
use expression::{Bound, Condition, Parameter, ParameterError, Parameters, Reason, Update};
use model_dynamodb::Error;
use model_dynamodb::types::{
    ConditionalCheckFailedException, ConditionalOperator, ExpectedAttributeValue, ItemCollectionMetrics,
    ReturnItemCollectionMetrics, ReturnValuesOnConditionCheckFailure,
};
use wire::{CommonError, Open};

use crate::dynamodb::DynamoDb;
use crate::error::of_expression;
use crate::schema::only;
use crate::table::Table;

type Names = Option<BTreeMap<String, String>>;

/// The names and values of a request, checked. `none` says which expressions are absent if the request has none that could
/// use them.
pub fn parameters<'v>(
    names: &'v Names,
    values: Option<&'v Named>,
    (has_any, none): (bool, &str),
) -> Result<Parameters<'v>, Error> {
    if !has_any {
        if names.is_some() {
            return Err(of_expression(ParameterError::NamesAlone));
        }
        if values.is_some() {
            return Err(of_expression(ParameterError::ValuesAlone(none.to_owned())));
        }
    }
    let names = names.as_ref().map(|names| names.iter().map(|(key, name)| (key.as_str(), name.as_str())));
    Parameters::new(names, values.map(|values| &values.0[..])).map_err(of_expression)
}

/// A condition and an update, parsed.
#[derive(Clone, Default)]
pub struct Trees {
    pub condition: Option<Arc<Condition>>,
    pub update: Option<Arc<Update>>,
}

/// The same with names and values.
#[derive(Default)]
pub struct BoundTrees<'v> {
    pub condition: Option<Bound<'v, Condition>>,
    pub update: Option<Bound<'v, Update>>,
}

impl DynamoDb {
    /// Parses a condition or filter.
    pub fn condition(
        &self,
        parameter: Parameter,
        text: Option<&String>,
    ) -> Result<Option<Arc<Condition>>, Error> {
        let tree = text.map(|text| self.expressions.condition(text)).transpose();
        tree.map_err(|reason: Reason| of_expression(reason.of(parameter)))
    }

    /// Parses what a write has.
    pub fn trees(&self, condition: Option<&String>, update: Option<&String>) -> Result<Trees, Error> {
        let update = update.map(|text| self.expressions.update(text)).transpose();
        Ok(Trees {
            update: update.map_err(|reason| of_expression(reason.of(Parameter::UpdateExpression)))?,
            condition: self.condition(Parameter::ConditionExpression, condition)?,
        })
    }
}

impl Trees {
    /// Puts names and values in; every one has to be used.
    pub fn bind<'v>(
        &self,
        names: &'v Names,
        values: Option<&'v Named>,
        none: &str,
    ) -> Result<BoundTrees<'v>, Error> {
        let has_any = self.condition.is_some() || self.update.is_some();
        if !has_any && names.is_none() && values.is_none() {
            return Ok(BoundTrees::default());
        }
        let mut parameters = parameters(names, values, (has_any, none))?;
        let update = self.update.clone().map(|tree| parameters.update(tree)).transpose();
        let update = update.map_err(of_expression)?;
        let condition = self.condition.clone();
        let condition =
            condition.map(|tree| parameters.condition(Parameter::ConditionExpression, tree)).transpose();
        let condition = condition.map_err(of_expression)?;
        parameters.finish().map_err(of_expression)?;
        Ok(BoundTrees { condition, update })
    }
}

impl BoundTrees<'_> {
    /// Refuses where the condition does not hold of an item, or of none.
    pub fn check(&self, old: Option<&Item>, shows_old: bool) -> Result<(), Error> {
        let Some(condition) = &self.condition else { return Ok(()) };
        let holds = match old {
            Some(item) => condition.matches(item),
            None => condition.matches(&Item::new()),
        };
        if holds { Ok(()) } else { Err(condition_failed(old.filter(|_| shows_old))) }
    }
}

/// The condition of a request does not hold.
pub fn condition_failed(shown: Option<&Item>) -> Error {
    ConditionalCheckFailedException {
        message: Some("The conditional request failed".to_owned()),
        item: shown.map(|item| Shown::Item(item.clone())),
    }
    .into()
}

/// Whether a failed condition is to be answered with the item.
pub fn shows_old(asked: Option<&Open<ReturnValuesOnConditionCheckFailure>>) -> bool {
    asked.and_then(Open::known) == Some(ReturnValuesOnConditionCheckFailure::AllOld)
}

/// What stands for an update in a request.
#[derive(Clone, Copy, Default)]
pub struct UpdateOf<'i> {
    pub expression: Option<&'i String>,
    pub attribute_updates: bool,
}

impl DynamoDb {
    /// Parses what a write has, in expressions or in what was there before them.
    pub fn write_trees(
        &self,
        condition: Option<&String>,
        update: Option<UpdateOf<'_>>,
        (expected, operator): (
            Option<&BTreeMap<String, ExpectedAttributeValue>>,
            Option<&Open<ConditionalOperator>>,
        ),
    ) -> Result<Trees, Error> {
        let update = update.unwrap_or_default();
        self.no_legacy(
            "a write",
            &[
                ("Expected", expected.is_some()),
                ("ConditionalOperator", operator.is_some()),
                ("AttributeUpdates", update.attribute_updates),
            ],
        )?;
        self.trees(condition, update.expression)
    }

    /// The parameters that expressions have taken the place of are not there yet.
    pub fn no_legacy(&self, of: &str, parameters: &[(&str, bool)]) -> Result<(), Error> {
        match parameters.iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(Error::Common(CommonError::NotImplemented {
                service: crate::keys::SERVICE,
                operation: format!("{of} with the parameter {name}"),
            })),
            None => Ok(()),
        }
    }

    /// What is said of the item's collection: only tables with local indexes have any.
    pub fn metrics_of(
        &self,
        table: &Table,
        key: &Item,
        asked: Option<&Open<ReturnItemCollectionMetrics>>,
    ) -> Option<ItemCollectionMetrics> {
        let asked = asked.and_then(Open::known) == Some(ReturnItemCollectionMetrics::Size);
        if !asked || !table.record.indexes.iter().any(|index| index.local) {
            return None;
        }
        Some(ItemCollectionMetrics {
            item_collection_key: Some(only(&table.record.key.partition, key).into()),
            // An estimate of how many GB a collection has. There is no limit here that it would warn of.
            size_estimate_range_gb: Some(vec![0.0, 1.0]),
        })
    }
}
