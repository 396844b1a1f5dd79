//! What is refused, and in which words.

#![allow(clippy::disallowed_methods)]

mod common;

use common::*;
use model_ssm::ops::*;
use model_ssm::types::*;
use wire::TextSlot as _;

const BAD_NAME: &str = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can \
                        consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, \
                        numbers and the following 3 symbols .-_";

#[tokio::test]
async fn names() {
    let kit = world();
    let put = async |name: &str| kit.run(PutParameter, string(name, "x")).await;
    refused(put("/a b").await, VALIDATION, BAD_NAME);
    refused(put("/ssm/x").await, VALIDATION, BAD_NAME);
    refused(put("a/b").await, VALIDATION, "Parameter name must be a fully qualified name.");
    refused(
        put("aws-x").await,
        VALIDATION,
        "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).",
    );
    refused(put("/aws/x").await, "AccessDeniedException", "No access to reserved parameter name: /aws/x.");
    refused_as(put(&"/a".repeat(16)).await, "HierarchyLevelLimitExceededException");
    refused_as(put(&"x".repeat(1000)).await, VALIDATION);
    refused_as(put(&"x".repeat(2049)).await, VALIDATION);
    refused(put(&arn("a")).await, VALIDATION, "Parameter name must be a fully qualified name.");
    refused(get(&kit, "/a b").await, VALIDATION, BAD_NAME);
    refused(get(&kit, "a/b").await, VALIDATION, BAD_NAME);
    refused(delete(&kit, &arn("a")).await, VALIDATION, BAD_NAME);
    refused(delete(&kit, "/none").await, "ParameterNotFound", "");
    refused_as(label(&kit, "/none", None, &["a"]).await, "ParameterNotFound");
    refused_as(label(&kit, "/none:1", None, &["a"]).await, VALIDATION);
}

#[tokio::test]
async fn puts() {
    let kit = world();
    let run = async |input: PutParameterInput| kit.run(PutParameter, input).await;
    refused(
        run(PutParameterInput { r#type: None, ..string("/a", "x") }).await,
        VALIDATION,
        "A parameter type is required when you create a parameter.",
    );
    let mut strange = string("/a", "x");
    strange.r#type.as_mut().unwrap().set("Text".into());
    refused(
        run(strange).await,
        VALIDATION,
        "1 validation error detected: Value 'Text' at 'type' failed to satisfy constraint: Member must satisfy enum value \
         set: [String, StringList, SecureString]",
    );
    refused(
        run(string("/a", "")).await,
        VALIDATION,
        "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater \
         than or equal to 1.",
    );
    refused(
        run(string("/a", "{{ssm:other}}")).await,
        VALIDATION,
        "Parameter value: can't nest another parameter. Do not use \"{{}}\" in the value.",
    );
    refused(
        run(PutParameterInput { tags: Some(vec![tag("a", "b")]), ..over(string("/a", "x")) }).await,
        VALIDATION,
        "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove \
         overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
         RemoveTagsFromResource.",
    );
    refused(
        run(PutParameterInput { data_type: Some("number".into()), ..string("/a", "x") }).await,
        VALIDATION,
        "The following data type is not supported: number (Data type names are all lowercase.)",
    );
    refused(
        run(PutParameterInput { key_id: Some("alias/mine".into()), ..string("/a", "x") }).await,
        VALIDATION,
        "KeyId is required for SecureString type parameter only.",
    );
    refused(
        run(PutParameterInput { allowed_pattern: Some(r"^\d+$".into()), ..string("/a", "x") }).await,
        "ParameterPatternMismatchException",
        r"Parameter value, cannot be validated against allowedPattern: ^\d+$",
    );
    refused_as(
        run(PutParameterInput { allowed_pattern: Some("(".into()), ..string("/a", "x") }).await,
        "InvalidAllowedPatternException",
    );
    put(&kit, string("/a", "x")).await;
    refused(
        run(string("/a", "x")).await,
        "ParameterAlreadyExists",
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    );
    refused_as(run(over(secure("/a", "x"))).await, "HierarchyTypeMismatchException");
    refused_as(
        run(PutParameterInput {
            data_type: Some("aws:ec2:image".into()),
            ..over(string("/a", "ami-12345678"))
        })
        .await,
        VALIDATION,
    );
    let policy =
        r#"[{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"1","Unit":"Days"}}]"#;
    refused_as(
        run(PutParameterInput { policies: Some(policy.into()), ..string("/p", "x") }).await,
        VALIDATION,
    );
    refused(
        run(PutParameterInput { policies: Some("{}".into()), ..advanced(string("/p", "x")) }).await,
        VALIDATION,
        "Invalid policies input: {}.",
    );
    let many = (0..51).map(|i| tag(&format!("k{i}"), "v")).collect();
    refused_as(run(PutParameterInput { tags: Some(many), ..string("/t", "x") }).await, "TooManyTagsError");
    refused_as(
        run(PutParameterInput { tags: Some(vec![tag("AWS:x", "v")]), ..string("/t", "x") }).await,
        VALIDATION,
    );
    assert_eq!(describe(&kit, &[]).await, ["/a"], "nothing else was made");
}

#[tokio::test]
async fn filters() {
    let kit = world();
    let describe = async |filters: Vec<ParameterStringFilter>| {
        let input = DescribeParametersInput { parameter_filters: Some(filters), ..Default::default() };
        kit.run(DescribeParameters, input).await
    };
    let key = "InvalidFilterKey";
    refused(
        describe(vec![filter("Label", None, &["x"])]).await,
        key,
        "The following filter key is not valid: Label. Valid filter keys include: [Path, Name, Type, KeyId, Tier].",
    );
    refused(
        describe(vec![filter("Name", None, &["x"]), filter("Name", None, &["y"])]).await,
        key,
        "The following filter is duplicated in the request: Name. A request can contain only one occurrence of a \
         specific filter.",
    );
    refused(
        describe(vec![filter("Name", None, &[])]).await,
        "InvalidFilterValue",
        "The following filter values are missing : null for filter key Name.",
    );
    let option = "InvalidFilterOption";
    refused(
        describe(vec![filter("Name", Some("Like"), &["x"])]).await,
        option,
        "The following filter option is not valid: Like. Valid options include: [BeginsWith, Equals].",
    );
    refused_as(describe(vec![filter("Type", Some("Contains"), &["String"])]).await, option);
    refused(
        describe(vec![filter("Path", Some("Equals"), &["/x"])]).await,
        option,
        "The following filter option is not valid: Equals. Valid options include: [Recursive, OneLevel].",
    );
    refused(
        describe(vec![filter("Type", None, &["Text"])]).await,
        option,
        "The following filter value is not valid: Text. Valid values include: [String, StringList, SecureString].",
    );
    refused(
        describe(vec![filter("Tier", None, &["Best"])]).await,
        option,
        "The following filter value is not valid: Best. Valid values include: [Standard, Advanced, \
         Intelligent-Tiering].",
    );
    refused(
        describe(vec![filter("Path", None, &["/aws/x"])]).await,
        VALIDATION,
        "Filters for common parameters can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). When using global \
         parameters, please specify within a global namespace.",
    );
    let (code, text) = refusal(describe(vec![filter("Path", None, &["x"])]).await);
    assert_eq!(code, VALIDATION);
    assert!(text.starts_with("The parameter doesn't meet the parameter name requirements."), "{text}");
    let (code, text) = refusal(describe(vec![filter("Colour", None, &["x"])]).await);
    assert_eq!(code, VALIDATION);
    assert!(text.contains("'parameterFilters.1.member.key' failed to satisfy constraint"), "{text}");
    let older = ParametersFilter {
        key: wire::Open::from(ParametersFilterKey::Name).into(),
        values: texts(&["x"]).into(),
    };
    let both = DescribeParametersInput {
        filters: Some(vec![older]),
        parameter_filters: Some(vec![filter("Name", None, &["x"])]),
        ..Default::default()
    };
    refused(
        kit.run(DescribeParameters, both).await,
        VALIDATION,
        "You can use either Filters or ParameterFilters in a single request.",
    );

    let by_path = async |filter: ParameterStringFilter| {
        let input = GetParametersByPathInput { parameter_filters: Some(vec![filter]), ..path("/", true) };
        kit.run(GetParametersByPath, input).await
    };
    for name in ["Name", "Path", "Tier", "DataType", "tag:x"] {
        refused(
            by_path(filter(name, None, &["/x"])).await,
            key,
            &format!(
                "The following filter key is not valid: {name}. Valid filter keys include: [Type, KeyId]."
            ),
        );
    }
    refused_as(by_path(filter("Label", Some("BeginsWith"), &["x"])).await, option);
}

#[tokio::test]
async fn pages() {
    let kit = world();
    let token = Some("made up".to_owned());
    refused_as(
        kit.run(
            DescribeParameters,
            DescribeParametersInput { next_token: token.clone(), ..Default::default() },
        )
        .await,
        "InvalidNextToken",
    );
    refused_as(
        kit.run(
            GetParametersByPath,
            GetParametersByPathInput { next_token: token.clone(), ..path("/", true) },
        )
        .await,
        "InvalidNextToken",
    );
    put(&kit, string("/a", "x")).await;
    let history =
        |max| GetParameterHistoryInput { name: "/a".into(), max_results: Some(max), ..Default::default() };
    refused_as(
        kit.run(GetParameterHistory, GetParameterHistoryInput { next_token: token, ..history(1) }).await,
        "InvalidNextToken",
    );
    refused(
        kit.run(GetParameterHistory, history(51)).await,
        VALIDATION,
        "1 validation error detected: Value '51' at 'maxResults' failed to satisfy constraint: Member must have value \
         less than or equal to 50",
    );
    let by_path = GetParametersByPathInput { max_results: Some(11), ..path("/", true) };
    refused_as(kit.run(GetParametersByPath, by_path).await, VALIDATION);
    let (code, text) = refusal(kit.run(GetParametersByPath, path("a", true)).await);
    assert_eq!(code, VALIDATION);
    assert!(text.starts_with("The parameter doesn't meet the parameter name requirements."), "{text}");
    let eleven: Vec<String> = (0..11).map(|i| format!("/{i}")).collect();
    let input = GetParametersInput { names: eleven.into(), with_decryption: None };
    refused_as(kit.run(GetParameters, input).await, VALIDATION);
}

#[tokio::test]
async fn tags() {
    let kit = world();
    put(&kit, string("/a", "x")).await;
    let add = async |kind: ResourceTypeForTagging, id: &str, tags: Vec<Tag>| {
        let input = AddTagsToResourceInput {
            resource_type: wire::Open::from(kind).into(),
            resource_id: id.into(),
            tags: tags.into(),
        };
        kit.run(AddTagsToResource, input).await
    };
    let parameter = ResourceTypeForTagging::Parameter;
    let gone = "The resource ID is not valid. Verify that you entered the correct ID and try again.";
    refused(add(parameter, "/none", vec![tag("a", "b")]).await, "InvalidResourceId", gone);
    refused(add(parameter, "a/b c", vec![tag("a", "b")]).await, "InvalidResourceId", gone);
    for kind in [ResourceTypeForTagging::Document, ResourceTypeForTagging::OpsItem] {
        refused(add(kind, "/a", vec![tag("a", "b")]).await, "InvalidResourceId", gone);
    }
    refused(
        add(parameter, "/a", vec![tag("aws:a", "b")]).await,
        VALIDATION,
        "aws: prefixed tag key names are not allowed for external use.",
    );
    add(parameter, "/a", (0..40).map(|i| tag(&format!("k{i}"), "v")).collect()).await.unwrap();
    let more = (30..51).map(|i| tag(&format!("k{i}"), "v")).collect();
    refused_as(add(parameter, "/a", more).await, "TooManyTagsError");
    let list = ListTagsForResourceInput {
        resource_type: wire::Open::from(parameter).into(),
        resource_id: "/none".into(),
    };
    refused_as(kit.run(ListTagsForResource, list).await, "InvalidResourceId");
    let remove = RemoveTagsFromResourceInput {
        resource_type: wire::Open::from(parameter).into(),
        resource_id: "/none".into(),
        tag_keys: texts(&["a"]).into(),
    };
    refused_as(kit.run(RemoveTagsFromResource, remove).await, "InvalidResourceId");
}
