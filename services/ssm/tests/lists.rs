//! Lists of parameters: by path, described, filtered, in pages; labels and tags.

#![allow(clippy::disallowed_methods)]

mod common;

use common::*;
use model_ssm::ops::*;
use model_ssm::types::*;
use testkit::Kit;

async fn tree() -> Kit {
    let kit = world();
    for name in ["top", "/a/1", "/a/2", "/a/b/1", "/a/b/c/1", "/a-b/1", "/ab/1"] {
        put(&kit, string(name, name)).await;
    }
    kit
}

#[tokio::test]
async fn paths() {
    let kit = tree().await;
    assert_eq!(by_path(&kit, path("/a", false)).await, ["/a/1", "/a/2"]);
    assert_eq!(by_path(&kit, path("/a/", true)).await, ["/a/1", "/a/2", "/a/b/1", "/a/b/c/1"]);
    assert_eq!(by_path(&kit, path("/a/b", false)).await, ["/a/b/1"]);
    assert_eq!(by_path(&kit, path("/", false)).await, ["top"]);
    assert_eq!(by_path(&kit, path("/", true)).await.len(), 7);
    assert!(by_path(&kit, path("/a/1", true)).await.is_empty());
    let page = kit.run(GetParametersByPath, path("/a", false)).await.unwrap();
    let first = &page.parameters.unwrap()[0];
    assert_eq!((first.value.as_deref(), &first.arn), (Some("/a/1"), &Some(arn("a/1"))));
    assert_eq!(page.next_token, None);
}

#[tokio::test]
async fn one_level_leaps_over_what_is_deeper() {
    let kit = world();
    for i in 0..200 {
        put(&kit, string(&format!("/r/deep/{i:03}"), "x")).await;
        put(&kit, string(&format!("/r/more/{i:03}/x"), "x")).await;
    }
    for name in ["/r/a", "/r/deep", "/r/k", "/r/z"] {
        put(&kit, string(name, "x")).await;
    }
    assert_eq!(by_path(&kit, path("/r", false)).await, ["/r/a", "/r/deep", "/r/k", "/r/z"]);
    assert_eq!(by_path(&kit, path("/", false)).await, [""; 0]);
}

#[tokio::test]
async fn pages() {
    let kit = world();
    for i in 0..25 {
        put(&kit, string(&format!("/p/{i:02}"), "x")).await;
    }
    let (mut all, mut sizes, mut token) = (Vec::new(), Vec::new(), None);
    loop {
        let input = GetParametersByPathInput { next_token: token, ..path("/p", false) };
        let page = kit.run(GetParametersByPath, input).await.unwrap();
        let parameters = page.parameters.unwrap();
        sizes.push(parameters.len());
        all.extend(parameters.into_iter().map(|parameter| parameter.name.unwrap()));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(all, (0..25).map(|i| format!("/p/{i:02}")).collect::<Vec<_>>());
    // A token belongs to its question.
    let first = GetParametersByPathInput { max_results: Some(1), ..path("/p", false) };
    let token = kit.run(GetParametersByPath, first).await.unwrap().next_token;
    assert!(token.is_some());
    let other = GetParametersByPathInput { next_token: token, ..path("/p", true) };
    refused_as(kit.run(GetParametersByPath, other).await, "InvalidNextToken");

    let (mut all, mut token) = (Vec::new(), None);
    for expected in [20, 5] {
        let input =
            DescribeParametersInput { max_results: Some(20), next_token: token, ..Default::default() };
        let page = kit.run(DescribeParameters, input).await.unwrap();
        let parameters = page.parameters.unwrap();
        assert_eq!(parameters.len(), expected);
        all.extend(parameters.into_iter().map(|parameter| parameter.name.unwrap()));
        token = page.next_token;
    }
    assert_eq!(token, None);
    assert!(all.is_sorted() && all.len() == 25);
}

/// A filter that finds nothing reads a bounded part at a time, and all parts together see everything.
#[tokio::test]
async fn short_pages() {
    let kit = world();
    let all = 5000;
    let mut tx = kit.deps().store.begin();
    put(&kit, string("/n/template", "x")).await;
    let (key, row) = everything(&kit).into_iter().find(|(key, _)| key.ends_with(b"template\0")).unwrap();
    for i in 0..all {
        let name = format!("n/{i:05}");
        let mut new = key[..key.len() - "n/template\0".len()].to_vec();
        new.extend_from_slice(name.as_bytes());
        new.push(0);
        tx.put(new, row.clone());
    }
    tx.commit().await.unwrap();
    let input = || DescribeParametersInput {
        parameter_filters: Some(vec![filter("Type", None, &["SecureString"])]),
        ..Default::default()
    };
    let first = kit.run(DescribeParameters, input()).await.unwrap();
    assert!(first.parameters.unwrap().is_empty());
    let next = DescribeParametersInput { next_token: Some(first.next_token.unwrap()), ..input() };
    let second = kit.run(DescribeParameters, next).await.unwrap();
    assert!(second.parameters.unwrap().is_empty() && second.next_token.is_none());
}

#[tokio::test]
async fn described() {
    let kit = world();
    let input = PutParameterInput {
        description: Some("what".into()),
        allowed_pattern: Some(".*".into()),
        key_id: Some("alias/mine".into()),
        ..secure("/d", "canary")
    };
    put(&kit, input).await;
    let output = kit.run(DescribeParameters, Default::default()).await.unwrap();
    assert!(!format!("{output:?}").contains("canary"));
    let found = output.parameters.unwrap().remove(0);
    assert_eq!((found.name.as_deref(), found.arn), (Some("/d"), Some(arn("d"))));
    assert_eq!(found.r#type.unwrap().as_str(), "SecureString");
    assert_eq!((found.key_id.as_deref(), found.version), (Some("alias/mine"), Some(1)));
    assert_eq!((found.description.as_deref(), found.allowed_pattern.as_deref()), (Some("what"), Some(".*")));
    assert_eq!((found.tier.unwrap().as_str(), found.data_type.as_deref()), ("Standard", Some("text")));
    assert_eq!(found.policies.unwrap().len(), 0);
    assert!(found.last_modified_user.unwrap().ends_with(":root"));
}

/// Key, option, values, and the names that are found.
type Case = (&'static str, Option<&'static str>, &'static [&'static str], &'static [&'static str]);

#[tokio::test]
async fn every_filter() {
    let kit = tree().await;
    let tagged = PutParameterInput {
        tags: Some(vec![tag("env", "prod"), tag("team", "")]),
        data_type: Some("integer".into()),
        ..string("/t/1", "1")
    };
    put(&kit, tagged).await;
    put(&kit, PutParameterInput { key_id: Some("alias/mine".into()), ..advanced(secure("/t/2", "x")) }).await;
    put(&kit, input("/t/3", ParameterType::StringList, "a,b")).await;
    let cases: &[Case] = &[
        ("Name", None, &["/a/1", "top"], &["/a/1", "top"]),
        ("Name", Some("Equals"), &["/top"], &["top"]),
        ("Name", Some("BeginsWith"), &["/a/b"], &["/a/b/1", "/a/b/c/1"]),
        ("Name", Some("BeginsWith"), &["t"], &["/t/1", "/t/2", "/t/3", "top"]),
        ("Name", Some("Contains"), &["b/c", "op"], &["/a/b/c/1", "top"]),
        ("Type", None, &["SecureString", "StringList"], &["/t/2", "/t/3"]),
        ("Type", Some("BeginsWith"), &["SecureString"], &["/t/2"]),
        ("KeyId", None, &["alias/mine"], &["/t/2"]),
        ("KeyId", Some("BeginsWith"), &["alias/"], &["/t/2"]),
        ("Tier", None, &["Advanced"], &["/t/2"]),
        ("DataType", None, &["integer"], &["/t/1"]),
        ("Path", None, &["/a"], &["/a/1", "/a/2"]),
        ("Path", Some("Recursive"), &["/a/b", "/t"], &["/a/b/1", "/a/b/c/1", "/t/1", "/t/2", "/t/3"]),
        ("Path", Some("OneLevel"), &["/"], &["top"]),
        ("tag:env", None, &["prod", "dev"], &["/t/1"]),
        ("tag:env", Some("BeginsWith"), &["pr"], &["/t/1"]),
        ("tag:team", None, &[], &["/t/1"]),
        ("tag:env", None, &["dev"], &[]),
    ];
    for (key, option, values, expected) in cases {
        assert_eq!(
            describe(&kit, &[filter(key, *option, values)]).await,
            *expected,
            "{key} {option:?} {values:?}"
        );
    }
    let both = [filter("Path", None, &["/t"]), filter("Type", None, &["String"])];
    assert_eq!(describe(&kit, &both).await, ["/t/1"]);

    let older = |key: ParametersFilterKey, values: &[&str]| DescribeParametersInput {
        filters: Some(vec![ParametersFilter {
            key: wire::Open::from(key).into(),
            values: texts(values).into(),
        }]),
        ..Default::default()
    };
    for (key, values, expected) in [
        (ParametersFilterKey::Name, &["/a/b"][..], &["/a/b/1", "/a/b/c/1"][..]),
        (ParametersFilterKey::Type, &["StringList"], &["/t/3"]),
        (ParametersFilterKey::KeyId, &["alias/mine"], &["/t/2"]),
    ] {
        let output = kit.run(DescribeParameters, older(key, values)).await.unwrap();
        let names: Vec<_> = output.parameters.unwrap().into_iter().map(|found| found.name.unwrap()).collect();
        assert_eq!(names, expected);
    }
    let shared = DescribeParametersInput { shared: Some(true), ..Default::default() };
    assert!(kit.run(DescribeParameters, shared).await.unwrap().parameters.unwrap().is_empty());

    let with = |key: &str, option: Option<&str>, values: &[&str]| GetParametersByPathInput {
        parameter_filters: Some(vec![filter(key, option, values)]),
        ..path("/t", true)
    };
    assert_eq!(by_path(&kit, with("Type", None, &["SecureString"])).await, ["/t/2"]);
    assert_eq!(by_path(&kit, with("Type", Some("BeginsWith"), &["String"])).await, ["/t/1", "/t/3"]);
    assert_eq!(by_path(&kit, with("KeyId", Some("BeginsWith"), &["alias"])).await, ["/t/2"]);
}

#[tokio::test]
async fn labels() {
    let kit = world();
    put(&kit, string("/l/x", "1")).await;
    put(&kit, over(string("/l/x", "2"))).await;
    put(&kit, string("/l/y", "y")).await;
    let output = label(&kit, "/l/x", Some(1), &["live", "1bad", "aws-bad", "b d"]).await.unwrap();
    assert_eq!(output.invalid_labels.unwrap(), ["1bad", "aws-bad", "b d"]);
    assert_eq!(output.parameter_version, Some(1));
    let labelled = get(&kit, "/l/x:live").await.unwrap();
    assert_eq!((labelled.value.as_deref(), labelled.version), (Some("1"), Some(1)));
    assert_eq!(labelled.selector.as_deref(), Some(":live"));
    assert_eq!(value(&kit, &format!("{}:live", arn("l/x"))).await, "1");
    refused(
        get(&kit, "/l/x:dead").await,
        "ParameterVersionNotFound",
        "Systems Manager could not find label dead of /l/x. Verify the label and try again.",
    );
    let input = || GetParametersByPathInput {
        parameter_filters: Some(vec![filter("Label", None, &["live", "other"])]),
        ..path("/l", true)
    };
    let found = kit.run(GetParametersByPath, input()).await.unwrap().parameters.unwrap();
    assert_eq!((found.len(), found[0].value.as_deref(), found[0].version), (1, Some("1"), Some(1)));

    let output = label(&kit, "/l/x", None, &["live"]).await.unwrap();
    assert_eq!(output.parameter_version, Some(2));
    assert_eq!(value(&kit, "/l/x:live").await, "2");
    let shown: Vec<_> =
        history(&kit, "/l/x").await.into_iter().map(|version| version.labels.unwrap()).collect();
    assert_eq!(shown, [vec![], vec!["live".to_owned()]]);

    let nine: Vec<String> = (0..9).map(|i| format!("l{i}")).collect();
    let nine: Vec<&str> = nine.iter().map(String::as_str).collect();
    label(&kit, "/l/x", None, &nine).await.unwrap();
    refused(
        label(&kit, "/l/x", None, &["more"]).await,
        "ParameterVersionLabelLimitExceeded",
        "A parameter version can have maximum 10 labels. Move one or more labels to another version and try again.",
    );
    refused(
        label(&kit, "/l/x", Some(9), &["more"]).await,
        "ParameterVersionNotFound",
        "Systems Manager could not find version 9 of /l/x. Verify the version and try again.",
    );
    refused_as(label(&kit, "/l/x", None, &["x".repeat(101).as_str()]).await, VALIDATION);

    let unlabel = async |version: i64, labels: &[&str]| {
        let input = UnlabelParameterVersionInput {
            name: "/l/x".into(),
            parameter_version: version.into(),
            labels: texts(labels).into(),
        };
        kit.run(UnlabelParameterVersion, input).await
    };
    let output = unlabel(1, &["live"]).await.unwrap();
    assert_eq!(
        (output.removed_labels.unwrap().len(), output.invalid_labels.unwrap()),
        (0, vec!["live".to_owned()])
    );
    let output = unlabel(2, &["live", "dead"]).await.unwrap();
    assert_eq!(
        (output.removed_labels.unwrap(), output.invalid_labels.unwrap()),
        (texts(&["live"]), texts(&["dead"]))
    );
    refused_as(get(&kit, "/l/x:live").await, "ParameterVersionNotFound");
    refused_as(unlabel(7, &["l1"]).await, "ParameterVersionNotFound");
    unlabel(2, &nine).await.unwrap();
    label(&kit, "/l/x", None, &["again"]).await.unwrap();
    delete(&kit, "/l/x").await.unwrap();
    put(&kit, string("/l/x", "new")).await;
    refused_as(get(&kit, "/l/x:again").await, "ParameterVersionNotFound");
}

#[tokio::test]
async fn tags() {
    let kit = world();
    put(&kit, PutParameterInput { tags: Some(vec![tag("a", "1"), tag("b", "2")]), ..string("/g", "x") })
        .await;
    let kind = || wire::Open::from(ResourceTypeForTagging::Parameter).into();
    let list = async || {
        let input = ListTagsForResourceInput { resource_type: kind(), resource_id: "/g".into() };
        let tags = kit.run(ListTagsForResource, input).await.unwrap().tag_list.unwrap();
        tags.into_iter().map(|t| format!("{}={}", *t.key, *t.value)).collect::<Vec<_>>()
    };
    assert_eq!(list().await, ["a=1", "b=2"]);
    let add = AddTagsToResourceInput {
        resource_type: kind(),
        resource_id: "g".into(),
        tags: vec![tag("b", "3"), tag("c", "")].into(),
    };
    kit.run(AddTagsToResource, add).await.unwrap();
    assert_eq!(list().await, ["a=1", "b=3", "c="]);
    let remove = RemoveTagsFromResourceInput {
        resource_type: kind(),
        resource_id: "/g".into(),
        tag_keys: texts(&["a", "none"]).into(),
    };
    kit.run(RemoveTagsFromResource, remove).await.unwrap();
    put(&kit, over(string("/g", "y"))).await;
    assert_eq!(list().await, ["b=3", "c="], "a new version keeps the tags");
}
