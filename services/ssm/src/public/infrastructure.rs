//! Regions and services.

use regions::REGIONS;

/// Services that every region has, and their long names.
pub const SERVICES: [(&str, &str); 42] = [
    ("acm", "AWS Certificate Manager"),
    ("apigateway", "Amazon API Gateway"),
    ("appsync", "AWS AppSync"),
    ("athena", "Amazon Athena"),
    ("autoscaling", "Amazon EC2 Auto Scaling"),
    ("backup", "AWS Backup"),
    ("cloudformation", "AWS CloudFormation"),
    ("cloudfront", "Amazon CloudFront"),
    ("cloudtrail", "AWS CloudTrail"),
    ("cloudwatch", "Amazon CloudWatch"),
    ("codebuild", "AWS CodeBuild"),
    ("codepipeline", "AWS CodePipeline"),
    ("cognito-idp", "Amazon Cognito"),
    ("dynamodb", "Amazon DynamoDB"),
    ("dynamodbstreams", "Amazon DynamoDB Streams"),
    ("ebs", "Amazon Elastic Block Store (EBS)"),
    ("ec2", "Amazon Elastic Compute Cloud (EC2)"),
    ("ecr", "Amazon Elastic Container Registry (ECR)"),
    ("ecs", "Amazon Elastic Container Service (ECS)"),
    ("efs", "Amazon Elastic File System (EFS)"),
    ("elasticache", "Amazon ElastiCache"),
    ("elb", "Elastic Load Balancing"),
    ("eventbridge", "Amazon EventBridge"),
    ("firehose", "Amazon Data Firehose"),
    ("glue", "AWS Glue"),
    ("iam", "AWS Identity and Access Management (IAM)"),
    ("kinesis", "Amazon Kinesis Data Streams"),
    ("kms", "AWS Key Management Service"),
    ("lakeformation", "AWS Lake Formation"),
    ("lambda", "AWS Lambda"),
    ("logs", "Amazon CloudWatch Logs"),
    ("rds", "Amazon Relational Database Service (RDS)"),
    ("route53", "Amazon Route 53"),
    ("s3", "Amazon Simple Storage Service (S3)"),
    ("secretsmanager", "AWS Secrets Manager"),
    ("ses", "Amazon Simple Email Service (SES)"),
    ("sns", "Amazon Simple Notification Service (SNS)"),
    ("sqs", "Amazon Simple Queue Service (SQS)"),
    ("ssm", "AWS Systems Manager"),
    ("stepfunctions", "AWS Step Functions"),
    ("sts", "AWS Security Token Service (STS)"),
    ("xray", "AWS X-Ray"),
];

/// Names below `/aws/service/global-infrastructure/`, and their values.
pub fn parameters() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |name: String, value: &str| all.push((name, value.to_owned()));
    for (region, long_name, country, part) in REGIONS {
        add(format!("regions/{region}"), region);
        add(format!("regions/{region}/longName"), long_name);
        add(format!("regions/{region}/domain"), "amazonaws.com");
        add(format!("regions/{region}/partition"), "aws");
        add(format!("regions/{region}/geolocationCountry"), country);
        add(format!("regions/{region}/geolocationRegion"), part);
        for (service, _) in SERVICES {
            add(format!("regions/{region}/services/{service}"), service);
            add(format!("services/{service}/regions/{region}"), region);
        }
    }
    for (service, long_name) in SERVICES {
        add(format!("services/{service}"), service);
        add(format!("services/{service}/longName"), long_name);
    }
    for (name, value) in [("partition", "aws"), ("dnsSuffix", "amazonaws.com")] {
        add(format!("partitions/aws/{name}"), value);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let all = parameters();
        let value = |name: &str| all.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(value("regions/eu-west-2/longName"), Some("Europe (London)"));
        assert_eq!(value("regions/eu-west-2/services/sqs"), Some("sqs"));
        assert_eq!(value("services/sqs/regions/eu-west-2"), Some("eu-west-2"));
        assert_eq!(value("services/sqs/longName"), Some("Amazon Simple Queue Service (SQS)"));
        assert_eq!(value("regions/mars-1"), None);
    }
}
