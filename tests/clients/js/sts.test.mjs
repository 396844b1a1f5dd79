// STS by the JavaScript SDK.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from "@aws-sdk/client-sts";

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

test("an operation that is not there says so and names itself", async () => {
  const error = await client.send(new GetSessionTokenCommand({})).catch((error) => error);
  assert.equal(error.name, "NotImplemented");
  assert.equal(error.$metadata.httpStatusCode, 501);
  assert.match(error.message, /GetSessionToken/);
});
