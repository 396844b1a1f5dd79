//! What has a policy of its own: tables, and streams.

use bytes::Bytes;
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::{Resource, Target};
use store::{Record as _, Tx};

use super::{Named, by_arn};
use crate::dynamodb::DynamoDb;
use crate::error::{Failure, no_stream};
use crate::records::{self, Policy};
use crate::streams::Reached;

/// A table or stream that was looked up.
pub enum Governed {
    Table(Named),
    Stream(Reached),
}

/// What is stored of it.
pub enum Holder {
    Table(Box<records::Table>),
    Stream(records::Stream),
}

impl Governed {
    fn look_up(service: &DynamoDb, call: &Call, arn: &str) -> Result<Self, Error> {
        match Reached::look_up(&service.store, service.clock.now(), arn)? {
            Some(stream) => Ok(Self::Stream(stream)),
            None => by_arn(service, call, arn).map(Self::Table),
        }
    }

    /// As policies see it.
    pub fn target(&self) -> Target {
        match self {
            Self::Table(named) => named.target(None),
            Self::Stream(stream) => stream.target(),
        }
    }

    /// As errors name it.
    pub fn shown(&self) -> String {
        match self {
            Self::Table(named) => format!("table {}", named.name.name),
            Self::Stream(stream) => format!("stream {}", stream.arn.label),
        }
    }

    /// Its policy.
    ///
    /// # Errors
    /// `ResourceNotFoundException` when there is no such table or stream.
    pub fn policy(&self) -> Result<Option<&Policy>, Error> {
        match self {
            Self::Table(named) => Ok(named.described()?.record.policy.as_ref()),
            Self::Stream(Reached { arn, record, .. }) => {
                Ok(record.as_ref().ok_or_else(|| no_stream(arn))?.policy.as_ref())
            }
        }
    }

    /// Its row as a transaction sees it, to be changed.
    ///
    /// # Errors
    /// `ResourceNotFoundException` when there is no such table or stream.
    pub fn holder(&self, service: &DynamoDb, tx: &mut Tx) -> Result<(Bytes, Holder), Failure> {
        match self {
            Self::Table(named) => {
                let table = service.current(tx, named.described()?)?;
                Ok((table.row.clone(), Holder::Table(table.record.clone().into())))
            }
            Self::Stream(stream) => {
                let (row, gone) = (stream.arn.row(), || no_stream(&stream.arn));
                stream.record.as_ref().ok_or_else(gone)?;
                let found = tx.get(&row)?.ok_or_else(gone)?;
                Ok((row, Holder::Stream(records::Stream::decode(&found)?)))
            }
        }
    }
}

impl Holder {
    pub fn policy(&mut self) -> &mut Option<Policy> {
        match self {
            Self::Table(record) => &mut record.policy,
            Self::Stream(record) => &mut record.policy,
        }
    }

    pub fn encode(&self) -> Bytes {
        match self {
            Self::Table(record) => record.encode(),
            Self::Stream(record) => record.encode(),
        }
    }
}

/// Operations on a policy.
macro_rules! on_policy {
    ($($name:ident: $input:ty),* $(,)?) => {
        $(pub fn $name(service: &DynamoDb, call: &Call, input: &$input) -> Result<Resource<Governed>, Error> {
            let governed = Governed::look_up(service, call, &input.resource_arn)?;
            Ok(Resource::new(governed.target(), governed))
        })*
    };
}

on_policy! {
    delete_policy: DeleteResourcePolicyInput,
    get_policy: GetResourcePolicyInput,
    put_policy: PutResourcePolicyInput,
}
