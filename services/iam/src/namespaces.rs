//! The services by the names that actions begin with.

/// Namespace and full name of the services that Cloudlet knows, in order.
pub const SERVICES: [(&str, &str); 44] = [
    ("acm", "AWS Certificate Manager"),
    ("amplify", "AWS Amplify"),
    ("apigateway", "Amazon API Gateway"),
    ("application-autoscaling", "Application Auto Scaling"),
    ("appsync", "AWS AppSync"),
    ("athena", "Amazon Athena"),
    ("backup", "AWS Backup"),
    ("budgets", "AWS Budgets"),
    ("ce", "AWS Cost Explorer Service"),
    ("cloudformation", "AWS CloudFormation"),
    ("cloudfront", "Amazon CloudFront"),
    ("cloudwatch", "Amazon CloudWatch"),
    ("cognito-identity", "Amazon Cognito Identity"),
    ("cognito-idp", "Amazon Cognito User Pools"),
    ("dynamodb", "Amazon DynamoDB"),
    ("ec2", "Amazon EC2"),
    ("ecr", "Amazon Elastic Container Registry"),
    ("ecs", "Amazon Elastic Container Service"),
    ("elasticloadbalancing", "Elastic Load Balancing"),
    ("events", "Amazon EventBridge"),
    ("execute-api", "Amazon API Gateway Management"),
    ("firehose", "Amazon Kinesis Firehose"),
    ("glue", "AWS Glue"),
    ("iam", "AWS Identity and Access Management"),
    ("kinesis", "Amazon Kinesis"),
    ("kms", "AWS Key Management Service"),
    ("lakeformation", "AWS Lake Formation"),
    ("lambda", "AWS Lambda"),
    ("logs", "Amazon CloudWatch Logs"),
    ("pricing", "AWS Price List"),
    ("rds", "Amazon RDS"),
    ("route53", "Amazon Route 53"),
    ("s3", "Amazon S3"),
    ("scheduler", "Amazon EventBridge Scheduler"),
    ("secretsmanager", "AWS Secrets Manager"),
    ("servicediscovery", "AWS Cloud Map"),
    ("ses", "Amazon SES"),
    ("sns", "Amazon SNS"),
    ("sqs", "Amazon SQS"),
    ("ssm", "AWS Systems Manager"),
    ("states", "AWS Step Functions"),
    ("sts", "AWS Security Token Service"),
    ("tag", "Amazon Resource Group Tagging API"),
    ("xray", "AWS X-Ray"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_order() {
        assert!(SERVICES.is_sorted_by(|(a, _), (b, _)| a < b));
    }
}
