//! An account with a user who may do nothing yet, and with one of each thing that operations want to find.

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
        let fixture = Self { account: account.to_owned(), key, user };
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
    fn furnish(&self, server: &Server, service: &str) {
        let account = self.account.as_str();
        if service == "sqs" {
            let input = model_sqs::types::CreateQueueInput { queue_name: NAME.into(), ..Default::default() };
            server.as_root(account, model_sqs::ops::CreateQueue, input);
        }
    }

    /// Fills in what the schema alone does not tell.
    pub fn adapt(&self, operation: &Operation, input: &mut Map<String, Value>) {
        let account = &self.account;
        let known: &[(&str, Value)] = match operation.service.id {
            "sqs" => &[
                ("QueueUrl", json!(format!("http://localhost/{account}/{NAME}"))),
                ("QueueName", json!(NAME)),
                ("SourceArn", json!(format!("arn:aws:sqs:us-east-1:{account}:{NAME}"))),
            ],
            _ => &[],
        };
        for (member, value) in known {
            if let Some(slot) = input.get_mut(*member) {
                *slot = value.clone();
            }
        }
    }
}
