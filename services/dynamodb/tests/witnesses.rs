//! Witnesses of global tables that are `STRONG`: regions without a table, which come and go with the other replica.

mod common;

use common::*;
use common::{replica_made as create, replica_removed as delete};
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use testkit::Kit;
use wire::Open;

const HOME: &str = testkit::REGION;
const AWAY: &str = "us-west-2";
const WITNESS: &str = "us-east-2";

fn made(region: &str) -> Option<Vec<GlobalTableWitnessGroupUpdate>> {
    let create = CreateGlobalTableWitnessGroupMemberAction { region_name: region.into() };
    Some(vec![GlobalTableWitnessGroupUpdate { create: Some(create), delete: None }])
}

fn removed(region: &str) -> Option<Vec<GlobalTableWitnessGroupUpdate>> {
    let delete = DeleteGlobalTableWitnessGroupMemberAction { region_name: region.into() };
    Some(vec![GlobalTableWitnessGroupUpdate { create: None, delete: Some(delete) }])
}

/// What is asked of replicas and of a witness, with or without its being `STRONG`.
fn asked<const N: usize>(
    strong: bool,
    replicas: [ReplicationGroupUpdate; N],
    witness: Option<Vec<GlobalTableWitnessGroupUpdate>>,
) -> UpdateTableInput {
    UpdateTableInput {
        table_name: "things".into(),
        multi_region_consistency: strong.then(|| MultiRegionConsistency::Strong.into()),
        replica_updates: (N > 0).then(|| replicas.into()),
        global_table_witness_updates: witness,
        ..Default::default()
    }
}

async fn update(kit: &Kit, region: &str, input: UpdateTableInput) -> Result<TableDescription, Error> {
    Ok(run_in(kit, region, UpdateTable, input).await?.table_description.expect("a table"))
}

async fn describe(kit: &Kit, region: &str) -> Result<TableDescription, Error> {
    let input = DescribeTableInput { table_name: "things".into() };
    Ok(run_in(kit, region, DescribeTable, input).await?.table.expect("a table"))
}

/// The other replicas of a table, and its witnesses, that are there.
fn others(table: &TableDescription) -> (Vec<&str>, Vec<&str>) {
    let replicas = table.replicas.iter().flatten().map(|replica| {
        assert_eq!(replica.replica_status.as_ref().and_then(Open::known), Some(ReplicaStatus::Active));
        replica.region_name.as_deref().expect("a region")
    });
    let witnesses = table.global_table_witnesses.iter().flatten().map(|witness| {
        assert_eq!(witness.witness_status.as_ref().and_then(Open::known), Some(WitnessStatus::Active));
        witness.region_name.as_deref().expect("a region")
    });
    (replicas.collect(), witnesses.collect())
}

#[tokio::test]
async fn a_witness_comes_and_goes_with_a_replica_and_has_no_table() {
    let kit = kit();
    kit.run(CreateTable, table("things", "p", "p:S")).await.expect("a table");
    let answer = update(&kit, HOME, asked(true, [create(AWAY)], made(WITNESS))).await.expect("made");
    assert_eq!(answer.table_status.as_ref().and_then(Open::known), Some(TableStatus::Updating));
    assert_eq!(others(&answer), (vec![], vec![]), "as the real service shows it at first");
    for (region, other) in [(HOME, AWAY), (AWAY, HOME)] {
        let shown = describe(&kit, region).await.expect("described");
        assert_eq!(others(&shown), (vec![other], vec![WITNESS]));
        assert_eq!(shown.multi_region_consistency, Some(MultiRegionConsistency::Strong.into()));
    }
    put_into(&kit, "things", r#"{"p":{"S":"a"}}"#).await;
    let scanned = ScanInput { table_name: "things".into(), ..Default::default() };
    let found = run_in(&kit, AWAY, Scan, scanned.clone()).await.expect("scanned");
    assert_eq!(found.count, Some(1));
    assert!(matches!(describe(&kit, WITNESS).await, Err(Error::ResourceNotFoundException(_))));
    let listed = run_in(&kit, WITNESS, ListTables, ListTablesInput::default()).await.expect("listed");
    assert_eq!(listed.table_names, Some(Vec::new()));
    // A table of the name there has nothing to do with it.
    run_in(&kit, WITNESS, CreateTable, table("things", "p", "p:S")).await.expect("another table");
    assert_eq!(others(&describe(&kit, WITNESS).await.expect("described")), (vec![], vec![]));
    for (refused, part) in [
        (asked(false, [delete(AWAY)], None), "does not include all witnesses"),
        (asked(false, [delete(AWAY)], removed("eu-west-1")), "without these witnesses: [eu-west-1]"),
        (asked(true, [delete(AWAY)], removed(WITNESS)), "Only Replica Create actions are supported"),
        (asked(false, [create("eu-west-1")], None), "Cannot add replicas"),
        (asked(false, [], removed(WITNESS)), "At least one of"),
        (asked(true, [create("eu-west-1")], None), "Unsupported replica count"),
        (asked(true, [create("eu-west-1")], made("eu-west-2")), "unsupported on existing global table"),
    ] {
        let why = invalid(update(&kit, HOME, refused).await);
        assert!(why.contains(part), "{why} and not {part}");
    }
    let gone = DeleteTableInput { table_name: "things".into() };
    assert!(invalid(kit.run(DeleteTable, gone).await).contains("only one table replica"));
    let answer = update(&kit, HOME, asked(false, [delete(AWAY)], removed(WITNESS))).await.expect("ended");
    assert_eq!(others(&answer), (vec![AWAY], vec![WITNESS]));
    let alone = describe(&kit, HOME).await.expect("described");
    assert!(alone.replicas.is_none() && alone.global_table_witnesses.is_none());
    assert_eq!((alone.multi_region_consistency, alone.global_table_version), (None, None));
    assert!(matches!(describe(&kit, AWAY).await, Err(Error::ResourceNotFoundException(_))));
    assert!(describe(&kit, WITNESS).await.is_ok(), "the table that only has the name stays");
    assert_eq!(kit.run(Scan, scanned).await.expect("scanned").count, Some(1));
}

#[tokio::test]
async fn a_witness_that_cannot_be_is_refused() {
    let kit = kit();
    kit.run(CreateTable, table("things", "p", "p:S")).await.expect("a table");
    let both = GlobalTableWitnessGroupUpdate {
        create: Some(CreateGlobalTableWitnessGroupMemberAction { region_name: WITNESS.into() }),
        delete: Some(DeleteGlobalTableWitnessGroupMemberAction { region_name: WITNESS.into() }),
    };
    let more = UpdateTableInput {
        deletion_protection_enabled: Some(true),
        ..asked(true, [create(AWAY)], made(WITNESS))
    };
    let two = [made(WITNESS), made("eu-west-1")].into_iter().flatten().flatten().collect();
    for (refused, part) in [
        (asked(true, [create(AWAY)], None), "Unsupported replica count"),
        (asked(true, [create(AWAY), create("eu-west-1")], made(WITNESS)), "Unsupported replica count"),
        (asked(true, [], made(WITNESS)), "At least one of"),
        (asked(false, [create(AWAY)], made(WITNESS)), "must be set as STRONG"),
        (asked(true, [create(AWAY)], made(AWAY)), "Cannot target multiple regions"),
        (asked(true, [create(AWAY)], made(HOME)), "Cannot add a witness in the same region"),
        (asked(true, [create(AWAY)], made("us-west-1")), "Unsupported Region(s)"),
        (asked(true, [create("us-west-1")], made(WITNESS)), "Unsupported Region(s)"),
        (asked(true, [create(AWAY)], made("nowhere-1")), "Region nowhere-1 is not supported"),
        (asked(true, [create(AWAY)], Some(vec![both])), "more than one type"),
        (asked(true, [create(AWAY)], Some(vec![Default::default()])), "no actions specified"),
        (asked(true, [create(AWAY)], removed(WITNESS)), "Unsupported replica count"),
        (asked(true, [create(AWAY)], Some(two)), "globalTableWitnessUpdates"),
        (more, "Requests that modify replicas or witnesses must not also modify other fields"),
    ] {
        let why = invalid(update(&kit, HOME, refused).await);
        assert!(why.contains(part), "{why} and not {part}");
    }
    assert_eq!(others(&describe(&kit, HOME).await.expect("described")), (vec![], vec![]));
    update(&kit, HOME, asked(false, [create(AWAY)], None)).await.expect("a replica");
    let why = invalid(update(&kit, HOME, asked(false, [delete(AWAY)], removed(WITNESS))).await);
    assert!(why.contains("without these witnesses: [us-east-2]"), "{why}");
}

#[tokio::test]
async fn who_makes_a_witness_has_to_be_allowed_to_where_it_is() {
    let kit = kit();
    kit.run(CreateTable, table("things", "p", "p:S")).await.expect("a table");
    kit.deny("dynamodb:CreateGlobalTableWitness");
    let refused = update(&kit, HOME, asked(true, [create(AWAY)], made(WITNESS))).await;
    assert!(format!("{refused:?}").contains("AccessDenied"), "{:?}", refused.err());
    let ask = kit.asked().into_iter().find(|ask| ask.action == "dynamodb:CreateGlobalTableWitness");
    let arn = format!("arn:aws:dynamodb:{WITNESS}:{}:table/things", testkit::ACCOUNT);
    assert_eq!(ask.expect("asked").target.arn.as_str(), arn);
    assert_eq!(others(&describe(&kit, HOME).await.expect("described")), (vec![], vec![]));
}
