//! Lists, filters and batches.

mod common;

use std::time::Duration;

use common::*;
use model_secretsmanager::ops::*;
use model_secretsmanager::types::*;
use testkit::Kit;
use wire::Open;

fn filter(key: FilterNameStringType, values: &[&str]) -> Filter {
    Filter { key: Some(Open::Known(key)), values: Some(values.iter().map(|v| (*v).to_owned()).collect()) }
}

async fn names(kit: &Kit, input: ListSecretsInput) -> Vec<String> {
    let output = kit.run(ListSecrets, input).await.unwrap();
    output.secret_list.unwrap().into_iter().map(|entry| entry.name.unwrap()).collect()
}

/// Five secrets, a second apart.
async fn five(kit: &Kit) {
    for name in ["app/b", "app/a", "web/c", "web/d", "other"] {
        let tags = vec![Tag { key: Some(format!("on-{name}")), value: Some("Yes".into()) }];
        let input = CreateSecretInput {
            tags: Some(tags),
            description: Some(format!("Of {name}")),
            ..new_secret(name, name)
        };
        kit.run(CreateSecret, input).await.unwrap();
        kit.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn lists_are_sorted_and_paged() {
    let kit = kit();
    five(&kit).await;
    assert_eq!(names(&kit, ListSecretsInput::default()).await, ["other", "web/d", "web/c", "app/a", "app/b"]);
    let by_name = ListSecretsInput {
        sort_by: Some(Open::Known(SortByType::Name)),
        sort_order: Some(Open::Known(SortOrderType::Asc)),
        max_results: Some(2),
        ..Default::default()
    };
    let (mut all, mut pages, mut next) = (Vec::new(), 0, None);
    loop {
        let output =
            kit.run(ListSecrets, ListSecretsInput { next_token: next, ..by_name.clone() }).await.unwrap();
        all.extend(output.secret_list.unwrap().into_iter().map(|entry| entry.name.unwrap()));
        (pages, next) = (pages + 1, output.next_token);
        if next.is_none() {
            break;
        }
    }
    assert_eq!((all.join(" "), pages), ("app/a app/b other web/c web/d".to_owned(), 3));
    put(&kit, "app/b", "new").await;
    let changed =
        ListSecretsInput { sort_by: Some(Open::Known(SortByType::LastChangedDate)), ..Default::default() };
    assert_eq!(names(&kit, changed).await[0], "app/b");
    let read =
        ListSecretsInput { sort_by: Some(Open::Known(SortByType::LastAccessedDate)), ..Default::default() };
    value(&kit, "web/c").await;
    assert_eq!(names(&kit, read).await[0], "web/c");
    for token in ["nonsense", "e30"] {
        let bad = ListSecretsInput { next_token: Some(token.into()), ..Default::default() };
        assert_eq!(told(kit.run(ListSecrets, bad).await).0, "InvalidNextTokenException");
    }
    let page = kit.run(ListSecrets, by_name.clone()).await.unwrap();
    let other = ListSecretsInput { sort_by: None, next_token: page.next_token, ..by_name };
    assert_eq!(told(kit.run(ListSecrets, other).await).0, "InvalidNextTokenException", "of another list");
    let zero = ListSecretsInput { max_results: Some(0), ..Default::default() };
    assert_eq!(told(kit.run(ListSecrets, zero).await).0, "ValidationException");
}

#[tokio::test]
async fn entries_show_the_secret_and_those_marked_only_on_request() {
    let kit = kit();
    five(&kit).await;
    kit.run(DeleteSecret, DeleteSecretInput { secret_id: "other".into(), ..Default::default() })
        .await
        .unwrap();
    assert_eq!(names(&kit, ListSecretsInput::default()).await.len(), 4);
    let all = ListSecretsInput { include_planned_deletion: Some(true), ..Default::default() };
    let output = kit.run(ListSecrets, all).await.unwrap().secret_list.unwrap();
    assert_eq!(output.len(), 5);
    assert!(output[0].deleted_date.is_some() && output[1].deleted_date.is_none());
    assert_eq!(
        output[0].secret_versions_to_stages.as_ref().unwrap().values().next().unwrap(),
        &["AWSCURRENT"]
    );
    assert_eq!(output[0].description.as_deref(), Some("Of other"));
    assert_eq!(output[0].tags.as_ref().unwrap()[0].key.as_deref(), Some("on-other"));
}

#[tokio::test]
async fn filters_choose() {
    let kit = kit();
    five(&kit).await;
    use FilterNameStringType::*;
    for (filters, expected) in [
        (vec![filter(Name, &["app/"])], "app/a app/b"),
        (vec![filter(Name, &["!app/"])], "other web/d web/c"),
        (vec![filter(Name, &["app/", "other"]), filter(TagKey, &["on-o"])], "other"),
        (vec![filter(Description, &["of WEB"])], "web/d web/c"),
        (vec![filter(TagValue, &["yes"])], ""),
        (vec![filter(All, &["yes web"])], "web/d web/c"),
        (vec![filter(OwningService, &["rds"])], ""),
    ] {
        let input = ListSecretsInput { filters: Some(filters), ..Default::default() };
        assert_eq!(names(&kit, input).await.join(" "), expected);
    }
    let unknown = Filter { key: Some(Open::Unknown("nothing".into())), values: Some(vec!["x".into()]) };
    let input = ListSecretsInput { filters: Some(vec![unknown]), ..Default::default() };
    assert_eq!(told(kit.run(ListSecrets, input).await).0, "ValidationException");
}

#[tokio::test]
async fn a_batch_answers_for_each_secret() {
    let kit = kit();
    five(&kit).await;
    let denied = create(&kit, "denied", "x").await.arn.unwrap();
    kit.run(CreateSecret, CreateSecretInput { name: "empty".into(), ..Default::default() }).await.unwrap();
    kit.deny(&denied);
    let ids = ["app/a", "none", "denied", "web/c", "empty"].map(str::to_owned).to_vec();
    let input = BatchGetSecretValueInput { secret_id_list: Some(ids), ..Default::default() };
    kit.asked();
    let output = kit.run(BatchGetSecretValue, input).await.unwrap();
    let values = output.secret_values.unwrap();
    assert_eq!(
        values.iter().map(|v| v.secret_string.as_deref().unwrap()).collect::<Vec<_>>(),
        ["app/a", "web/c"]
    );
    let errors: Vec<_> = output
        .errors
        .unwrap()
        .into_iter()
        .map(|e| (e.secret_id.unwrap(), e.error_code.unwrap(), e.message.unwrap()))
        .collect();
    assert_eq!(errors[0], ("none".into(), NOT_FOUND.into(), NO_SECRET.into()));
    assert_eq!((&*errors[1].0, &*errors[1].1), ("denied", "AccessDeniedException"));
    assert_eq!((&*errors[2].0, &*errors[2].1), ("empty", NOT_FOUND));
    let asked = kit.asked();
    let each = asked.iter().filter(|ask| ask.action == "secretsmanager:GetSecretValue").collect::<Vec<_>>();
    assert_eq!(each.len(), 5);
    assert!(each.iter().all(|ask| ask.call.called_via.is_empty()), "the caller reads them himself");
}

#[tokio::test]
async fn a_batch_by_filters_is_paged_and_needs_the_list() {
    let kit = kit();
    five(&kit).await;
    let input = BatchGetSecretValueInput {
        filters: Some(vec![filter(FilterNameStringType::Name, &["app/", "web/"])]),
        max_results: Some(3),
        ..Default::default()
    };
    kit.asked();
    let one = kit.run(BatchGetSecretValue, input.clone()).await.unwrap();
    assert!(kit.asked().iter().any(|ask| ask.action == "secretsmanager:ListSecrets"));
    let two = kit
        .run(BatchGetSecretValue, BatchGetSecretValueInput { next_token: one.next_token, ..input.clone() })
        .await
        .unwrap();
    let read = |output: Option<Vec<SecretValueEntry>>| {
        output.unwrap().into_iter().map(|v| v.secret_string.unwrap()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((&*read(one.secret_values), &*read(two.secret_values)), ("web/d web/c app/a", "app/b"));
    assert_eq!(two.next_token, None);
    let text = "Either 'SecretIdList' or 'Filters' must be provided, but not both.";
    let ids = Some(vec!["app/a".to_owned()]);
    for bad in [
        BatchGetSecretValueInput::default(),
        BatchGetSecretValueInput { secret_id_list: ids.clone(), ..input.clone() },
    ] {
        refused(kit.run(BatchGetSecretValue, bad).await, INVALID_PARAMETER, text);
    }
    let text = "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.";
    let counted = BatchGetSecretValueInput { secret_id_list: ids, filters: None, ..input.clone() };
    refused(kit.run(BatchGetSecretValue, counted).await, INVALID_PARAMETER, text);
    kit.deny("secretsmanager:ListSecrets");
    assert_eq!(told(kit.run(BatchGetSecretValue, input).await).0, "AccessDeniedException");
}
