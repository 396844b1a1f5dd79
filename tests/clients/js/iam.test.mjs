// IAM by the JavaScript SDK. Every operation runs with this SDK in the exercises of ../test_iam.py; here is what a
// program does.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as sdk from "@aws-sdk/client-iam";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

import { account, settings, start } from "./cloudlet.mjs";

let server;
let iam;

before(async () => {
  server = await start();
  iam = new sdk.IAMClient(settings(server));
});

after(async () => {
  iam.destroy();
  const { status, log } = await server.stop();
  assert.equal(status, 0);
  assert.ok(!log.includes("panicked at"), log);
});

const call = (operation, input) => iam.send(new sdk[`${operation}Command`](input));

test("a user is nobody until a policy says otherwise", async () => {
  const UserName = "worker";
  const { User } = await call("CreateUser", { UserName, Tags: [{ Key: "team", Value: "blue" }] });
  assert.equal(User.Arn, `arn:aws:iam::${account}:user/${UserName}`);
  assert.ok(User.CreateDate instanceof Date);
  const { AccessKey } = await call("CreateAccessKey", { UserName });
  const credentials = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
  const sts = new STSClient(settings(server, { credentials }));
  assert.equal((await sts.send(new GetCallerIdentityCommand({}))).UserId, User.UserId);
  const sqs = new SQSClient(settings(server, { credentials }));
  const refused = await sqs.send(new ListQueuesCommand({})).catch((error) => error);
  assert.match(refused.name, /^AccessDenied/);
  const Statement = [{ Effect: "Allow", Action: "sqs:ListQueues", Resource: "*" }];
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  await call("PutUserPolicy", { UserName, PolicyName: "own", PolicyDocument });
  assert.equal((await sqs.send(new ListQueuesCommand({}))).$metadata.httpStatusCode, 200);
  const found = await call("GetUserPolicy", { UserName, PolicyName: "own" });
  assert.equal(decodeURIComponent(found.PolicyDocument), PolicyDocument);
  await call("UpdateAccessKey", { UserName, AccessKeyId: AccessKey.AccessKeyId, Status: "Inactive" });
  const inactive = await sqs.send(new ListQueuesCommand({})).catch((error) => error);
  assert.equal(inactive.$metadata.httpStatusCode, 403);
  [sts, sqs].forEach((client) => client.destroy());
});

test("pages, and errors by their class", async () => {
  for (const GroupName of ["a", "b", "c"]) await call("CreateGroup", { GroupName });
  const found = [];
  for await (const page of sdk.paginateListGroups({ client: iam, pageSize: 2 }, {})) {
    assert.ok(page.Groups.length <= 2);
    found.push(...page.Groups.map((group) => group.GroupName));
  }
  assert.deepEqual(found, ["a", "b", "c"]);
  const twice = await call("CreateGroup", { GroupName: "A" }).catch((error) => error);
  assert.ok(twice instanceof sdk.EntityAlreadyExistsException, twice);
  const missing = await call("GetRole", { RoleName: "nobody" }).catch((error) => error);
  assert.ok(missing instanceof sdk.NoSuchEntityException, missing);
  assert.equal(missing.message, "The role with name nobody cannot be found.");
});
