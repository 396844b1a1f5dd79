//! Workloads that are one request, always the same.

use crate::client::{Client, Endpoint};
use crate::sign::Template;
use crate::sqs::{CallError, expect_success};

const PARAMETER: &str = r#"{"Name":"/bench/parameter"}"#;
const PUT_PARAMETER: &str = r#"{"Name":"/bench/parameter","Type":"String","Overwrite":true,"Value":"0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789-the-quick-brown-fox-jumps"}"#;
const SECRET: &str = r#"{"SecretId":"bench-secret"}"#;
const CREATE_SECRET: &str = r#"{"Name":"bench-secret","ClientRequestToken":"00000000-0000-4000-8000-000000000001","SecretString":"0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789-the-quick-brown-fox-jumps"}"#;
const IDENTITY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// One request, written once.
#[derive(Debug, Clone)]
pub struct Read {
    template: Template,
    body: &'static str,
}

impl Read {
    /// GetCallerIdentity in the query protocol.
    pub fn identity(endpoint: &Endpoint) -> Self {
        Self { template: Template::query("sts", &endpoint.host), body: IDENTITY }
    }

    /// GetParameter of 100 bytes.
    pub fn parameter(endpoint: &Endpoint) -> Self {
        Self { template: Template::json11("ssm", &endpoint.host, "AmazonSSM.GetParameter"), body: PARAMETER }
    }

    /// GetSecretValue of 100 bytes.
    pub fn secret(endpoint: &Endpoint) -> Self {
        let target = "secretsmanager.GetSecretValue";
        Self { template: Template::json11("secretsmanager", &endpoint.host, target), body: SECRET }
    }

    /// Sends it; whether the answer was 2xx.
    pub async fn perform(&self, client: &mut Client) -> Result<(), CallError> {
        let answer = client.call(&self.template, self.body.as_bytes()).await?;
        expect_success(client, answer)
    }
}

/// Puts the parameter in its place.
pub async fn put_parameter(endpoint: &Endpoint) -> Result<(), CallError> {
    let template = Template::json11("ssm", &endpoint.host, "AmazonSSM.PutParameter");
    Read { template, body: PUT_PARAMETER }.perform(&mut Client::new(endpoint)).await
}

/// Creates the secret, if it is not there.
pub async fn create_secret(endpoint: &Endpoint) -> Result<(), CallError> {
    let template = Template::json11("secretsmanager", &endpoint.host, "secretsmanager.CreateSecret");
    match (Read { template, body: CREATE_SECRET }).perform(&mut Client::new(endpoint)).await {
        Err(CallError::Status { text, .. }) if text.contains("ResourceExistsException") => Ok(()),
        other => other,
    }
}
