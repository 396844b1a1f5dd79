//! Putting, getting and deleting parameters, and their versions.

#![allow(clippy::disallowed_methods)]

mod common;

use common::*;
use model_ssm::ops::*;
use model_ssm::types::*;
use testkit::{ACCOUNT, REGION};

#[tokio::test]
async fn a_parameter_comes_back() {
    let kit = world();
    let output = kit.run(PutParameter, string("/app/db/host", "db.local")).await.unwrap();
    assert_eq!((output.version, output.tier.unwrap().as_str()), (Some(1), "Standard"));
    let parameter = get(&kit, "/app/db/host").await.unwrap();
    assert_eq!(parameter.name.as_deref(), Some("/app/db/host"));
    assert_eq!(parameter.value.as_deref(), Some("db.local"));
    assert_eq!(
        (kind(&parameter), parameter.version, parameter.selector.as_deref()),
        ("String", Some(1), None)
    );
    assert_eq!(parameter.arn, Some(arn("app/db/host")));
    assert_eq!(parameter.data_type.as_deref(), Some("text"));
    assert_eq!(parameter.last_modified_date, Some(kit.deps().clock.now()));
}

#[tokio::test]
async fn the_leading_slash_makes_no_difference() {
    let kit = world();
    put(&kit, string("plain", "1")).await;
    assert_eq!(get(&kit, "/plain").await.unwrap().name.as_deref(), Some("plain"));
    refused_as(kit.run(PutParameter, string("/plain", "2")).await, "ParameterAlreadyExists");
    assert_eq!(put(&kit, over(string(" /plain ", "2"))).await, 2);
    assert_eq!(value(&kit, "plain").await, "2");
    delete(&kit, "/plain").await.unwrap();
    refused(get(&kit, "plain").await, "ParameterNotFound", "");
}

#[tokio::test]
async fn versions() {
    let kit = world();
    for i in 1..=3 {
        let input = string("/v", &i.to_string());
        assert_eq!(put(&kit, if i == 1 { input } else { over(input) }).await, i);
    }
    let second = get(&kit, "/v:2").await.unwrap();
    assert_eq!((second.value.as_deref(), second.version), (Some("2"), Some(2)));
    assert_eq!((second.name.as_deref(), second.selector.as_deref()), (Some("/v"), Some(":2")));
    assert_eq!(value(&kit, "/v:3").await, "3");
    assert_eq!(value(&kit, &format!("{}:1", arn("v"))).await, "1");
    refused(
        get(&kit, "/v:4").await,
        "ParameterVersionNotFound",
        "Systems Manager could not find version 4 of /v. Verify the version and try again.",
    );
    let numbers: Vec<_> =
        history(&kit, "/v").await.into_iter().map(|version| version.version.unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    delete(&kit, "/v").await.unwrap();
    assert_eq!(put(&kit, string("/v", "new")).await, 1);
    refused_as(get(&kit, "/v:2").await, "ParameterVersionNotFound");
}

#[tokio::test]
async fn what_a_new_version_keeps() {
    let kit = world();
    let first = PutParameterInput {
        description: Some("what".into()),
        allowed_pattern: Some(r"\d+".into()),
        data_type: Some("integer".into()),
        ..advanced(string("/k", "1"))
    };
    put(&kit, first).await;
    let second = PutParameterInput {
        name: "/k".into(),
        value: "2".into(),
        overwrite: Some(true),
        ..Default::default()
    };
    put(&kit, second.clone()).await;
    let last = history(&kit, "/k").await.pop().unwrap();
    assert_eq!(last.description.as_deref(), Some("what"));
    assert_eq!(last.allowed_pattern.as_deref(), Some(r"\d+"));
    assert_eq!((last.data_type.as_deref(), last.tier.unwrap().as_str()), (Some("integer"), "Advanced"));
    assert_eq!(last.last_modified_user.as_deref(), Some(format!("arn:aws:iam::{ACCOUNT}:root").as_str()));
    refused_as(kit.run(PutParameter, PutParameterInput { value: "x".into(), ..second }).await, VALIDATION);
}

#[tokio::test]
async fn a_hundred_versions_are_kept() {
    let kit = world();
    put(&kit, string("/h", "1")).await;
    for i in 2..=101 {
        assert_eq!(put(&kit, over(string("/h", &i.to_string()))).await, i);
    }
    refused_as(get(&kit, "/h:1").await, "ParameterVersionNotFound");
    assert_eq!(value(&kit, "/h:2").await, "2");
    label(&kit, "/h", Some(2), &["keep"]).await.unwrap();
    refused(
        kit.run(PutParameter, over(string("/h", "x"))).await,
        "ParameterMaxVersionLimitExceeded",
        "You attempted to create a new version of /h by calling the PutParameter API with the overwrite flag. Version 2, \
         the oldest version, can't be deleted because it has a label associated with it. Move the label to another \
         version of the parameter, and try again.",
    );
    label(&kit, "/h", Some(101), &["keep"]).await.unwrap();
    assert_eq!(put(&kit, over(string("/h", "102"))).await, 102);
    refused_as(label(&kit, "/h", Some(2), &["gone"]).await, "ParameterVersionNotFound");
    let input = GetParameterHistoryInput { name: "/h".into(), max_results: Some(40), ..Default::default() };
    let mut numbers = Vec::new();
    let mut token = None;
    loop {
        let page = kit
            .run(GetParameterHistory, GetParameterHistoryInput { next_token: token, ..input.clone() })
            .await
            .unwrap();
        numbers.extend(page.parameters.unwrap().into_iter().map(|version| version.version.unwrap()));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(numbers, (3..=102).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_puts_make_consecutive_versions() {
    let kit = std::sync::Arc::new(world());
    let tasks: Vec<_> = (0..24)
        .map(|i| {
            let kit = kit.clone();
            let input = if i % 2 == 0 { string("/c", "x") } else { secure("/s", "x") };
            tokio::spawn(async move { (i % 2, put(&kit, over(input)).await) })
        })
        .collect();
    let mut made = Vec::new();
    for task in tasks {
        made.push(task.await.unwrap());
    }
    made.sort_unstable();
    let expected: Vec<_> = (0..2).flat_map(|kind| (1..=12).map(move |version| (kind, version))).collect();
    assert_eq!(made, expected);
    assert_eq!(history(&kit, "/c").await.len(), 12);
}

#[tokio::test]
async fn several_at_once() {
    let kit = world();
    put(&kit, string("/b", "b")).await;
    put(&kit, secure("/a", "a")).await;
    let full = arn("b");
    let names = ["/b", "/a", "/none", "/b:7", "/a:1", "/b:label", full.as_str(), "/b"];
    let input = GetParametersInput { names: texts(&names).into(), with_decryption: Some(true) };
    let output = kit.run(GetParameters, input).await.unwrap();
    let found: Vec<_> = output
        .parameters
        .unwrap()
        .into_iter()
        .map(|p| (p.name.unwrap(), p.selector.unwrap_or_default(), p.value.unwrap()))
        .collect();
    let expected = [("/a", "", "a"), ("/a", ":1", "a"), ("/b", "", "b"), ("/b", "", "b")];
    assert_eq!(found, expected.map(|(n, s, v)| (n.to_owned(), s.to_owned(), v.to_owned())));
    assert_eq!(output.invalid_parameters.unwrap(), ["/none", "/b:7", "/b:label"]);
    let input = DeleteParametersInput { names: texts(&["/b", "/none", "a"]).into() };
    let output = kit.run(DeleteParameters, input).await.unwrap();
    assert_eq!(output.deleted_parameters.unwrap(), ["/b", "a"]);
    assert_eq!(output.invalid_parameters.unwrap(), ["/none"]);
    // What is left are the counters.
    assert_eq!(rows(&kit), 1);
}

#[tokio::test]
async fn tiers() {
    let kit = world();
    let large = "x".repeat(4097);
    let tier = async |input: PutParameterInput| {
        kit.run(PutParameter, input).await.map(|output| output.tier.unwrap().as_str().to_owned())
    };
    let intelligent =
        |input| PutParameterInput { tier: Some(ParameterTier::IntelligentTiering.into()), ..input };
    assert_eq!(tier(string("/s", &large[1..])).await.unwrap(), "Standard");
    assert_eq!(tier(intelligent(string("/i", "x"))).await.unwrap(), "Standard");
    assert_eq!(tier(intelligent(over(string("/i", &large)))).await.unwrap(), "Advanced");
    assert_eq!(tier(intelligent(over(string("/i", "x")))).await.unwrap(), "Advanced");
    assert_eq!(tier(over(string("/i", "x"))).await.unwrap(), "Advanced");
    assert_eq!(tier(advanced(over(string("/s", "x")))).await.unwrap(), "Advanced");
    let standard =
        PutParameterInput { tier: Some(ParameterTier::Standard.into()), ..over(string("/s", "x")) };
    let (code, text) = refusal(kit.run(PutParameter, standard).await);
    assert_eq!(code, VALIDATION);
    assert!(text.contains("You can't downgrade a parameter from the advanced-parameter tier"), "{text}");
    let (_, text) = refusal(tier(string("/l", &large)).await.map(drop));
    assert!(
        text.starts_with("Standard tier parameters support a maximum parameter value of 4096 characters."),
        "{text}"
    );
    assert_eq!(tier(advanced(string("/l", &"x".repeat(8192)))).await.unwrap(), "Advanced");
    refused(
        tier(advanced(string("/m", &"x".repeat(8193)))).await,
        VALIDATION,
        "Advanced tier parameters support a maximum parameter value of 8192 characters.",
    );
    let json = |tier: ParameterTier| PutParameterInput {
        data_type: Some("json".into()),
        tier: Some(tier.into()),
        ..string("/j", "{}")
    };
    refused_as(tier(json(ParameterTier::Standard)).await, VALIDATION);
    assert_eq!(tier(json(ParameterTier::IntelligentTiering)).await.unwrap(), "Advanced");
}

#[tokio::test]
async fn quotas() {
    let limits = ssm::Limits { standard_parameters_max: 2, advanced_parameters_max: 1 };
    let kit = world_with(limits);
    put(&kit, string("/1", "x")).await;
    put(&kit, string("/2", "x")).await;
    refused(
        kit.run(PutParameter, string("/3", "x")).await,
        "ParameterLimitExceeded",
        "You have reached the maximum number of standard parameters for this AWS account and Region (2). To add more \
         parameters, either delete existing parameters or upgrade to the advanced-parameter tier (charges apply).",
    );
    put(&kit, over(string("/1", "y"))).await;
    let third =
        PutParameterInput { tier: Some(ParameterTier::IntelligentTiering.into()), ..string("/3", "x") };
    let output = kit.run(PutParameter, third).await.unwrap();
    assert_eq!(output.tier.unwrap().as_str(), "Advanced");
    refused_as(kit.run(PutParameter, advanced(over(string("/1", "x")))).await, "ParameterLimitExceeded");
    delete(&kit, "/3").await.unwrap();
    put(&kit, advanced(over(string("/1", "x")))).await;
    put(&kit, string("/4", "x")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_holds_when_many_create_at_once() {
    let limits = ssm::Limits { standard_parameters_max: 5, advanced_parameters_max: 1 };
    let kit = std::sync::Arc::new(world_with(limits));
    let tasks: Vec<_> = (0..16)
        .map(|i| {
            let kit = kit.clone();
            tokio::spawn(async move { kit.run(PutParameter, string(&format!("/q/{i}"), "x")).await.is_ok() })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.unwrap());
    }
    assert_eq!(made, 5);
    assert_eq!(by_path(&kit, path("/q", false)).await.len(), 5);
}

#[tokio::test]
async fn accounts_and_regions_are_apart() {
    let kit = world();
    put(&kit, string("/x", "here")).await;
    let mut elsewhere = kit.call();
    elsewhere.region = "eu-west-2".into();
    refused_as(kit.run_as(elsewhere, GetParameter, get_input("/x")).await, "ParameterNotFound");
    let mut other = kit.call();
    other.account = "210987654321".into();
    refused_as(kit.run_as(other.clone(), GetParameter, get_input("/x")).await, "ParameterNotFound");
    let output = kit.run_as(other, GetParameter, get_input(&arn("x"))).await.unwrap();
    assert_eq!(output.parameter.unwrap().value.as_deref(), Some("here"));
    assert_eq!(REGION, "us-east-1");
}

#[tokio::test]
async fn lists_of_strings() {
    let kit = world();
    put(&kit, input("/l", ParameterType::StringList, "a,b,c")).await;
    let parameter = get(&kit, "/l").await.unwrap();
    assert_eq!((kind(&parameter), parameter.value.as_deref()), ("StringList", Some("a,b,c")));
}

#[tokio::test]
async fn what_cdk_puts_is_an_ordinary_parameter() {
    let kit = world();
    put(&kit, string("/cdk-bootstrap/hnb659fds/version", "21")).await;
    assert_eq!(value(&kit, "/cdk-bootstrap/hnb659fds/version").await, "21");
}

#[tokio::test]
async fn public_parameters() {
    let kit = world();
    let name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64";
    let image = get(&kit, name).await.unwrap();
    assert!(image.value.as_deref().unwrap().starts_with("ami-"));
    assert_eq!(image.arn.as_deref(), Some(format!("arn:aws:ssm:us-east-1::parameter{name}").as_str()));
    assert_eq!(value(&kit, &format!("arn:aws:ssm:us-east-1::parameter{name}")).await, image.value.unwrap());
    assert_eq!(value(&kit, &format!("{name}:1")).await.len(), "ami-".len() + 17);
    refused_as(get(&kit, &format!("{name}:2")).await, "ParameterVersionNotFound");
    refused_as(get(&kit, "/aws/service/none").await, "ParameterNotFound");
    assert_eq!(history(&kit, name).await.len(), 1);
    refused_as(delete(&kit, name).await, "ParameterNotFound");

    let regions = by_path(&kit, path("/aws/service/global-infrastructure/regions", false)).await;
    assert_eq!(regions.len(), 10);
    assert_eq!(regions[0], "/aws/service/global-infrastructure/regions/af-south-1");
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let input = GetParametersByPathInput {
            next_token: token,
            ..path("/aws/service/global-infrastructure/regions/eu-west-2", true)
        };
        let page = kit.run(GetParametersByPath, input).await.unwrap();
        all.extend(page.parameters.unwrap().into_iter().map(|parameter| parameter.name.unwrap()));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert!(all.contains(&"/aws/service/global-infrastructure/regions/eu-west-2/services/sqs".to_owned()));
    assert!(all.is_sorted() && all.len() > 40);
    assert_eq!(by_path(&kit, path("/aws/service/none", true)).await, [""; 0]);
}

#[tokio::test]
async fn other_operations_are_known_and_not_implemented() {
    let kit = world();
    let service = kit.deps().cloud.service("ssm").unwrap();
    assert_eq!(service.operations().count(), model_ssm::ops::ALL.len());
    let authorizer = kit.deps().cloud.authorizer().unwrap();
    for name in ["CreateDocument", "SendCommand", "StartSession"] {
        assert!(model_ssm::SERVICE.operations.iter().any(|operation| operation.name == name), "{name}");
        let invocation = service::Invocation {
            call: std::sync::Arc::new(kit.call()),
            authorizer,
            fill: &mut |_| panic!("nothing is read for an operation that is not there"),
        };
        let Err(failure) = service.invoke(name, invocation).await else { panic!("{name} answers") };
        let wire::Fault::Common(error) = failure.fault() else { panic!("{failure:?}") };
        assert!(not_implemented(error), "{error:?}");
        assert_eq!(error.resolve(wire::Protocol::Json11).message, format!("ssm:{name} is not implemented."));
    }
}
