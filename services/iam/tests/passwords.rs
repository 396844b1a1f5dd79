//! Passwords of users and the account's rules for them.

mod common;

use std::time::Duration;

use common::*;
use model_iam::Error;
use model_iam::ops::*;
use model_iam::types::*;
use testkit::{ACCOUNT, Kit};

const GOOD: &str = "Correct-horse7";

async fn create(kit: &Kit, user: &str, password: &str) -> Result<LoginProfile, Error> {
    let input = CreateLoginProfileInput {
        user_name: Some(user.into()),
        password: Some(password.into()),
        password_reset_required: Some(true),
    };
    kit.run(CreateLoginProfile, input).await.map(|output| output.login_profile.expect("a profile"))
}

async fn get(kit: &Kit, user: &str) -> Result<LoginProfile, Error> {
    let input = GetLoginProfileInput { user_name: Some(user.into()) };
    kit.run(GetLoginProfile, input).await.map(|output| output.login_profile.expect("a profile"))
}

async fn update(kit: &Kit, user: &str, password: &str) -> Result<(), Error> {
    let input = UpdateLoginProfileInput {
        user_name: user.into(),
        password: Some(password.into()),
        password_reset_required: None,
    };
    kit.run(UpdateLoginProfile, input).await.map(drop)
}

async fn change(kit: &Kit, user: &str, old: &str, new: &str) -> Result<(), Error> {
    let input = ChangePasswordInput { old_password: old.into(), new_password: new.into() };
    kit.run_as(by_user(kit, user), ChangePassword, input).await.map(drop)
}

async fn rules(kit: &Kit, input: UpdateAccountPasswordPolicyInput) {
    kit.run(UpdateAccountPasswordPolicy, input).await.expect("rules");
}

#[tokio::test]
async fn a_password_from_beginning_to_end() {
    let kit = kit();
    refused(create(&kit, "ann", GOOD).await, "NoSuchEntity", "The user with name ann cannot be found.");
    user(&kit, "ann").await;
    let absent = "Login Profile for User ann cannot be found.";
    refused(get(&kit, "ann").await, "NoSuchEntity", absent);
    refused(update(&kit, "ann", GOOD).await, "NoSuchEntity", absent);
    let made = create(&kit, "ann", GOOD).await.unwrap();
    assert_eq!((made.user_name.as_deref(), made.password_reset_required), (Some("ann"), Some(true)));
    refused(
        create(&kit, "ann", GOOD).await,
        "EntityAlreadyExists",
        "Login Profile for user ann already exists.",
    );
    assert_eq!(get(&kit, "ann").await.unwrap().create_date, made.create_date);

    refused(
        change(&kit, "ann", "Wrong-horse7", "Other-horse8").await,
        "AccessDenied",
        "The old password was incorrect.",
    );
    change(&kit, "ann", GOOD, "Other-horse8").await.unwrap();
    assert_eq!(get(&kit, "ann").await.unwrap().password_reset_required, Some(false));
    assert!(change(&kit, "ann", GOOD, "Third-horse9").await.is_err());
    update(&kit, "ann", "Third-horse9").await.unwrap();
    change(&kit, "ann", "Third-horse9", GOOD).await.unwrap();

    let input = DeleteUserInput { user_name: "ann".into() };
    refused(
        kit.run(DeleteUser, input).await,
        "DeleteConflict",
        "Cannot delete entity, must delete login profile first.",
    );
    let input = DeleteLoginProfileInput { user_name: Some("ann".into()) };
    kit.run(DeleteLoginProfile, input).await.unwrap();
    let input = DeleteLoginProfileInput { user_name: Some("ann".into()) };
    refused(kit.run(DeleteLoginProfile, input).await, "NoSuchEntity", absent);
}

#[tokio::test]
async fn only_users_change_their_password() {
    let kit = kit();
    let input = || ChangePasswordInput { old_password: GOOD.into(), new_password: GOOD.into() };
    let text = "Only IAM Users can change their own password";
    refused(kit.run(ChangePassword, input()).await, "InvalidUserType", text);
    role(&kit, "worker").await;
    refused(kit.run_as(by_role(&kit, "worker"), ChangePassword, input()).await, "InvalidUserType", text);
}

#[tokio::test]
async fn the_rules_of_the_account() {
    let kit = kit();
    user(&kit, "ann").await;
    let absent = format!("The Password Policy with domain name {ACCOUNT} cannot be found.");
    refused(kit.run(GetAccountPasswordPolicy, Default::default()).await, "NoSuchEntity", &absent);
    refused(kit.run(DeleteAccountPasswordPolicy, Default::default()).await, "NoSuchEntity", &absent);

    rules(&kit, Default::default()).await;
    let shown = kit.run(GetAccountPasswordPolicy, Default::default()).await.unwrap().password_policy.unwrap();
    assert_eq!((shown.minimum_password_length, shown.expire_passwords), (Some(6), Some(false)));
    assert_eq!((shown.require_symbols, shown.max_password_age), (Some(false), None));

    let input = UpdateAccountPasswordPolicyInput {
        minimum_password_length: Some(10),
        require_numbers: Some(true),
        max_password_age: Some(30),
        ..Default::default()
    };
    rules(&kit, input).await;
    let shown = kit.run(GetAccountPasswordPolicy, Default::default()).await.unwrap().password_policy.unwrap();
    assert_eq!((shown.max_password_age, shown.expire_passwords), (Some(30), Some(true)));
    let code = "PasswordPolicyViolation";
    refused(create(&kit, "ann", "short1").await, code, "Password should have a minimum length of 10");
    refused(create(&kit, "ann", "long-enough").await, code, "Password should have at least one number");
    create(&kit, "ann", "long-enough1").await.unwrap();
    refused(update(&kit, "ann", "short1").await, code, "Password should have a minimum length of 10");

    kit.run(DeleteAccountPasswordPolicy, Default::default()).await.unwrap();
    // The rules that hold everywhere want three kinds of character.
    assert_eq!(refusal(update(&kit, "ann", "longenough1").await).0, code);
    let wrong = UpdateAccountPasswordPolicyInput { minimum_password_length: Some(5), ..Default::default() };
    assert_eq!(refusal(kit.run(UpdateAccountPasswordPolicy, wrong).await).0, "ValidationError");
}

#[tokio::test]
async fn passwords_are_not_used_again() {
    let kit = kit();
    user(&kit, "ann").await;
    let input = UpdateAccountPasswordPolicyInput { password_reuse_prevention: Some(2), ..Default::default() };
    rules(&kit, input).await;
    create(&kit, "ann", "first-1").await.unwrap();
    change(&kit, "ann", "first-1", "second-2").await.unwrap();
    for used in ["first-1", "second-2"] {
        assert_eq!(refusal(change(&kit, "ann", "second-2", used).await).0, "PasswordPolicyViolation");
    }
    change(&kit, "ann", "second-2", "third-3").await.unwrap();
    change(&kit, "ann", "third-3", "first-1").await.unwrap();
}

#[tokio::test]
async fn hard_expiry_ends_changing() {
    let kit = kit();
    user(&kit, "ann").await;
    let input = UpdateAccountPasswordPolicyInput {
        max_password_age: Some(1),
        hard_expiry: Some(true),
        ..Default::default()
    };
    rules(&kit, input).await;
    create(&kit, "ann", "first-1").await.unwrap();
    kit.advance(Duration::from_secs(86_399));
    change(&kit, "ann", "first-1", "second-2").await.unwrap();
    kit.advance(Duration::from_secs(86_400));
    assert_eq!(refusal(change(&kit, "ann", "second-2", "third-3").await).0, "AccessDenied");
    update(&kit, "ann", "third-3").await.unwrap();
    change(&kit, "ann", "third-3", "fourth-4").await.unwrap();
}

#[tokio::test]
async fn the_account_may_let_users_change_theirs() {
    let kit = kit();
    user(&kit, "ann").await;
    create(&kit, "ann", GOOD).await.unwrap();
    kit.asked();
    change(&kit, "ann", GOOD, "Other-horse8").await.unwrap();
    let asked = kit.asked().pop().unwrap();
    assert_eq!(
        (asked.action.as_str(), asked.target.arn.to_string()),
        ("iam:ChangePassword", arn("user/ann"))
    );
    assert!(asked.target.policy.is_none());
    let input =
        UpdateAccountPasswordPolicyInput { allow_users_to_change_password: Some(true), ..Default::default() };
    rules(&kit, input).await;
    kit.asked();
    change(&kit, "ann", "Other-horse8", GOOD).await.unwrap();
    let Some(service::ResourcePolicy::Document(document)) = kit.asked().pop().unwrap().target.policy else {
        panic!("no policy")
    };
    let parsed = policy::Policy::parse(document.as_bytes(), policy::PolicyKind::Resource).unwrap();
    assert_eq!(parsed.statements()[0].actions().collect::<Vec<_>>(), ["iam:ChangePassword"]);
    kit.deny("iam:ChangePassword");
    assert_eq!(refusal(change(&kit, "ann", GOOD, "Other-horse8").await).0, "AccessDenied");
}
