//! The tables of batches and transactions.

use attribute::Item;
use kernel::{Arn, Call};
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::{Resource, Target};

use super::{Named, good};
use crate::conditions::{Attributes, metering, selecting, within};
use crate::dynamodb::DynamoDb;
use crate::keys::SERVICE;
use crate::name::TableName;
use crate::request::Names;

/// A part of a batch or transaction: what it does to an item.
struct Touch<'i> {
    table: &'i str,
    /// The action, where it is not the operation's.
    action: Option<&'static str>,
    item: Option<&'i Item>,
    /// The attributes that it names.
    attributes: Attributes<'i>,
}

impl<'i> Touch<'i> {
    fn new(service: &'i DynamoDb, table: &'i str, names: &'i Names, item: Option<&'i Item>) -> Self {
        Self { table, action: None, item, attributes: Attributes::new(service, names).item(item) }
    }

    fn doing(mut self, action: &'static str) -> Self {
        self.action = Some(action);
        self
    }

    fn naming(mut self, more: impl FnOnce(Attributes<'i>) -> Attributes<'i>) -> Self {
        self.attributes = more(self.attributes);
        self
    }
}

/// A table of a batch or transaction, and all that is done to it by one action.
struct Touched<'i> {
    named: Named,
    action: Option<&'static str>,
    items: Vec<&'i Item>,
    attributes: Attributes<'i>,
}

/// The tables of a batch or transaction. `more` is what all of it says of itself to policies.
fn several<'i>(
    service: &DynamoDb,
    call: &Call,
    touches: impl IntoIterator<Item = Touch<'i>>,
    more: impl Fn(Target) -> Target,
) -> Result<Resource<Vec<Named>>, Error> {
    let mut all: Vec<Touched<'i>> = Vec::new();
    for Touch { table, action, item, attributes } in touches {
        let name = TableName::parse(call, table)?;
        match all.iter_mut().find(|known| known.named.name == name && known.action == action) {
            Some(known) => {
                known.items.extend(item);
                known.attributes.merge(attributes);
            }
            None => {
                let named = Named::look_up(service, call, table)?;
                all.push(Touched { named, action, items: item.into_iter().collect(), attributes });
            }
        }
    }
    let mut targets = Vec::with_capacity(all.len());
    let mut tables: Vec<Named> = Vec::new();
    for Touched { named, action, items, attributes } in all {
        let target = more(attributes.of(named.leading(named.target(None), items)));
        targets.push(match action {
            Some(action) => target.for_actions([action]),
            None => target,
        });
        if tables.iter().all(|known| known.name != named.name) {
            tables.push(named);
        }
    }
    let mut targets = targets.into_iter();
    let resource = match targets.next() {
        Some(first) => targets.fold(Resource::new(first, ()), |resource, target| resource.and(target)),
        None => Resource::new(Arn::aws(SERVICE, &call.region, &call.account, "*"), ()),
    };
    Ok(resource.map(|()| tables))
}

pub fn batch_get(
    service: &DynamoDb,
    call: &Call,
    input: &BatchGetItemInput,
) -> Result<Resource<Vec<Named>>, Error> {
    let touches = input.request_items.iter().flat_map(|(table, wanted)| {
        let touch = |key| Touch::new(service, table, &wanted.expression_attribute_names, key);
        let shown = touch(None).naming(|attributes| {
            let names = wanted.attributes_to_get.iter().flat_map(|names| names.iter());
            attributes.projection(wanted.projection_expression.as_ref()).named(names)
        });
        std::iter::once(shown).chain(wanted.keys.iter().map(move |key| touch(good(key))))
    });
    let all = |wanted: &KeysAndAttributes| {
        wanted.projection_expression.is_none() && wanted.attributes_to_get.is_none()
    };
    let is_specific = !input.request_items.values().any(all);
    several(service, call, touches, |target| {
        metering(selecting(target, None, is_specific, false), input.return_consumed_capacity.as_ref())
    })
}

pub fn batch_write(
    service: &DynamoDb,
    call: &Call,
    input: &BatchWriteItemInput,
) -> Result<Resource<Vec<Named>>, Error> {
    let touches = input.request_items.iter().flat_map(|(table, requests)| {
        let items = requests.iter().map(move |request| {
            let put = request.put_request.as_ref().and_then(|put| good(&put.item));
            let delete = request.delete_request.as_ref().and_then(|delete| good(&delete.key));
            Touch::new(service, table, &None, put.or(delete))
        });
        std::iter::once(Touch::new(service, table, &None, None)).chain(items)
    });
    several(service, call, touches, |target| metering(target, input.return_consumed_capacity.as_ref()))
}

pub fn transact_get(
    service: &DynamoDb,
    call: &Call,
    input: &TransactGetItemsInput,
) -> Result<Resource<Vec<Named>>, Error> {
    let touches = input.transact_items.iter().map(|item| {
        let get = &item.get;
        Touch::new(service, &get.table_name, &get.expression_attribute_names, good(&get.key))
            .naming(|attributes| attributes.projection(get.projection_expression.as_ref()))
    });
    let is_specific = input.transact_items.iter().all(|item| item.get.projection_expression.is_some());
    several(service, call, touches, |target| {
        let target = selecting(target, None, is_specific, false);
        within(metering(target, input.return_consumed_capacity.as_ref()), "TransactGetItems")
    })
}

pub fn transact_write(
    service: &DynamoDb,
    call: &Call,
    input: &TransactWriteItemsInput,
) -> Result<Resource<Vec<Named>>, Error> {
    let touches = input.transact_items.iter().flat_map(|item| {
        let check = item.condition_check.as_ref().map(|check| {
            Touch::new(service, &check.table_name, &check.expression_attribute_names, good(&check.key))
                .doing("dynamodb:ConditionCheckItem")
                .naming(|attributes| attributes.condition(Some(&check.condition_expression)))
        });
        let put = item.put.as_ref().map(|put| {
            Touch::new(service, &put.table_name, &put.expression_attribute_names, good(&put.item))
                .doing("dynamodb:PutItem")
                .naming(|attributes| attributes.condition(put.condition_expression.as_ref()))
        });
        let delete = item.delete.as_ref().map(|delete| {
            Touch::new(service, &delete.table_name, &delete.expression_attribute_names, good(&delete.key))
                .doing("dynamodb:DeleteItem")
                .naming(|attributes| attributes.condition(delete.condition_expression.as_ref()))
        });
        let update = item.update.as_ref().map(|update| {
            Touch::new(service, &update.table_name, &update.expression_attribute_names, good(&update.key))
                .doing("dynamodb:UpdateItem")
                .naming(|attributes| {
                    let attributes = attributes.condition(update.condition_expression.as_ref());
                    attributes.update(Some(&update.update_expression))
                })
        });
        [check, put, delete, update].into_iter().flatten()
    });
    several(service, call, touches, |target| {
        within(metering(target, input.return_consumed_capacity.as_ref()), "TransactWriteItems")
    })
}
