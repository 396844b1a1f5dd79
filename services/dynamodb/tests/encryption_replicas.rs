//! Global tables under KMS keys: each replica has one of its own region.

mod common;

use common::sealed::*;
use common::*;
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use model_kms::ops::{CreateKey, DisableKey};
use model_kms::types::{CreateKeyInput, DisableKeyInput};
use testkit::Kit;

const AWAY: &str = "eu-west-1";

fn away(kit: &Kit) -> Call {
    Call { region: AWAY.to_owned(), ..kit.call() }
}

async fn key_away(kit: &Kit) -> String {
    let made = kit.run_as(away(kit), CreateKey, CreateKeyInput::default()).await.expect("a key");
    made.key_metadata.expect("metadata").arn.expect("an ARN")
}

async fn replicate(kit: &Kit, key: Option<&str>) -> Result<(), Error> {
    let create = CreateReplicationGroupMemberAction {
        region_name: AWAY.into(),
        kms_master_key_id: key.map(str::to_owned),
        ..Default::default()
    };
    let update = ReplicationGroupUpdate { create: Some(create), ..Default::default() };
    let input = UpdateTableInput {
        table_name: "things".into(),
        replica_updates: Some(vec![update]),
        ..Default::default()
    };
    kit.run(UpdateTable, input).await.map(|_| ())
}

async fn read_away(kit: &Kit) -> Result<Option<String>, Error> {
    let input =
        GetItemInput { table_name: "things".into(), key: given(&key_of("1")).into(), ..Default::default() };
    Ok(kit.run_as(away(kit), GetItem, input).await?.item.as_ref().map(json))
}

#[tokio::test]
async fn each_region_has_its_key() {
    let kit = sealed_kit();
    let (here, there) = (new_key(&kit).await, key_away(&kit).await);
    things(&kit, under(&here)).await;
    write(&kit, "1", "one").await;
    let missing =
        "One or more parameter values were invalid: KMSMasterKeyId must be specified for each replica.";
    assert_eq!(invalid(replicate(&kit, None).await), missing);
    let mixed = "One or more parameter values were invalid: All replica keys must either be Customer Managed CMK or AWS \
                 Managed CMK.";
    assert_eq!(invalid(replicate(&kit, Some("alias/aws/dynamodb")).await), mixed);
    let text = invalid(replicate(&kit, Some(&here)).await);
    assert!(text.contains("NotFoundException: Invalid arn"), "{text}");
    replicate(&kit, there.rsplit('/').next()).await.expect("a replica");
    let table = described(&kit, "things").await;
    let replica = &table.replicas.as_ref().expect("replicas")[0];
    assert_eq!(replica.kms_master_key_id.as_ref(), Some(&there));
    assert_eq!(key_arn(&table), Some(here.clone()));
    let input = DescribeTableInput { table_name: "things".into() };
    let replica =
        kit.run_as(away(&kit), DescribeTable, input).await.expect("described").table.expect("a table");
    assert_eq!(key_arn(&replica), Some(there.clone()));
    assert!(read_away(&kit).await.expect("read").expect("an item").contains(SECRET));
    let item = given(&secret("2", "two"));
    let input = PutItemInput { table_name: "things".into(), item: item.into(), ..Default::default() };
    kit.run_as(away(&kit), PutItem, input).await.expect("put");
    assert!(get(&kit, &key_of("2")).await.expect("an item").contains(SECRET));
    assert!(!is_found(&kit));
    // One key that cannot be used is of no concern to the other region.
    kit.run_as(away(&kit), DisableKey, DisableKeyInput { key_id: there.as_str().into() })
        .await
        .expect("disabled");
    kit.advance(2 * CACHED);
    assert!(invalid(read_away(&kit).await).starts_with("KMS key disabled error: "));
    write(&kit, "3", "three").await;
    // With the table the grants of both regions go.
    let input = DeleteTableInput { table_name: "things".into() };
    kit.run_as(away(&kit), DeleteTable, input).await.expect("deleted");
    assert_eq!(everything(&kit, "things", None).await.len(), 3);
}

#[tokio::test]
async fn the_account_s_keys_need_no_names() {
    let kit = sealed_kit();
    things(&kit, Some(SseSpecification { enabled: Some(true), ..Default::default() })).await;
    write(&kit, "1", "one").await;
    let mixed = "One or more parameter values were invalid: All replica keys must either be Customer Managed CMK or AWS \
                 Managed CMK.";
    let other = key_away(&kit).await;
    assert_eq!(invalid(replicate(&kit, Some(&other)).await), mixed);
    replicate(&kit, None).await.expect("a replica");
    let table = described(&kit, "things").await;
    let replica = &table.replicas.as_ref().expect("replicas")[0];
    assert!(replica.kms_master_key_id.as_ref().is_some_and(|key| key.contains(AWAY)));
    assert!(read_away(&kit).await.expect("read").is_some());
}
