//! What the catalogue holds.

use std::collections::HashSet;

use managed_policies::{all, find};
use policy::{Policy, PolicyKind};

/// What the Serverless Framework, SAM, the CDK and hand-written templates of small systems name.
const REFERENCED: [&str; 45] = [
    "AdministratorAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "SecurityAudit",
    "IAMFullAccess",
    "IAMReadOnlyAccess",
    "IAMUserChangePassword",
    "job-function/ViewOnlyAccess",
    "job-function/Billing",
    "service-role/AWSLambdaBasicExecutionRole",
    "service-role/AWSLambdaVPCAccessExecutionRole",
    "service-role/AWSLambdaSQSQueueExecutionRole",
    "service-role/AWSLambdaDynamoDBExecutionRole",
    "service-role/AWSLambdaKinesisExecutionRole",
    "service-role/AWSLambdaENIManagementAccess",
    "service-role/AWSLambdaRole",
    "CloudWatchLambdaInsightsExecutionRolePolicy",
    "AWSXRayDaemonWriteAccess",
    "AWSXrayWriteOnlyAccess",
    "AmazonElasticFileSystemClientFullAccess",
    "service-role/AmazonAPIGatewayPushToCloudWatchLogs",
    "service-role/AWSAppSyncPushToCloudWatchLogs",
    "service-role/AmazonECSTaskExecutionRolePolicy",
    "service-role/AmazonEC2ContainerServiceforEC2Role",
    "service-role/AmazonEC2ContainerServiceEventsRole",
    "aws-service-role/AmazonECSServiceRolePolicy",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonEC2ContainerRegistryPowerUser",
    "AmazonECS_FullAccess",
    "AmazonSSMManagedInstanceCore",
    "AmazonSSMReadOnlyAccess",
    "CloudWatchAgentServerPolicy",
    "CloudWatchLogsFullAccess",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "AmazonSQSFullAccess",
    "AmazonSNSFullAccess",
    "AmazonDynamoDBFullAccess",
    "SecretsManagerReadWrite",
    "AWSLambda_FullAccess",
    "AWSCloudFormationFullAccess",
    "AmazonCognitoPowerUser",
    "AmazonSESFullAccess",
    "service-role/AmazonRDSEnhancedMonitoringRole",
    "AWSStepFunctionsFullAccess",
];

/// Policies of service-linked roles that say what IAM refuses to read from anybody else: ARNs of role templates, and a
/// variable in place of an account.
const UNREAD: [&str; 3] = [
    "AWSCloudWatchOmniServiceRolePolicy",
    "AWSObservabilityAdminTelemetryEnablementServiceRolePolicy",
    "AmazonTimestreamInfluxDBServiceRolePolicy",
];

#[test]
fn what_others_reference_is_there() {
    let absent: Vec<&str> = REFERENCED
        .into_iter()
        .filter(|name| find(&format!("arn:aws:iam::aws:policy/{name}")).is_none())
        .collect();
    assert!(absent.is_empty(), "{absent:?}");
}

#[test]
fn every_policy_is_found_and_parses() {
    let (mut ids, mut unread) = (HashSet::new(), Vec::new());
    for policy in all() {
        assert_eq!(find(policy.arn).as_ref(), Some(&policy));
        assert_eq!(format!("arn:aws:iam::aws:policy{}{}", policy.path, policy.name), policy.arn);
        assert!(policy.id.len() == 21 && ids.insert(policy.id.clone()), "{}", policy.arn);
        assert!(policy.created <= policy.updated, "{}", policy.arn);
        if let Err(error) = Policy::parse(policy.document.as_bytes(), PolicyKind::Identity) {
            unread.push((policy.name, error));
        }
    }
    let names: Vec<&str> = unread.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, UNREAD, "{unread:?}");
    assert!(ids.len() > 1500, "{}", ids.len());
}

#[test]
fn one_of_them() {
    let policy = find("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").unwrap();
    assert_eq!(
        (policy.name, policy.path, policy.version),
        ("AWSLambdaBasicExecutionRole", "/service-role/", "v1")
    );
    assert_eq!(policy.created.to_string(), "2015-04-09T15:03:43Z");
    assert_eq!(
        policy.document,
        concat!(
            r#"{"Statement":[{"Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"#,
            r#""Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}"#
        )
    );
}

#[test]
fn others_are_not_found() {
    for arn in [
        "",
        "arn",
        "arn:aws:iam::aws:policy",
        "arn:aws:iam::aws:policy/",
        "arn:aws:iam::aws:policy/AdministratorAccess/",
        "arn:aws:iam::aws:policy/AdministratorAcces",
        "arn:aws:iam::aws:policy/administratoraccess",
        "arn:aws:iam::123456789012:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy/zzzz",
        "arn:aws:iam::aws:policy/\"",
    ] {
        assert_eq!(find(arn), None, "{arn}");
    }
}
