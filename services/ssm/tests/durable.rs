//! Restarts on a durable store: what was acknowledged is there, and what is sealed is sealed on the disk.

#![allow(clippy::disallowed_methods)]

mod common;

use std::path::Path;
use std::time::Duration;

use common::*;
use model_ssm::types::*;
use service::Deps;
use store::{Options, Store};
use testkit::Kit;

const CANARY: &str = "canary-77aa";

fn open(dir: &Path, before: &Deps) -> Kit {
    let store = Store::open(dir, Options::default()).unwrap();
    let deps = Deps { store, cloud: service::Cloud::default(), ..before.clone() };
    Kit::on(deps, |deps| vec![ssm::service(deps.clone()), small_kms(deps)])
}

async fn restart(dir: &Path, kit: Kit) -> Kit {
    let deps = kit.deps().clone();
    drop(kit);
    deps.store.clone().close();
    open(dir, &deps)
}

#[tokio::test]
async fn everything_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let kit = open(dir.path(), &testkit::deps());
    put(&kit, PutParameterInput { tags: Some(vec![tag("a", "b")]), ..string("/p", "1") }).await;
    put(&kit, over(string("/p", "2"))).await;
    label(&kit, "/p", Some(1), &["first"]).await.unwrap();
    put(&kit, secure("/s", CANARY)).await;
    put(&kit, advanced(secure("/e", CANARY))).await;
    let kit = restart(dir.path(), kit).await;
    assert_eq!(value(&kit, "/p").await, "2");
    assert_eq!(value(&kit, "/p:first").await, "1");
    assert_eq!((value(&kit, "/s").await, value(&kit, "/e").await), (CANARY.into(), CANARY.into()));
    assert_eq!(describe(&kit, &[filter("tag:a", None, &["b"])]).await, ["/p"]);
    assert_eq!(put(&kit, over(string("/p", "3"))).await, 3);
    drop(kit);
}

#[tokio::test]
async fn what_expired_meanwhile_is_swept_after_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let kit = open(dir.path(), &testkit::deps());
    let at = kit.deps().clock.now().plus(Duration::from_secs(60));
    let policy = format!(r#"[{{"Type":"Expiration","Version":"1.0","Attributes":{{"Timestamp":"{at}"}}}}]"#);
    put(&kit, PutParameterInput { policies: Some(policy), ..advanced(string("/x", "x")) }).await;
    let deps = kit.deps().clone();
    drop(kit);
    deps.store.clone().close();
    deps.clock.advance(Duration::from_secs(60));
    let kit = open(dir.path(), &deps);
    refused_as(get(&kit, "/x").await, "ParameterNotFound");
    until("it is swept", || rows(&kit) == 1).await;
}

#[tokio::test]
async fn nothing_lies_open_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let kit = open(dir.path(), &testkit::deps());
    put(&kit, secure("/s", CANARY)).await;
    put(&kit, advanced(secure("/e", CANARY))).await;
    put(&kit, string("/open", "in-plain-sight")).await;
    let deps = kit.deps().clone();
    drop(kit);
    deps.store.clone().close();
    let (mut files, mut seen) = (vec![dir.path().to_owned()], false);
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!holds(CANARY), "{}", path.display());
        seen |= holds("in-plain-sight");
    }
    assert!(seen, "the scan finds what lies open");
}
