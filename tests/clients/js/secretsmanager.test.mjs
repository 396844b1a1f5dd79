// Every operation of Secrets Manager by the JavaScript SDK.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as sm from "@aws-sdk/client-secrets-manager";

import { account, settings, start } from "./cloudlet.mjs";

const there = "eu-west-1";
let server;
let client;
let clientThere;
let names = 0;
const used = new Set();

before(async () => {
  server = await start();
  client = new sm.SecretsManagerClient(settings(server));
  clientThere = new sm.SecretsManagerClient(settings(server, { region: there }));
});

after(async () => {
  client.destroy();
  clientThere.destroy();
  const { status, log } = await server.stop();
  assert.equal(status, 0);
  assert.ok(!log.includes("panicked at"), log);
  assert.ok(!log.includes("a-canary"), log);
});

/** Calls an operation by its name and looks at what every answer has. */
async function call(operation, input = {}, by = client) {
  const { $metadata, ...output } = await by.send(new sm[`${operation}Command`](input));
  assert.equal($metadata.httpStatusCode, 200);
  assert.match($metadata.requestId, /^[0-9a-f-]{36}$/);
  used.add(operation);
  return output;
}

/** Calls an operation that is refused. */
async function refused(operation, input, name, text, by = client) {
  await assert.rejects(by.send(new sm[`${operation}Command`](input)), (error) => {
    assert.equal(error.name, name);
    if (text) assert.equal(error.message, text);
    return true;
  });
  used.add(operation);
}

async function secret(SecretString = "a-canary", more = {}) {
  const Name = `js/secret-${++names}`;
  return { Name, ...(await call("CreateSecret", { Name, SecretString, ...more })) };
}

const value = async (SecretId, more = {}, by = client) =>
  (await call("GetSecretValue", { SecretId, ...more }, by)).SecretString;

const policy = (Principal) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal, Action: "secretsmanager:GetSecretValue", Resource: "*" }],
  });

test("values and versions", async () => {
  const { Name, ARN, VersionId } = await secret("a-canary grüße");
  assert.match(ARN, new RegExp(`^arn:aws:secretsmanager:us-east-1:${account}:secret:${Name}-[A-Za-z0-9]{6}$`));
  assert.equal(await value(ARN), "a-canary grüße");
  const second = await call("PutSecretValue", { SecretId: Name, SecretBinary: new Uint8Array([0, 1, 255]) });
  assert.deepEqual(second.VersionStages, ["AWSCURRENT"]);
  assert.deepEqual([...(await call("GetSecretValue", { SecretId: Name })).SecretBinary], [0, 1, 255]);
  await call("UpdateSecret", { SecretId: Name, SecretString: "a-canary 3", Description: "third" });
  const listed = await call("ListSecretVersionIds", { SecretId: Name, IncludeDeprecated: true });
  assert.equal(listed.Versions.length, 3);
  const found = await call("DescribeSecret", { SecretId: Name });
  assert.equal(found.Description, "third");
  assert.ok(found.LastAccessedDate instanceof Date);
  assert.deepEqual(found.VersionIdsToStages[second.VersionId], ["AWSPREVIOUS"]);
  const move = { VersionStage: "MINE", MoveToVersionId: VersionId };
  await call("UpdateSecretVersionStage", { SecretId: Name, ...move });
  assert.equal(await value(Name, { VersionStage: "MINE" }), "a-canary grüße");
  const text = "Secrets Manager can't find the specified secret value for staging label: AWSPENDING";
  await refused("GetSecretValue", { SecretId: Name, VersionStage: "AWSPENDING" }, "ResourceNotFoundException", text);
});

test("lists and batches", async () => {
  const first = await secret("a-canary 1");
  const second = await secret("a-canary 2");
  const Filters = [{ Key: "name", Values: [first.Name, second.Name] }];
  const { SecretList } = await call("ListSecrets", { Filters, SortOrder: "asc", SortBy: "name" });
  assert.ok(SecretList.some(({ Name }) => Name === first.Name));
  const batch = await call("BatchGetSecretValue", { SecretIdList: [first.Name, second.ARN, "nothing"] });
  assert.deepEqual(batch.SecretValues.map(({ SecretString }) => SecretString), ["a-canary 1", "a-canary 2"]);
  assert.equal(batch.Errors[0].ErrorCode, "ResourceNotFoundException");
  const pages = [];
  for await (const page of sm.paginateListSecrets({ client, pageSize: 1 }, {})) pages.push(...page.SecretList);
  assert.ok(pages.length >= 2);
});

test("deletion and restoring", async () => {
  const { Name } = await secret();
  const { DeletionDate } = await call("DeleteSecret", { SecretId: Name, RecoveryWindowInDays: 7 });
  assert.ok(DeletionDate - Date.now() > 6 * 86_400_000);
  const text = "You can't perform this operation on the secret because it was marked for deletion.";
  await refused("GetSecretValue", { SecretId: Name }, "InvalidRequestException", text);
  await call("RestoreSecret", { SecretId: Name });
  assert.equal(await value(Name), "a-canary");
  await call("DeleteSecret", { SecretId: Name, ForceDeleteWithoutRecovery: true });
  await refused("DescribeSecret", { SecretId: Name }, "ResourceNotFoundException");
});

test("policies and tags", async () => {
  const { Name } = await secret();
  const ResourcePolicy = policy({ AWS: `arn:aws:iam::${account}:root` });
  const checked = await call("ValidateResourcePolicy", { SecretId: Name, ResourcePolicy });
  assert.equal(checked.PolicyValidationPassed, true);
  await call("PutResourcePolicy", { SecretId: Name, ResourcePolicy });
  assert.equal((await call("GetResourcePolicy", { SecretId: Name })).ResourcePolicy, ResourcePolicy);
  await call("DeleteResourcePolicy", { SecretId: Name });
  const broad = { SecretId: Name, ResourcePolicy: policy("*"), BlockPublicPolicy: true };
  await refused("PutResourcePolicy", broad, "PublicPolicyException");
  await call("TagResource", { SecretId: Name, Tags: [{ Key: "a", Value: "1" }] });
  assert.deepEqual((await call("DescribeSecret", { SecretId: Name })).Tags, [{ Key: "a", Value: "1" }]);
  await call("UntagResource", { SecretId: Name, TagKeys: ["a"] });
  assert.deepEqual((await call("DescribeSecret", { SecretId: Name })).Tags, []);
});

test("replicas", async () => {
  const { Name } = await secret("a-canary 1");
  const AddReplicaRegions = [{ Region: there }, { Region: "us-west-2" }];
  const { ReplicationStatus } = await call("ReplicateSecretToRegions", { SecretId: Name, AddReplicaRegions });
  assert.deepEqual(ReplicationStatus.map(({ Status }) => Status), ["InSync", "InSync"]);
  await call("PutSecretValue", { SecretId: Name, SecretString: "a-canary 2" });
  assert.equal(await value(Name, {}, clientThere), "a-canary 2");
  await call("RemoveRegionsFromReplication", { SecretId: Name, RemoveReplicaRegions: ["us-west-2"] });
  await call("StopReplicationToReplica", { SecretId: Name }, clientThere);
  await call("PutSecretValue", { SecretId: Name, SecretString: "a-canary 3" });
  assert.equal(await value(Name, {}, clientThere), "a-canary 2");
});

test("rotation needs a function", async () => {
  const { Name } = await secret();
  const rules = { RotationRules: { ScheduleExpression: "rate(10 days)" } };
  const text = "No Lambda rotation function ARN is associated with this secret.";
  await refused("RotateSecret", { SecretId: Name, ...rules }, "InvalidRequestException", text);
  await refused("CancelRotateSecret", { SecretId: Name }, "InvalidRequestException", text);
  const RotationLambdaARN = `arn:aws:lambda:us-east-1:${account}:function:none`;
  await refused("RotateSecret", { SecretId: Name, RotationLambdaARN, ...rules }, "AccessDeniedException");
});

test("random passwords", async () => {
  const { RandomPassword } = await call("GetRandomPassword", { PasswordLength: 20, ExcludePunctuation: true });
  assert.match(RandomPassword, /^[A-Za-z0-9]{20}$/);
});

test("every operation of the client was used", () => {
  const all = Object.keys(sm).filter((name) => /^[A-Z].*Command$/.test(name) && name !== "$Command");
  const operations = all.map((name) => name.replace(/Command$/, "")).sort();
  assert.equal(operations.length, 23);
  assert.deepEqual([...used].sort(), operations);
});
