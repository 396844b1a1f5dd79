//! Regions and services.

/// A region: code, long name, country, and the part of the world its addresses are in.
type Region = (&'static str, &'static str, &'static str, &'static str);

/// The regions of the `aws` partition.
pub const REGIONS: [Region; 34] = [
    ("af-south-1", "Africa (Cape Town)", "ZA", "ZA-WC"),
    ("ap-east-1", "Asia Pacific (Hong Kong)", "HK", "HK-HCW"),
    ("ap-east-2", "Asia Pacific (Taipei)", "TW", "TW-TPE"),
    ("ap-northeast-1", "Asia Pacific (Tokyo)", "JP", "JP-13"),
    ("ap-northeast-2", "Asia Pacific (Seoul)", "KR", "KR-11"),
    ("ap-northeast-3", "Asia Pacific (Osaka)", "JP", "JP-27"),
    ("ap-south-1", "Asia Pacific (Mumbai)", "IN", "IN-MH"),
    ("ap-south-2", "Asia Pacific (Hyderabad)", "IN", "IN-TG"),
    ("ap-southeast-1", "Asia Pacific (Singapore)", "SG", "SG-01"),
    ("ap-southeast-2", "Asia Pacific (Sydney)", "AU", "AU-NSW"),
    ("ap-southeast-3", "Asia Pacific (Jakarta)", "ID", "ID-JK"),
    ("ap-southeast-4", "Asia Pacific (Melbourne)", "AU", "AU-VIC"),
    ("ap-southeast-5", "Asia Pacific (Malaysia)", "MY", "MY-14"),
    ("ap-southeast-6", "Asia Pacific (New Zealand)", "NZ", "NZ-AUK"),
    ("ap-southeast-7", "Asia Pacific (Thailand)", "TH", "TH-10"),
    ("ca-central-1", "Canada (Central)", "CA", "CA-QC"),
    ("ca-west-1", "Canada West (Calgary)", "CA", "CA-AB"),
    ("eu-central-1", "Europe (Frankfurt)", "DE", "DE-HE"),
    ("eu-central-2", "Europe (Zurich)", "CH", "CH-ZH"),
    ("eu-north-1", "Europe (Stockholm)", "SE", "SE-AB"),
    ("eu-south-1", "Europe (Milan)", "IT", "IT-25"),
    ("eu-south-2", "Europe (Spain)", "ES", "ES-AR"),
    ("eu-west-1", "Europe (Ireland)", "IE", "IE-D"),
    ("eu-west-2", "Europe (London)", "GB", "GB-LND"),
    ("eu-west-3", "Europe (Paris)", "FR", "FR-IDF"),
    ("il-central-1", "Israel (Tel Aviv)", "IL", "IL-TA"),
    ("me-central-1", "Middle East (UAE)", "AE", "AE-DU"),
    ("me-south-1", "Middle East (Bahrain)", "BH", "BH-14"),
    ("mx-central-1", "Mexico (Central)", "MX", "MX-QUE"),
    ("sa-east-1", "South America (Sao Paulo)", "BR", "BR-SP"),
    ("us-east-1", "US East (N. Virginia)", "US", "US-VA"),
    ("us-east-2", "US East (Ohio)", "US", "US-OH"),
    ("us-west-1", "US West (N. California)", "US", "US-CA"),
    ("us-west-2", "US West (Oregon)", "US", "US-OR"),
];

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
