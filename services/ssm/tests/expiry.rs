//! Parameter policies: what expires is gone.

#![allow(clippy::disallowed_methods)]

mod common;

use std::time::Duration;

use common::*;
use model_ssm::ops::*;
use model_ssm::types::*;
use testkit::Kit;

const HOUR: Duration = Duration::from_secs(3600);

fn expiring(kit: &Kit, after: Duration, input: PutParameterInput) -> PutParameterInput {
    let at = kit.deps().clock.now().plus(after);
    let policy = format!(r#"[{{"Type":"Expiration","Version":"1.0","Attributes":{{"Timestamp":"{at}"}}}}]"#);
    PutParameterInput { policies: Some(policy), ..advanced(input) }
}

#[tokio::test]
async fn what_expires_is_gone_and_swept() {
    let kit = world();
    put(&kit, expiring(&kit, HOUR, string("/x/1", "x"))).await;
    put(&kit, over(string("/x/1", "y"))).await;
    label(&kit, "/x/1", Some(1), &["old"]).await.unwrap();
    put(&kit, expiring(&kit, 3 * HOUR, secure("/x/2", "x"))).await;
    put(&kit, string("/x/3", "x")).await;
    let shown = history(&kit, "/x/1").await.remove(1).policies.unwrap();
    assert_eq!(shown[0].policy_type.as_deref(), Some("Expiration"));
    assert_eq!(shown[0].policy_status.as_deref(), Some("Pending"));
    kit.advance(HOUR - Duration::from_millis(1));
    assert_eq!(value(&kit, "/x/1").await, "y");
    kit.advance(Duration::from_millis(1));
    refused_as(get(&kit, "/x/1").await, "ParameterNotFound");
    refused_as(get(&kit, "/x/1:1").await, "ParameterNotFound");
    assert_eq!(by_path(&kit, path("/x", true)).await, ["/x/2", "/x/3"]);
    assert_eq!(describe(&kit, &[]).await, ["/x/2", "/x/3"]);
    refused_as(delete(&kit, "/x/1").await, "ParameterNotFound");
    refused_as(label(&kit, "/x/1", None, &["a"]).await, "ParameterNotFound");
    // Rows of 2 and 3, the expiry of 2, and two counters.
    until("the first is swept", || rows(&kit) == 5).await;
    kit.advance(2 * HOUR);
    refused_as(get(&kit, "/x/2").await, "ParameterNotFound");
    until("the second is swept", || rows(&kit) == 3).await;
    assert_eq!(value(&kit, "/x/3").await, "x");
}

#[tokio::test]
async fn many_at_once() {
    let kit = world();
    for i in 0..30 {
        put(&kit, expiring(&kit, HOUR, string(&format!("/m/{i}"), "x"))).await;
    }
    kit.advance(HOUR);
    until("all are swept", || rows(&kit) == 1).await;
}

#[tokio::test]
async fn policies_stay_until_others_come() {
    let kit = world();
    put(&kit, expiring(&kit, HOUR, string("/k", "x"))).await;
    let without = PutParameterInput { policies: Some("[{}]".into()), ..over(string("/k", "y")) };
    put(&kit, expiring(&kit, 2 * HOUR, over(string("/k", "x")))).await;
    kit.advance(HOUR);
    assert_eq!(value(&kit, "/k").await, "x");
    put(&kit, without).await;
    kit.advance(10 * HOUR);
    assert_eq!(value(&kit, "/k").await, "y");
    assert!(history(&kit, "/k").await.pop().unwrap().policies.unwrap().is_empty());
}

#[tokio::test]
async fn a_name_is_free_the_moment_its_parameter_expires() {
    // Nothing sweeps here: the rows are still there when the name is used again.
    let deps = testkit::deps();
    let service = ssm::service(deps.clone());
    drop(service.take_background());
    let kit = Kit::on(deps, |deps| vec![service, small_kms(deps)]);
    put(&kit, expiring(&kit, HOUR, string("/again", "old"))).await;
    put(&kit, over(string("/again", "older"))).await;
    kit.advance(HOUR);
    assert_eq!(put(&kit, secure("/again", "new")).await, 1);
    assert_eq!(value(&kit, "/again").await, "new");
    assert_eq!(history(&kit, "/again").await.len(), 1);
    // The new parameter, and the two counters.
    assert_eq!(rows(&kit), 3);
}

#[tokio::test]
async fn texts_of_policies() {
    let kit = world();
    let run = async |policies: &str| {
        let input = PutParameterInput { policies: Some(policies.into()), ..advanced(string("/p", "x")) };
        kit.run(PutParameter, input).await
    };
    refused(
        run(r#"[{"Type":"Deletion"}]"#).await,
        "InvalidPolicyTypeException",
        "The policy type Deletion is not supported. Parameter Store supports the following policy types: Expiration, \
         ExpirationNotification, and NoChangeNotification.",
    );
    refused_as(run(r#"[{"Type":"Expiration","Attributes":{}}]"#).await, "InvalidPolicyAttributeException");
    refused_as(
        run(r#"[{"Type":"ExpirationNotification","Attributes":{"Before":"1","Unit":"Days"}}]"#).await,
        "IncompatiblePolicyException",
    );
    let many = [r#"{"Type":"NoChangeNotification","Attributes":{"After":"1","Unit":"Days"}}"#; 11].join(",");
    refused_as(run(&format!("[{many}]")).await, "PoliciesLimitExceededException");
}
