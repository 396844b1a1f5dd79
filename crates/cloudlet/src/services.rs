//! Every service there is: the only place that knows them all.

use std::sync::Arc;

use oidc::{HttpFetch, Issuers};
use service::{Deps, Service};

/// Makes the services.
pub fn all(deps: &Deps, of_dynamodb: dynamodb::Settings) -> Vec<Service> {
    let [dynamodb, streams] = dynamodb::services(deps.clone(), of_dynamodb);
    let [s3, s3control] = s3::services(deps.clone());
    vec![
        dynamodb,
        streams,
        iam::service(deps.clone()),
        kms::service(deps.clone()),
        s3,
        s3control,
        secretsmanager::service(deps.clone()),
        sqs::service(deps.clone()),
        ssm::service(deps.clone()),
        sts::service(deps.clone(), Arc::new(Issuers::new(Arc::new(HttpFetch::new())))),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wire::Operation;

    use super::*;

    /// Every operation that is generated is registered, and has the IAM actions that authorise it.
    #[tokio::test]
    async fn registered_is_generated() {
        let deps = testkit::deps();
        let generated: [(&str, &[&Operation]); 10] = [
            ("dynamodb", model_dynamodb::ops::ALL),
            ("dynamodbstreams", model_dynamodbstreams::ops::ALL),
            ("iam", model_iam::ops::ALL),
            ("kms", model_kms::ops::ALL),
            ("s3", model_s3::ops::ALL),
            ("s3control", model_s3control::ops::ALL),
            ("secretsmanager", model_secretsmanager::ops::ALL),
            ("sqs", model_sqs::ops::ALL),
            ("ssm", model_ssm::ops::ALL),
            ("sts", model_sts::ops::ALL),
        ];
        let services = all(&deps, dynamodb::Settings::default());
        assert_eq!(services.len(), generated.len());
        for service in services {
            let id = service.model().id;
            let (_, generated) = generated.iter().find(|(name, _)| *name == id).expect("a model per service");
            let names =
                |ops: &mut dyn Iterator<Item = &Operation>| ops.map(|op| op.name).collect::<BTreeSet<_>>();
            assert_eq!(names(&mut service.operations()), names(&mut generated.iter().copied()), "{id}");
            for operation in service.operations() {
                assert!(!operation.actions.is_empty(), "{id}:{} has no action", operation.name);
            }
        }
    }
}
