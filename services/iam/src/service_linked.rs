//! The services that have service-linked roles, with the names of those roles and their policies: from the roles that
//! the services' own documentation names, and the policies that AWS has published for them.

/// A service that has a role of its own in accounts.
#[derive(Clone, Copy, Debug)]
pub struct Linked {
    /// `ecs.amazonaws.com`
    pub service: &'static str,
    /// `AWSServiceRoleForECS`
    pub role: &'static str,
    /// The name of the policy, whose path is `/aws-service-role/`.
    pub policy: &'static str,
    /// Whether there may be several, told apart by a suffix.
    pub suffixes: bool,
}

/// The service of this name.
pub fn find(service: &str) -> Option<&'static Linked> {
    LINKED.iter().find(|linked| linked.service == service)
}

const fn one(service: &'static str, role: &'static str, policy: &'static str) -> Linked {
    Linked { service, role, policy, suffixes: false }
}

const fn several(service: &'static str, role: &'static str, policy: &'static str) -> Linked {
    Linked { service, role, policy, suffixes: true }
}

#[rustfmt::skip]
static LINKED: &[Linked] = &[
    one("access-analyzer.amazonaws.com", "AWSServiceRoleForAccessAnalyzer", "AccessAnalyzerServiceRolePolicy"),
    one("apidestinations.events.amazonaws.com", "AWSServiceRoleForAmazonEventBridgeApiDestinations", "AmazonEventBridgeApiDestinationsServiceRolePolicy"),
    one("appsync.amazonaws.com", "AWSServiceRoleForAppSync", "AWSAppSyncServiceRolePolicy"),
    several("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling", "AutoScalingServiceRolePolicy"),
    one("backup.amazonaws.com", "AWSServiceRoleForBackup", "AWSBackupServiceLinkedRolePolicyForBackup"),
    one("batch.amazonaws.com", "AWSServiceRoleForBatch", "BatchServiceRolePolicy"),
    one("cks.kms.amazonaws.com", "AWSServiceRoleForKeyManagementServiceCustomKeyStores", "AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy"),
    one("cloudtrail.amazonaws.com", "AWSServiceRoleForCloudTrail", "CloudTrailServiceRolePolicy"),
    one("cognito-idp.amazonaws.com", "AWSServiceRoleForAmazonCognitoIdp", "AmazonCognitoIdpServiceRolePolicy"),
    one("config.amazonaws.com", "AWSServiceRoleForConfig", "AWSConfigServiceRolePolicy"),
    one("custom-resource.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_CustomResource", "AWSApplicationAutoScalingCustomResourcePolicy"),
    one("dax.amazonaws.com", "AWSServiceRoleForDAX", "DAXServiceRolePolicy"),
    one("dynamodb.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable", "AWSApplicationAutoscalingDynamoDBTablePolicy"),
    one("ecs.amazonaws.com", "AWSServiceRoleForECS", "AmazonECSServiceRolePolicy"),
    one("ecs.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_ECSService", "AWSApplicationAutoscalingECSServicePolicy"),
    one("eks-nodegroup.amazonaws.com", "AWSServiceRoleForAmazonEKSNodegroup", "AWSServiceRoleForAmazonEKSNodegroup"),
    one("eks.amazonaws.com", "AWSServiceRoleForAmazonEKS", "AmazonEKSServiceRolePolicy"),
    one("elasticache.amazonaws.com", "AWSServiceRoleForElastiCache", "ElastiCacheServiceRolePolicy"),
    one("elasticache.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_ElastiCacheRG", "AWSApplicationAutoscalingElastiCacheRGPolicy"),
    one("elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy"),
    one("email.cognito-idp.amazonaws.com", "AWSServiceRoleForAmazonCognitoIdpEmailService", "AmazonCognitoIdpEmailServiceRolePolicy"),
    one("es.amazonaws.com", "AWSServiceRoleForAmazonElasticsearchService", "AmazonElasticsearchServiceRolePolicy"),
    one("globalaccelerator.amazonaws.com", "AWSServiceRoleForGlobalAccelerator", "AWSGlobalAcceleratorSLRPolicy"),
    one("guardduty.amazonaws.com", "AWSServiceRoleForAmazonGuardDuty", "AmazonGuardDutyServiceRolePolicy"),
    one("inspector2.amazonaws.com", "AWSServiceRoleForAmazonInspector2", "AmazonInspector2ServiceRolePolicy"),
    one("kafka.amazonaws.com", "AWSServiceRoleForKafka", "KafkaServiceRolePolicy"),
    one("lambda.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency", "AWSApplicationAutoscalingLambdaConcurrencyPolicy"),
    one("lex.amazonaws.com", "AWSServiceRoleForLexBots", "LexBotPolicy"),
    one("macie.amazonaws.com", "AWSServiceRoleForAmazonMacie", "AmazonMacieServiceRolePolicy"),
    one("mrk.kms.amazonaws.com", "AWSServiceRoleForKeyManagementServiceMultiRegionKeys", "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy"),
    one("opensearchservice.amazonaws.com", "AWSServiceRoleForAmazonOpenSearchService", "AmazonOpenSearchServiceRolePolicy"),
    one("ops.apigateway.amazonaws.com", "AWSServiceRoleForAPIGateway", "APIGatewayServiceRolePolicy"),
    one("organizations.amazonaws.com", "AWSServiceRoleForOrganizations", "AWSOrganizationsServiceTrustPolicy"),
    one("rds.amazonaws.com", "AWSServiceRoleForRDS", "AmazonRDSServiceRolePolicy"),
    one("rds.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_RDSCluster", "AWSApplicationAutoscalingRDSClusterPolicy"),
    one("redshift.amazonaws.com", "AWSServiceRoleForRedshift", "AmazonRedshiftServiceLinkedRolePolicy"),
    one("replicator.lambda.amazonaws.com", "AWSServiceRoleForLambdaReplicator", "AWSLambdaReplicator"),
    one("securityhub.amazonaws.com", "AWSServiceRoleForSecurityHub", "AWSSecurityHubServiceRolePolicy"),
    one("spot.amazonaws.com", "AWSServiceRoleForEC2Spot", "AWSEC2SpotServiceRolePolicy"),
    one("spotfleet.amazonaws.com", "AWSServiceRoleForEC2SpotFleet", "AWSEC2SpotFleetServiceRolePolicy"),
    one("ssm.amazonaws.com", "AWSServiceRoleForAmazonSSM", "AmazonSSMServiceRolePolicy"),
    one("sso.amazonaws.com", "AWSServiceRoleForSSO", "AWSSSOServiceRolePolicy"),
    one("support.amazonaws.com", "AWSServiceRoleForSupport", "AWSSupportServiceRolePolicy"),
    one("transitgateway.amazonaws.com", "AWSServiceRoleForVPCTransitGateway", "AWSVPCTransitGatewayServiceRolePolicy"),
    one("trustedadvisor.amazonaws.com", "AWSServiceRoleForTrustedAdvisor", "AWSTrustedAdvisorServiceRolePolicy"),
    one("wafv2.amazonaws.com", "AWSServiceRoleForWAFV2Logging", "WAFV2LoggingServiceRolePolicy"),
];

impl Linked {
    /// The ARN of its policy.
    pub fn policy_arn(&self) -> String {
        format!("arn:aws:iam::aws:policy/aws-service-role/{}", self.policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_is_published() {
        let absent: Vec<String> = LINKED
            .iter()
            .map(Linked::policy_arn)
            .filter(|arn| managed_policies::find(arn).is_none())
            .collect();
        assert_eq!(absent, [""; 0]);
    }

    #[test]
    fn found_by_the_name_of_the_service() {
        assert_eq!(find("ecs.amazonaws.com").map(|linked| linked.role), Some("AWSServiceRoleForECS"));
        assert!(find("nobody.amazonaws.com").is_none());
    }
}
