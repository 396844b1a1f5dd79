//! What requests share: the parameters of expressions, and errors of conditions.

use std::collections::BTreeMap;
use std::sync::Arc;

use attribute::{Item, Named, Shown};
use expression::{Bound, Condition, Given, Literal, Parameter, Parameters, Reason, Update};
use model_dynamodb::Error;
use model_dynamodb::types::{
    AttributeValueUpdate, ConditionalCheckFailedException, ConditionalOperator, ExpectedAttributeValue,
    ItemCollectionMetrics, ReturnItemCollectionMetrics, ReturnValuesOnConditionCheckFailure,
};
use wire::{CommonError, Open};

use crate::dynamodb::DynamoDb;
use crate::error::{counted, is_counted, of_expression, wrong_value};
use crate::legacy;
use crate::schema::only;
use crate::table::Table;

pub type Names = Option<BTreeMap<String, String>>;

/// The names and values of a request, checked.
pub fn parameters<'v>(names: &'v Names, values: Option<&'v Named>) -> Result<Parameters<'v>, Error> {
    let names = names.as_ref().map(|names| names.iter().map(|(key, name)| (key.as_str(), name.as_str())));
    Parameters::new(names, values.map(|values| &values.0[..])).map_err(of_expression)
}

/// What a write says in expressions or in what was there before them.
#[derive(Clone, Copy)]
pub struct WriteParameters<'i> {
    pub condition: Option<&'i String>,
    /// Whether the operation has updates at all.
    pub updates: bool,
    pub update: Option<&'i String>,
    pub attribute_updates: Option<&'i BTreeMap<String, AttributeValueUpdate>>,
    pub expected: Option<&'i BTreeMap<String, ExpectedAttributeValue>>,
    pub operator: Option<&'i Open<ConditionalOperator>>,
    pub names: &'i Names,
    pub values: Option<&'i Named>,
}

impl Default for WriteParameters<'_> {
    fn default() -> Self {
        Self {
            condition: None,
            updates: false,
            update: None,
            attribute_updates: None,
            expected: None,
            operator: None,
            names: &None,
            values: None,
        }
    }
}

/// A condition and an update, parsed.
#[derive(Clone, Default)]
pub struct Trees {
    pub condition: Option<Tree<Condition>>,
    pub update: Option<Tree<Update>>,
}

/// One of them.
pub enum Tree<T> {
    /// An expression.
    Expression(Arc<T>),
    /// What stands for one, with its values.
    Legacy(Arc<Literal<T>>),
}

impl<T> Clone for Tree<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Expression(tree) => Self::Expression(tree.clone()),
            Self::Legacy(tree) => Self::Legacy(tree.clone()),
        }
    }
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
    pub fn trees(&self, given: WriteParameters<'_>) -> Result<Trees, Error> {
        let condition = ("ConditionExpression", given.condition.is_some());
        let update = ("UpdateExpression", given.update.is_some());
        let checked = Given {
            expressions: if given.updates { &[update, condition] } else { &[condition] },
            projection: false,
            old: &[
                ("AttributeUpdates", given.attribute_updates.is_some()),
                ("Expected", given.expected.is_some()),
                ("ConditionalOperator", given.operator.is_some()),
            ],
            names: given.names.is_some(),
            values: given.values.is_some(),
        };
        checked.check().map_err(of_expression)?;
        self.parsed_trees(given).or_else(|error| {
            // What is wrong of names and values is said first.
            parameters(given.names, given.values)?;
            Err(error)
        })
    }

    /// The same of an operation that writes one item: there, what is wrong with expressions is counted. What is wrong
    /// with the parameters that are older than them is not.
    pub fn trees_of_one(&self, given: WriteParameters<'_>) -> Result<Trees, Error> {
        check_values(&given)?;
        let new = given.condition.is_some() || given.update.is_some() || given.values.is_some();
        self.trees(given).map_err(|error| if new { counted(error) } else { error })
    }

    /// The expressions of a write, and what stands for them.
    fn parsed_trees(&self, given: WriteParameters<'_>) -> Result<Trees, Error> {
        let update = given.update.map(|text| self.expressions.update(text)).transpose();
        let update = update.map_err(|reason| of_expression(reason.of(Parameter::UpdateExpression)))?;
        let old_update = legacy::updates(given.attribute_updates)?;
        let condition = self.condition(Parameter::ConditionExpression, given.condition)?;
        let old_condition = legacy::expected(given.expected, given.operator)?;
        Ok(Trees { condition: either(condition, old_condition), update: either(update, old_update) })
    }

    /// What a request asks for is not there yet.
    pub fn not_built(&self, of: &str, parameters: &[(&str, bool)]) -> Result<(), Error> {
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

/// Refuses values that are none. Of some it is said as of any attribute, of others by which name they go.
fn check_values(given: &WriteParameters<'_>) -> Result<(), Error> {
    let mut all = given.values.into_iter().flat_map(|values| &values.0);
    match all.find_map(|(_, value)| value.as_ref().err()) {
        Some(wrong) if is_counted(wrong) => Err(wrong_value(wrong.clone())),
        Some(_) => parameters(given.names, given.values).map(drop),
        None => Ok(()),
    }
}

/// A request has one or the other: both together were refused.
fn either<T>(expression: Option<Arc<T>>, legacy: Option<Literal<T>>) -> Option<Tree<T>> {
    match (expression, legacy) {
        (Some(tree), _) => Some(Tree::Expression(tree)),
        (None, legacy) => legacy.map(|tree| Tree::Legacy(Arc::new(tree))),
    }
}

impl Trees {
    /// Puts names and values in; every one has to be used.
    pub fn bind<'v>(&'v self, names: &'v Names, values: Option<&'v Named>) -> Result<BoundTrees<'v>, Error> {
        let mut parameters = parameters(names, values)?;
        let update = match &self.update {
            None => None,
            Some(Tree::Expression(tree)) => Some(parameters.update(tree.clone()).map_err(of_expression)?),
            Some(Tree::Legacy(tree)) => Some(tree.bound()),
        };
        let condition = match &self.condition {
            None => None,
            Some(Tree::Expression(tree)) => {
                let bound = parameters.condition(Parameter::ConditionExpression, tree.clone());
                Some(bound.map_err(of_expression)?)
            }
            Some(Tree::Legacy(tree)) => Some(tree.bound()),
        };
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
