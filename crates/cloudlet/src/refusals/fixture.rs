//! An account with a user who may do nothing yet, and with one of each thing that operations want to find.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::records::{AccessKey, User};
use kernel::Ids;
use serde_json::{Map, Value, json};
use store::Record;
use wire::Operation;

use super::server::{Key, Server};

/// The user's name.
pub const USER: &str = "someone";
/// The name of everything else, which the samples give too.
const NAME: &str = "sample";

/// What one operation is tried on.
pub struct Fixture {
    pub account: String,
    key: Key,
    user: User,
    /// Members of inputs, and the values that name what there is.
    known: Vec<(&'static str, Value)>,
}

impl Fixture {
    pub fn new(server: &Server, account: &str, service: &str) -> Self {
        let key = Key { id: format!("AKIA{}", Ids.base32(16)), secret: Ids.base32(40) };
        let mut user = User::new(USER, "/", format!("AIDA{}", Ids.base32(17)), 0);
        user.access_keys.push(key.id.clone());
        let sealed_secret = server.deps.vault.seal("iam.access-key", &key.id, key.secret.as_bytes());
        let record = AccessKey {
            account: account.to_owned(),
            user: Some(USER.to_owned()),
            sealed_secret,
            active: true,
            created_ms: 0,
        };
        server.put(identity::keys::access_key(&key.id), record.encode());
        let mut fixture = Self { account: account.to_owned(), key, user, known: Vec::new() };
        fixture.allow(server, &[]);
        fixture.furnish(server, service);
        fixture
    }

    pub fn user_key(&self) -> Key {
        self.key.clone()
    }

    /// Gives the user exactly these permissions: actions with their resources.
    pub fn allow(&self, server: &Server, granted: &[(String, String)]) {
        let mut user = self.user.clone();
        if !granted.is_empty() {
            let statements: Vec<Value> = granted
                .iter()
                .map(
                    |(action, resource)| json!({ "Effect": "Allow", "Action": action, "Resource": resource }),
                )
                .collect();
            let policy = json!({ "Version": "2012-10-17", "Statement": statements });
            user.policies.inline.insert("granted".to_owned(), policy.to_string());
        }
        server.put(identity::keys::user(&self.account, USER), user.encode());
    }

    /// Makes what operations of this service want to find.
    fn furnish(&mut self, server: &Server, service: &str) {
        let account = self.account.clone();
        match service {
            "dynamodb" => Self::furnish_table(server, &account),
            "kms" => self.furnish_kms(server, &account),
            "sqs" => {
                let input =
                    model_sqs::types::CreateQueueInput { queue_name: NAME.into(), ..Default::default() };
                server.as_root(&account, model_sqs::ops::CreateQueue, input);
            }
            "s3" => self.furnish_bucket(server, &account),
            "s3control" => self.furnish_access_point(server, &account),
            "sts" => self.furnish_role(server, &account),
            _ => {}
        }
    }

    /// A table.
    fn furnish_table(server: &Server, account: &str) {
        use model_dynamodb::{ops, types};
        let attribute = types::AttributeDefinition {
            attribute_name: "p".into(),
            attribute_type: wire::Open::from(types::ScalarAttributeType::S).into(),
        };
        let element = types::KeySchemaElement {
            attribute_name: "p".into(),
            key_type: wire::Open::from(types::KeyType::Hash).into(),
        };
        let input = types::CreateTableInput {
            table_name: NAME.into(),
            attribute_definitions: Some(vec![attribute]),
            key_schema: Some(vec![element]),
            billing_mode: Some(types::BillingMode::PayPerRequest.into()),
            ..Default::default()
        };
        server.as_root(account, ops::CreateTable, input);
    }

    /// A key, its alias, and something that it encrypted.
    fn furnish_kms(&mut self, server: &Server, account: &str) {
        use model_kms::{ops, types};
        let key = server.as_root(account, ops::CreateKey, types::CreateKeyInput::default());
        let key_id = key.key_metadata.and_then(|key| key.key_id).unwrap_or_default();
        let alias = types::CreateAliasInput {
            alias_name: format!("alias/{NAME}").into(),
            target_key_id: key_id.clone().into(),
        };
        server.as_root(account, ops::CreateAlias, alias);
        let input = types::EncryptInput {
            key_id: key_id.clone().into(),
            plaintext: bytes::Bytes::from_static(b"plain").into(),
            ..Default::default()
        };
        let sealed = server.as_root(account, ops::Encrypt, input).ciphertext_blob.unwrap_or_default();
        let arn = format!("arn:aws:kms:us-east-1:{account}:key/{key_id}");
        self.know("KeyId", json!(arn));
        self.know("TargetKeyId", json!(key_id));
        self.know("SourceKeyId", json!(arn));
        self.know("DestinationKeyId", json!(arn));
        self.know("AliasName", json!(format!("alias/{NAME}")));
        self.know("CiphertextBlob", json!(STANDARD.encode(&sealed)));
        self.know("GranteePrincipal", json!(format!("arn:aws:iam::{account}:user/{USER}")));
    }

    /// A bucket, whose name nobody else may have, with an object.
    fn furnish_bucket(&mut self, server: &Server, account: &str) {
        use model_s3::{ops, types};
        let bucket = format!("{NAME}-{account}");
        let input = types::CreateBucketInput {
            bucket: bucket.as_str().into(),
            object_ownership: Some(types::ObjectOwnership::ObjectWriter.into()),
            object_lock_enabled_for_bucket: Some(true),
            ..Default::default()
        };
        server.as_root(account, ops::CreateBucket, input);
        let input = types::PutObjectInput {
            bucket: bucket.as_str().into(),
            key: NAME.into(),
            body: Some(bytes::Bytes::from_static(b"plain").into()),
            ..Default::default()
        };
        server.as_root(account, ops::PutObject, input);
        self.know("CopySource", json!(format!("{bucket}/{NAME}")));
        self.know("Bucket", json!(bucket));
        self.know(
            "ReplicationConfiguration",
            json!({
                "Role": format!("arn:aws:iam::{account}:role/{NAME}"),
                "Rules": [{ "Status": "Enabled", "Destination": { "Bucket": format!("arn:aws:s3:::{bucket}") } }],
            }),
        );
        self.know("Policy", json!(format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/secret/*"}}}}"#
        )));
    }

    /// A bucket with an access point.
    fn furnish_access_point(&mut self, server: &Server, account: &str) {
        use model_s3control::{ops, types};
        self.furnish_bucket(server, account);
        let input = types::CreateAccessPointInput {
            account_id: account.into(),
            name: NAME.into(),
            bucket: format!("{NAME}-{account}").into(),
            ..Default::default()
        };
        let arn = server.as_root(account, ops::CreateAccessPoint, input).access_point_arn.unwrap_or_default();
        self.know("AccountId", json!(account));
        self.know("ResourceArn", json!(arn));
        self.know("Policy", json!(format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"{arn}/object/secret/*"}}}}"#
        )));
    }

    /// A role that the account's identities may assume if their policies let them.
    fn furnish_role(&mut self, server: &Server, account: &str) {
        let trust = json!({
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
                "Action": "sts:AssumeRole",
            },
        });
        let input = model_iam::types::CreateRoleInput {
            role_name: NAME.into(),
            assume_role_policy_document: trust.to_string().into(),
            ..Default::default()
        };
        server.as_root(account, model_iam::ops::CreateRole, input);
        self.know("RoleArn", json!(format!("arn:aws:iam::{account}:role/{NAME}")));
    }

    fn know(&mut self, member: &'static str, value: Value) {
        self.known.push((member, value));
    }

    /// Fills in what the schema alone does not tell.
    pub fn adapt(&self, operation: &Operation, input: &mut Map<String, Value>) {
        let own = self.names(operation.service.id);
        if operation.name == "CreateBucket" {
            // One that is not there yet.
            input.insert("Bucket".to_owned(), json!(format!("new-{}", self.account)));
            return;
        }
        if operation.service.id == "dynamodb" {
            items(operation.name, input);
        }
        for (member, value) in self.known.iter().chain(&own) {
            if let Some(slot) = input.get_mut(*member) {
                *slot = value.clone();
            }
        }
    }

    /// Members of a service's inputs, and names of the right form for them.
    fn names(&self, service: &str) -> Vec<(&'static str, Value)> {
        let account = &self.account;
        let iam = |resource: &str| json!(format!("arn:aws:iam::{account}:{resource}"));
        match service {
            "dynamodb" => vec![
                ("TableName", json!(NAME)),
                ("ResourceArn", json!(format!("arn:aws:dynamodb:us-east-1:{account}:table/{NAME}"))),
                (
                    "BackupArn",
                    json!(format!(
                        "arn:aws:dynamodb:us-east-1:{account}:table/{NAME}/backup/01489173575360-b308cd7d"
                    )),
                ),
                ("TargetTableName", json!(format!("{NAME}-again"))),
                ("TableArn", json!(format!("arn:aws:dynamodb:us-east-1:{account}:table/{NAME}"))),
                ("ExportArn", json!(transfer(account, "export"))),
                ("ImportArn", json!(transfer(account, "import"))),
            ],
            "dynamodbstreams" => {
                let stream = format!(
                    "arn:aws:dynamodb:us-east-1:{account}:table/{NAME}/stream/2015-05-20T20:51:10.252"
                );
                vec![("StreamArn", json!(stream)), ("ShardIterator", json!(format!("{stream}|1|AAAA")))]
            }
            "iam" => vec![
                ("Arn", iam(&format!("user/{USER}"))),
                ("OpenIDConnectProviderArn", iam("oidc-provider/issuer.test")),
                ("PolicyArn", iam(&format!("policy/{NAME}"))),
                ("PolicySourceArn", iam(&format!("user/{USER}"))),
                ("SAMLProviderArn", iam(&format!("saml-provider/{NAME}"))),
                ("VersionId", json!("v1")),
                ("SerialNumber", iam(&format!("mfa/{NAME}"))),
            ],
            "kms" => vec![("ReplicaRegion", json!("eu-west-1")), ("PrimaryRegion", json!("eu-west-1"))],
            "secretsmanager" => vec![
                ("AddReplicaRegions", json!([{ "Region": "eu-west-1" }])),
                ("RemoveReplicaRegions", json!(["eu-west-1"])),
            ],
            "sqs" => vec![
                ("QueueUrl", json!(format!("http://localhost/{account}/{NAME}"))),
                ("QueueName", json!(NAME)),
                ("SourceArn", json!(format!("arn:aws:sqs:us-east-1:{account}:{NAME}"))),
            ],
            "ssm" => vec![
                ("Path", json!(format!("/{NAME}"))),
                ("ResourceArn", json!(format!("arn:aws:ssm:us-east-1:{account}:parameter/{NAME}"))),
            ],
            _ => Vec::new(),
        }
    }
}

/// The ARN of an export or import.
fn transfer(account: &str, way: &str) -> String {
    format!("arn:aws:dynamodb:us-east-1:{account}:table/{NAME}/{way}/01489173575360-b308cd7d")
}

/// Batches and transactions name their tables within: one request of each kind, so that each kind's action is asked for. A table to
/// be restored is named in one of two ways, none of which is required.
fn items(operation: &str, input: &mut Map<String, Value>) {
    let of_item = json!({ "TableName": NAME, "Key": {} });
    let (member, value) = match operation {
        "RestoreTableToPointInTime" => ("SourceTableName", json!(NAME)),
        "BatchGetItem" => ("RequestItems", json!({ NAME: { "Keys": [{}] } })),
        "BatchWriteItem" => ("RequestItems", json!({ NAME: [{ "DeleteRequest": { "Key": {} } }] })),
        "PutResourcePolicy" => (
            "Policy",
            json!(
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":"999999999999"},"Action":"dynamodb:GetItem","Resource":"*"}]}"#
            ),
        ),
        "BatchExecuteStatement" => {
            ("Statements", json!([{ "Statement": format!("SELECT * FROM \"{NAME}\" WHERE p = 'a'") }]))
        }
        "ExecuteStatement" => ("Statement", json!(format!("DELETE FROM \"{NAME}\" WHERE p = 'a'"))),
        "ExecuteTransaction" => {
            let insert = format!("INSERT INTO \"{NAME}\" VALUE {{'p': 'a'}}");
            let update = format!("UPDATE \"{NAME}\" SET n = 1 WHERE p = 'b'");
            let exists = format!("EXISTS(SELECT * FROM \"{NAME}\" WHERE p = 'c')");
            let all = [insert, update, exists].map(|text| json!({ "Statement": text }));
            ("TransactStatements", json!(all))
        }
        "TransactGetItems" => ("TransactItems", json!([{ "Get": of_item }])),
        "TransactWriteItems" => {
            let put = json!({ "TableName": NAME, "Item": {} });
            let update = json!({ "TableName": NAME, "Key": {}, "UpdateExpression": "REMOVE a" });
            let check = json!({ "TableName": NAME, "Key": {}, "ConditionExpression": "a = a" });
            let all = json!([{ "Put": put }, { "Update": update }, { "Delete": of_item }, { "ConditionCheck": check }]);
            ("TransactItems", all)
        }
        _ => return,
    };
    input.insert(member.to_owned(), value);
}
