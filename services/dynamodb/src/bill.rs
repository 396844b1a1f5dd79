//! What the writes of a transaction use of the capacity that is counted. A transaction that has to be repeated pays once: what its
//! earlier runs had paid comes back. One that is cancelled by what it asks pays for all its actions, as it does for a condition that
//! fails.

use store::Tx;

use crate::capacity::Units;
use crate::dynamodb::DynamoDb;
use crate::error::Failure;
use crate::table::Table;
use crate::throttle::{Spent, Throttle};

/// What one run of a transaction has paid. Nobody pays for the service's own writes.
#[derive(Default)]
pub struct Bill<'t> {
    throttle: Option<&'t Throttle>,
    /// Of each write a few, and of as many as a transaction holds.
    spent: Vec<Spent>,
}

impl<'t> Bill<'t> {
    /// What has to let the writes in.
    pub fn throttle(&self) -> Option<&'t Throttle> {
        self.throttle
    }

    /// Pays.
    pub fn pay(&mut self, table: &Table, units: &Units) {
        if let Some(throttle) = self.throttle {
            self.spent.extend(throttle.spend(table, units));
        }
    }

    /// Takes back what was paid.
    fn take_back(&mut self) {
        if let Some(throttle) = self.throttle {
            throttle.give_back(self.spent.drain(..));
        }
    }
}

impl DynamoDb {
    /// Runs a transaction whose writes are paid until it commits. `body` may run several times; its last run pays.
    pub async fn transact_paid<'s, T>(
        &'s self,
        mut body: impl FnMut(&mut Tx, &mut Bill<'s>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut bill = Bill { throttle: self.throttle.as_ref(), spent: Vec::new() };
        let done = self
            .store
            .transact(|tx| {
                bill.take_back();
                body(tx, &mut bill)
            })
            .await;
        if matches!(done, Err(Failure::Store(_))) {
            bill.take_back();
        }
        done
    }
}
