//! Access keys, aliases and first credentials.

mod common;

use common::*;
use identity::keys;
use identity::records::AccessKey as Record;
use kernel::{Call, Principal};
use model_iam::ops::*;
use model_iam::types::*;
use store::Record as _;
use testkit::{ACCOUNT, Kit};

async fn create(kit: &Kit, user: Option<&str>) -> Result<AccessKey, model_iam::Error> {
    let input = CreateAccessKeyInput { user_name: user.map(str::to_owned) };
    kit.run(CreateAccessKey, input).await.map(|output| output.access_key.expect("a key"))
}

fn stored(kit: &Kit, id: &str) -> Option<Record> {
    let bytes = kit.deps().store.snapshot().get(&keys::access_key(id)).unwrap();
    bytes.map(|bytes| Record::decode(&bytes).unwrap())
}

#[tokio::test]
async fn a_secret_is_shown_once_and_kept_sealed() {
    let kit = kit();
    user(&kit, "bob").await;
    let made = create(&kit, Some("BOB")).await.unwrap();
    assert_eq!(made.user_name.as_deref(), Some("bob"));
    let (id, secret) = (made.access_key_id.clone().unwrap(), made.secret_access_key.clone().unwrap());
    assert!(id.starts_with("AKIA") && id.len() == 20 && secret.len() == 40);
    assert!(!format!("{made:?}").contains(&secret));
    let record = stored(&kit, &id).unwrap();
    assert!(record.active && record.user.as_deref() == Some("bob") && record.account == ACCOUNT);
    let sealed = &record.sealed_secret;
    assert!(!sealed.windows(secret.len()).any(|window| window == secret.as_bytes()));
    let opened = kit.deps().vault.open("iam.access-key", &id, sealed).unwrap();
    assert_eq!(&opened[..], secret.as_bytes());
    let list = ListAccessKeysInput { user_name: Some("bob".into()), ..Default::default() };
    let list = kit.run(ListAccessKeys, list).await.unwrap().access_key_metadata.unwrap();
    assert_eq!(list[0].access_key_id.as_deref(), Some(id.as_str()));
    assert_eq!(list[0].status.as_ref().unwrap().as_str(), "Active");
}

#[tokio::test]
async fn two_keys_and_no_more() {
    let kit = kit();
    user(&kit, "bob").await;
    let first = create(&kit, Some("bob")).await.unwrap().access_key_id.unwrap();
    create(&kit, Some("bob")).await.unwrap();
    let text = "Cannot exceed quota for AccessKeysPerUser: 2";
    refused(create(&kit, Some("bob")).await, LIMIT, text);
    refused(create(&kit, Some("eve")).await, ABSENT, "The user with name eve cannot be found.");
    let update = |id: &str, status: StatusType| UpdateAccessKeyInput {
        user_name: Some("bob".into()),
        access_key_id: id.into(),
        status: wire::Open::from(status).into(),
    };
    kit.run(UpdateAccessKey, update(&first, StatusType::Inactive)).await.unwrap();
    assert!(!stored(&kit, &first).unwrap().active);
    kit.run(UpdateAccessKey, update(&first, StatusType::Active)).await.unwrap();
    assert!(stored(&kit, &first).unwrap().active);
    assert_eq!(refusal(kit.run(UpdateAccessKey, update(&first, StatusType::Expired)).await).0, VALIDATION);
    let nobody = "AKIAAAAAAAAAAAAAAAAA";
    let text = format!("The Access Key with id {nobody} cannot be found.");
    refused(kit.run(UpdateAccessKey, update(nobody, StatusType::Active)).await, ABSENT, &text);
    // A key of somebody else is not found either.
    user(&kit, "eve").await;
    let delete = |user: &str, id: &str| DeleteAccessKeyInput {
        user_name: Some(user.into()),
        access_key_id: id.into(),
    };
    let text = format!("The Access Key with id {first} cannot be found.");
    refused(kit.run(DeleteAccessKey, delete("eve", &first)).await, ABSENT, &text);
    kit.run(DeleteAccessKey, delete("bob", &first)).await.unwrap();
    assert!(stored(&kit, &first).is_none());
    refused(kit.run(DeleteAccessKey, delete("bob", &first)).await, ABSENT, &text);
    create(&kit, Some("bob")).await.unwrap();
}

#[tokio::test]
async fn users_and_root_have_keys_of_their_own() {
    let kit = kit();
    user(&kit, "bob").await;
    let own =
        kit.run_as(by_user(&kit, "bob"), CreateAccessKey, CreateAccessKeyInput::default()).await.unwrap();
    assert_eq!(own.access_key.unwrap().user_name.as_deref(), Some("bob"));
    let root = create(&kit, None).await.unwrap();
    assert_eq!(root.user_name, None);
    let id = root.access_key_id.unwrap();
    assert_eq!(stored(&kit, &id).unwrap().user, None);
    let list = kit.run(ListAccessKeys, ListAccessKeysInput::default()).await.unwrap();
    assert_eq!(list.access_key_metadata.unwrap().len(), 1);
    let summary = kit.run(GetAccountSummary, GetAccountSummaryInput {}).await.unwrap().summary_map.unwrap();
    assert_eq!(summary["AccountAccessKeysPresent"], 1);
    let delete = DeleteAccessKeyInput { user_name: None, access_key_id: id.as_str().into() };
    kit.run(DeleteAccessKey, delete).await.unwrap();
    let text = "Must specify userName when calling with non-User credentials";
    let by_role = kit.run_as(by_role(&kit, "r"), CreateAccessKey, CreateAccessKeyInput::default()).await;
    refused(by_role, VALIDATION, text);
}

#[tokio::test]
async fn when_a_key_was_last_used() {
    let kit = kit();
    user(&kit, "bob").await;
    let id = create(&kit, Some("bob")).await.unwrap().access_key_id.unwrap();
    let last = async |id: &str| {
        kit.run(GetAccessKeyLastUsed, GetAccessKeyLastUsedInput { access_key_id: id.into() }).await
    };
    let never = last(&id).await.unwrap();
    assert_eq!(never.user_name.as_deref(), Some("bob"));
    let never = never.access_key_last_used.unwrap();
    assert_eq!((never.last_used_date, never.region.as_deref()), (None, Some("N/A")));
    let used = identity::records::AccessKeyUsed {
        used_ms: 1_750_000_000_000,
        service: "sqs".into(),
        region: "eu-west-1".into(),
    };
    let mut tx = kit.deps().store.begin();
    tx.put(keys::access_key_used(&id), used.encode());
    tx.commit().await.unwrap();
    let used = last(&id).await.unwrap().access_key_last_used.unwrap();
    assert_eq!(used.last_used_date, Some(kernel::Timestamp::from_secs(1_750_000_000)));
    assert_eq!((used.service_name.as_deref(), used.region.as_deref()), (Some("sqs"), Some("eu-west-1")));
    let text = "The Access Key with id AKIAAAAAAAAAAAAAAAAA cannot be found.";
    refused(last("AKIAAAAAAAAAAAAAAAAA").await, ABSENT, text);
}

#[tokio::test]
async fn aliases_are_one_accounts_only() {
    let kit = kit();
    let create = |alias: &str| CreateAccountAliasInput { account_alias: alias.into() };
    kit.run(CreateAccountAlias, create("acme")).await.unwrap();
    kit.run(CreateAccountAlias, create("acme")).await.unwrap();
    let list = async || {
        let list = kit.run(ListAccountAliases, ListAccountAliasesInput::default()).await.unwrap();
        list.account_aliases.unwrap()
    };
    assert_eq!(list().await, ["acme"]);
    let other = "999999999999";
    let call = Call { account: other.into(), principal: Principal::root(other, "test"), ..kit.call() };
    let text = "The account alias acme already exists.";
    refused(kit.run_as(call.clone(), CreateAccountAlias, create("acme")).await, TAKEN, text);
    kit.run(CreateAccountAlias, create("acme-inc")).await.unwrap();
    assert_eq!(list().await, ["acme-inc"]);
    kit.run_as(call, CreateAccountAlias, create("acme")).await.unwrap();
    let root = kit.run(GetUser, GetUserInput::default()).await.unwrap().user.unwrap();
    assert_eq!(root.user_name.as_deref(), Some("acme-inc"));
    let delete = |alias: &str| DeleteAccountAliasInput { account_alias: alias.into() };
    let text = "The account alias acme cannot be found.";
    refused(kit.run(DeleteAccountAlias, delete("acme")).await, ABSENT, text);
    kit.run(DeleteAccountAlias, delete("acme-inc")).await.unwrap();
    assert_eq!(list().await, [""; 0]);
    assert_eq!(refusal(kit.run(CreateAccountAlias, create("No")).await).0, VALIDATION);
}

#[tokio::test]
async fn the_first_administrator_is_made_once() {
    let kit = kit();
    let deps = kit.deps();
    let (store, vault, now) = (&deps.store, &deps.vault, deps.clock.now());
    let made = iam::bootstrap::administrator(store, vault, deps.ids, ACCOUNT, now).await.unwrap().unwrap();
    assert_eq!(made.user.as_deref(), Some("administrator"));
    let record = stored(&kit, &made.access_key_id).unwrap();
    let opened = vault.open("iam.access-key", &made.access_key_id, &record.sealed_secret).unwrap();
    assert_eq!(&opened[..], made.secret.as_bytes());
    let again = iam::bootstrap::administrator(store, vault, deps.ids, ACCOUNT, now).await.unwrap();
    assert!(again.is_none());
    let list = ListAttachedUserPoliciesInput { user_name: "administrator".into(), ..Default::default() };
    let attached = kit.run(ListAttachedUserPolicies, list).await.unwrap().attached_policies.unwrap();
    assert_eq!(attached[0].policy_arn.as_deref(), Some(ADMIN));
    iam::bootstrap::root_key(store, vault, deps.ids, ACCOUNT, now).await.unwrap();
    let second = iam::bootstrap::root_key(store, vault, deps.ids, ACCOUNT, now).await.unwrap();
    assert_eq!(stored(&kit, &second.access_key_id).unwrap().user, None);
    let third = iam::bootstrap::root_key(store, vault, deps.ids, ACCOUNT, now).await;
    refused(third, LIMIT, "Cannot exceed quota for AccessKeysPerUser: 2");
}
