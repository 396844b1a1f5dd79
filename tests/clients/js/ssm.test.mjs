// Parameter Store by the JavaScript SDK.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as ssm from "@aws-sdk/client-ssm";

import { account, settings, start } from "./cloudlet.mjs";

let server;
let client;
const used = new Set();

before(async () => {
  server = await start();
  client = new ssm.SSMClient(settings(server));
});

after(async () => {
  client.destroy();
  const { status, log } = await server.stop();
  assert.equal(status, 0);
  assert.ok(!log.includes("panicked at"), log);
});

/** Calls an operation by its name and looks at what every answer has. */
async function call(operation, input) {
  const { $metadata, ...output } = await client.send(new ssm[`${operation}Command`](input));
  assert.equal($metadata.httpStatusCode, 200);
  assert.match($metadata.requestId, /^[0-9a-f-]{36}$/);
  used.add(operation);
  return output;
}

const failure = (operation, input) => call(operation, input).then(() => assert.fail("it answered"), (error) => error);
const arn = (name) => `arn:aws:ssm:us-east-1:${account}:parameter${name}`;

test("a parameter's way", async () => {
  const made = await call("PutParameter", { Name: "/js/a", Value: "grüße", Type: "String" });
  assert.deepEqual(made, { Version: 1, Tier: "Standard" });
  const { Parameter } = await call("GetParameter", { Name: "/js/a" });
  assert.ok(Parameter.LastModifiedDate instanceof Date);
  assert.equal(Parameter.Value, "grüße");
  assert.equal(Parameter.ARN, arn("/js/a"));
  await call("PutParameter", { Name: "/js/a", Value: "2", Overwrite: true });
  const labelled = await call("LabelParameterVersion", { Name: "/js/a", ParameterVersion: 1, Labels: ["old", "1"] });
  assert.deepEqual(labelled, { InvalidLabels: ["1"], ParameterVersion: 1 });
  const old = await call("GetParameter", { Name: "/js/a:old" });
  assert.deepEqual([old.Parameter.Value, old.Parameter.Selector], ["grüße", ":old"]);
  const history = await call("GetParameterHistory", { Name: "/js/a" });
  assert.deepEqual(history.Parameters.map(({ Version, Labels }) => [Version, Labels]), [[1, ["old"]], [2, []]]);
  const removed = await call("UnlabelParameterVersion", { Name: "/js/a", ParameterVersion: 1, Labels: ["old"] });
  assert.deepEqual(removed, { RemovedLabels: ["old"], InvalidLabels: [] });
  assert.deepEqual(await call("DeleteParameter", { Name: "/js/a" }), {});
  const error = await failure("GetParameter", { Name: "/js/a" });
  assert.ok(error instanceof ssm.ParameterNotFound);
});

test("lists", async () => {
  for (const end of ["a", "b", "c/d"]) {
    await call("PutParameter", { Name: `/list/${end}`, Value: end, Type: "String" });
  }
  const names = [];
  const everything = { Path: "/list", Recursive: true };
  for await (const page of ssm.paginateGetParametersByPath({ client, pageSize: 1 }, everything)) {
    names.push(...page.Parameters.map(({ Name }) => Name));
  }
  assert.deepEqual(names, ["/list/a", "/list/b", "/list/c/d"]);
  await call("GetParametersByPath", { Path: "/list" });
  const ParameterFilters = [{ Key: "Path", Option: "OneLevel", Values: ["/list"] }];
  const described = await call("DescribeParameters", { ParameterFilters });
  assert.deepEqual(described.Parameters.map(({ Name }) => Name), ["/list/a", "/list/b"]);
  const several = await call("GetParameters", { Names: ["/list/a", "/none"] });
  assert.deepEqual(several.InvalidParameters, ["/none"]);
  const deleted = await call("DeleteParameters", { Names: ["/list/a", "/none"] });
  assert.deepEqual(deleted, { DeletedParameters: ["/list/a"], InvalidParameters: ["/none"] });
});

test("tags", async () => {
  const resource = { ResourceType: "Parameter", ResourceId: "/tagged" };
  await call("PutParameter", { Name: "/tagged", Value: "x", Type: "String", Tags: [{ Key: "a", Value: "1" }] });
  assert.deepEqual(await call("AddTagsToResource", { ...resource, Tags: [{ Key: "b", Value: "" }] }), {});
  assert.deepEqual(await call("RemoveTagsFromResource", { ...resource, TagKeys: ["a"] }), {});
  assert.deepEqual((await call("ListTagsForResource", resource)).TagList, [{ Key: "b", Value: "" }]);
  const error = await failure("ListTagsForResource", { ...resource, ResourceId: "/none" });
  assert.ok(error instanceof ssm.InvalidResourceId);
});

test("sharing", async () => {
  await call("PutParameter", { Name: "/shared", Value: "x", Type: "String", Tier: "Advanced" });
  const ResourceArn = arn("/shared");
  const allowed = { Principal: { AWS: "111122223333" }, Action: "ssm:GetParameter", Resource: ResourceArn };
  const statement = { Effect: "Allow", ...allowed };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const made = await call("PutResourcePolicy", { ResourceArn, Policy });
  assert.deepEqual((await call("GetResourcePolicies", { ResourceArn })).Policies, [{ ...made, Policy }]);
  assert.deepEqual(await call("DeleteResourcePolicy", { ResourceArn, ...made }), {});
});

test("an operation that is not there says so and names itself", async () => {
  const error = await failure("CreateDocument", { Name: "x", Content: "{}" });
  assert.equal(error.name, "NotImplemented");
  assert.equal(error.$metadata.httpStatusCode, 501);
  assert.match(error.message, /CreateDocument/);
});

test("every operation was used", () => {
  assert.equal(used.size, 16, [...used].sort().join(" "));
});
