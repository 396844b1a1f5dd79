// STS by the JavaScript SDK.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AssumeRootCommand, GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from "@aws-sdk/client-sts";

import { account, settings, start } from "./cloudlet.mjs";

let server;
let client;

before(async () => {
  server = await start();
  client = new STSClient(settings(server));
});

after(async () => {
  client.destroy();
  const { status, log } = await server.stop();
  assert.equal(status, 0);
  assert.ok(!log.includes("panicked at"), log);
});

test("who am I", async () => {
  const identity = await client.send(new GetCallerIdentityCommand({}));
  assert.equal(identity.Account, account);
  assert.equal(identity.Arn, `arn:aws:iam::${account}:root`);
});

test("credentials of a session work like any others", async () => {
  const { Credentials } = await client.send(new GetSessionTokenCommand({ DurationSeconds: 900 }));
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = Credentials;
  assert.ok(accessKeyId.startsWith("ASIA"));
  assert.ok(Credentials.Expiration instanceof Date);
  const credentials = { accessKeyId, secretAccessKey, sessionToken };
  const session = new STSClient({ ...settings(server), credentials });
  const identity = await session.send(new GetCallerIdentityCommand({}));
  assert.equal(identity.Arn, `arn:aws:iam::${account}:root`);
  session.destroy();
});

test("an operation that is not there says so and names itself", async () => {
  const task = { arn: "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials" };
  const command = new AssumeRootCommand({ TargetPrincipal: account, TaskPolicyArn: task });
  const error = await client.send(command).catch((error) => error);
  assert.equal(error.name, "NotImplemented");
  assert.equal(error.$metadata.httpStatusCode, 501);
  assert.match(error.message, /AssumeRoot/);
});
