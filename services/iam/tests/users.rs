//! Users.

mod common;

use common::*;
use model_iam::ops::*;
use model_iam::types::*;

#[tokio::test]
async fn a_user_is_made_once() {
    let kit = kit();
    let made = user(&kit, "Bob").await;
    assert_eq!(made.arn, Some(arn("user/Bob")));
    assert!(made.user_id.unwrap().starts_with("AIDA"));
    let again = CreateUserInput { user_name: "bob".into(), ..Default::default() };
    refused(kit.run(CreateUser, again).await, "EntityAlreadyExists", "User with name bob already exists.");
}
