//! The keys of replicas: what rows are sealed with is one key, closed in each region by a KMS key of that region.

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::CreateReplicationGroupMemberAction;

use crate::dynamodb::DynamoDb;
use crate::encryption::{Encryption, NewKey, Wanted};
use crate::error::wrong;
use crate::name::TableName;
use crate::table::Table;

/// The account's key for this service, as requests name it.
const MANAGED: &str = "alias/aws/dynamodb";

impl DynamoDb {
    /// The keys of replicas that are to be made, in their order; none of a table without one.
    pub(super) async fn replica_keys(
        &self,
        call: &Call,
        table: &Table,
        creates: &[&CreateReplicationGroupMemberAction],
    ) -> Result<Vec<Option<NewKey>>, Error> {
        let Some(encryption) = &table.record.encryption else {
            return Ok(creates.iter().map(|_| None).collect());
        };
        let ring = self.ring(call, table).await?;
        let mut keys = Vec::with_capacity(creates.len());
        for create in creates {
            let place = table.place.in_region(&create.region_name);
            let wanted = match &encryption.kms_key {
                None => Wanted::Own,
                Some(_) => Wanted::Kms(create.kms_master_key_id.clone()),
            };
            let name = TableName { place, name: table.name.clone() };
            match self.rings.close(call, &name, &wanted, ring.clone()).await {
                Ok(key) if key.managed == encryption.managed => keys.push(Some(key)),
                other => {
                    let error = match other {
                        Ok(key) => {
                            self.rings.drop_unused(&name.place, Some(key)).await;
                            mixed()
                        }
                        Err(refused) => refused.into(),
                    };
                    for (create, key) in creates.iter().zip(keys) {
                        self.rings.drop_unused(&table.place.in_region(&create.region_name), key).await;
                    }
                    return Err(error);
                }
            }
        }
        Ok(keys)
    }
}

/// Refuses keys that replicas of a table cannot have: they are all of the same kind, which is said by leaving the key out
/// only where it is the account's.
pub fn check(
    encryption: Option<&Encryption>,
    creates: &[&CreateReplicationGroupMemberAction],
) -> Result<(), Error> {
    let encryption = encryption.filter(|encryption| encryption.kms_key.is_some());
    for create in creates {
        let key = create.kms_master_key_id.as_deref();
        match encryption {
            None if key.is_some() => return Err(missing()),
            Some(encryption) if !encryption.managed && key.is_none() => return Err(missing()),
            Some(encryption) if !encryption.managed && key == Some(MANAGED) => return Err(mixed()),
            _ => {}
        }
    }
    Ok(())
}

/// What the real service says of any key where there can be none, too.
pub fn missing() -> Error {
    wrong("KMSMasterKeyId must be specified for each replica.")
}

fn mixed() -> Error {
    wrong("All replica keys must either be Customer Managed CMK or AWS Managed CMK.")
}
