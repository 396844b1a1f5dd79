// DynamoDB through ElectroDB: several kinds of things in one table, reached by what is known of them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as dynamodb from "@aws-sdk/client-dynamodb";
import { createSchema, Entity, Service } from "electrodb";

import { settings, start } from "./cloudlet.mjs";

const TABLE = "single-table";

let server;
let client;
let app;

before(async () => {
  server = await start();
  client = new dynamodb.DynamoDBClient(settings(server));
  const names = ["pk", "sk", "gsi1pk", "gsi1sk"];
  const schema = (prefix) => [
    { AttributeName: `${prefix}pk`, KeyType: "HASH" },
    { AttributeName: `${prefix}sk`, KeyType: "RANGE" },
  ];
  await client.send(
    new dynamodb.CreateTableCommand({
      TableName: TABLE,
      KeySchema: schema(""),
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      GlobalSecondaryIndexes: [
        { IndexName: "gsi1", KeySchema: schema("gsi1"), Projection: { ProjectionType: "ALL" } },
      ],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  await dynamodb.waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName: TABLE });
  app = new Service({ employee: new Entity(employee), task: new Entity(task) }, { client, table: TABLE });
});

after(async () => {
  client.destroy();
  const { status, log } = await server.stop();
  assert.equal(status, 0);
  assert.ok(!log.includes("panicked at"), log);
});

const employee = createSchema({
  model: { entity: "employee", version: "1", service: "taskapp" },
  attributes: {
    employee: { type: "string", required: true },
    office: { type: "string", required: true },
    team: { type: "string", required: true },
    salary: { type: "number", default: 0 },
    skills: { type: "set", items: "string" },
  },
  indexes: {
    employee: { pk: { field: "pk", composite: ["employee"] }, sk: { field: "sk", composite: [] }, collection: "workload" },
    office: {
      index: "gsi1",
      pk: { field: "gsi1pk", composite: ["office"] },
      sk: { field: "gsi1sk", composite: ["team", "employee"] },
    },
  },
});

const task = createSchema({
  model: { entity: "task", version: "1", service: "taskapp" },
  attributes: {
    employee: { type: "string", required: true },
    project: { type: "string", required: true },
    task: { type: "string", required: true },
    status: { type: ["open", "in-progress", "closed"], default: "open" },
    points: { type: "number", default: 0 },
    comments: { type: "list", items: { type: "map", properties: { user: { type: "string" }, text: { type: "string" } } } },
  },
  indexes: {
    assigned: {
      collection: "workload",
      pk: { field: "pk", composite: ["employee"] },
      sk: { field: "sk", composite: ["project", "task"] },
    },
    project: {
      index: "gsi1",
      pk: { field: "gsi1pk", composite: ["project"] },
      sk: { field: "gsi1sk", composite: ["status", "task"] },
    },
  },
});

/** An employee and some tasks, under names that no other test has. */
async function team(name, tasks = 3) {
  const { employee, task } = app.entities;
  await employee.create({ employee: name, office: `office-${name}`, team: "red", skills: ["sql", "rust"] }).go();
  const wanted = Array.from({ length: tasks }, (_, n) => ({ employee: name, project: `p-${name}`, task: `t${100 + n}` }));
  const { unprocessed } = await task.put(wanted).go();
  assert.deepEqual(unprocessed, []);
}

const names = ({ data }) => data.map(({ task }) => task);

test("an entity's way", async () => {
  const { employee } = app.entities;
  const key = { employee: "ann" };
  await team("ann");
  const found = { ...key, office: "office-ann", team: "red", salary: 0, skills: ["rust", "sql"] };
  assert.deepEqual((await employee.get(key).go()).data, found);
  await assert.rejects(employee.create(found).go(), /conditional request failed/);
  const { data } = await employee.update(key).set({ team: "blue" }).add({ salary: 10, skills: ["c"] }).go({ response: "all_new" });
  assert.deepEqual(data, { ...found, team: "blue", salary: 10, skills: ["c", "rust", "sql"] });
  await assert.rejects(employee.patch({ employee: "nobody" }).set({ team: "x" }).go(), /conditional request failed/);
  assert.equal((await employee.remove(key).go({ response: "all_old" })).data.salary, 10);
  assert.equal((await employee.get(key).go()).data, null);
});

test("conditions and changes of lists", async () => {
  const { task } = app.entities;
  await team("bea", 1);
  const key = { employee: "bea", project: "p-bea", task: "t100" };
  const change = () =>
    task
      .patch(key)
      .set({ status: "in-progress" })
      .append({ comments: [{ user: "janet", text: "half done" }] })
      .where(({ status }, { eq }) => eq(status, "open"))
      .go({ response: "all_new" });
  await task.patch(key).set({ comments: [] }).go();
  const { data } = await change();
  assert.deepEqual(data.comments, [{ user: "janet", text: "half done" }]);
  await assert.rejects(change(), /conditional request failed/);
  await task.patch(key).data(({ comments }, { set }) => set(comments[0].text, "done")).go();
  assert.equal((await task.get(key).go()).data.comments[0].text, "done");
  // The index follows what its key is made of.
  const open = await task.query.project({ project: "p-bea" }).begins({ status: "open" }).go();
  assert.deepEqual(open.data, []);
  assert.deepEqual(names(await task.query.project({ project: "p-bea", status: "in-progress" }).go()), ["t100"]);
});

test("a collection holds entities of several kinds", async () => {
  await team("cid", 4);
  const { data } = await app.collections.workload({ employee: "cid" }).go();
  assert.deepEqual(data.employee.map(({ employee }) => employee), ["cid"]);
  assert.deepEqual(data.task.map(({ task }) => task), ["t100", "t101", "t102", "t103"]);
});

test("sort keys of several parts", async () => {
  const { task, employee } = app.entities;
  await team("dan", 8);
  const of = { employee: "dan", project: "p-dan" };
  assert.deepEqual(names(await task.query.assigned(of).between({ task: "t102" }, { task: "t104" }).go()), ["t102", "t103", "t104"]);
  assert.deepEqual(names(await task.query.assigned(of).gte({ task: "t106" }).go({ order: "desc" })), ["t107", "t106"]);
  assert.deepEqual((await employee.query.office({ office: "office-dan", team: "red" }).go()).data.length, 1);
  const some = await task.query
    .assigned(of)
    .where(({ task }, { contains, eq }) => `${contains(task, "7")} OR ${eq(task, "t101")}`)
    .go();
  assert.deepEqual(names(some), ["t101", "t107"]);
});

test("a cursor goes on where a page ended", async () => {
  const { task } = app.entities;
  await team("eve", 7);
  const found = [];
  let cursor = null;
  let pages = 0;
  do {
    const page = await task.query.assigned({ employee: "eve" }).go({ cursor, limit: 3 });
    found.push(...names(page));
    cursor = page.cursor;
    pages += 1;
  } while (cursor !== null);
  assert.deepEqual(found, Array.from({ length: 7 }, (_, n) => `t${100 + n}`));
  assert.equal(pages, 3);
  assert.equal(names(await task.query.assigned({ employee: "eve" }).go({ pages: "all" })).length, 7);
});

test("batches of keys, some of which are nobody's", async () => {
  const { task } = app.entities;
  await team("fay", 60);
  const keys = Array.from({ length: 62 }, (_, n) => ({ employee: "fay", project: "p-fay", task: `t${100 + n}` }));
  const { data, unprocessed } = await task.get(keys).go();
  assert.equal(data.length, 60);
  assert.deepEqual(unprocessed, []);
  assert.deepEqual((await task.delete(keys).go()).unprocessed, []);
  assert.deepEqual(names(await task.query.assigned({ employee: "fay" }).go()), []);
});

test("transactions over entities", async () => {
  await team("gus", 2);
  await team("hal", 0);
  const move = (n) =>
    app.transaction
      .write(({ task, employee }) => [
        task.remove({ employee: "gus", project: "p-gus", task: `t10${n}` }).where(({ status }, { eq }) => eq(status, "open")).commit(),
        task.create({ employee: "hal", project: "p-gus", task: `t10${n}` }).commit(),
        employee.check({ employee: "hal" }).where(({ team }, { eq }) => eq(team, "red")).commit(),
      ])
      .go();
  assert.equal((await move(0)).canceled, false);
  const again = await move(0);
  assert.equal(again.canceled, true);
  assert.deepEqual(again.data.map(({ rejected, code }) => [rejected, code]), [
    [true, "ConditionalCheckFailed"],
    [true, "ConditionalCheckFailed"],
    [false, "None"],
  ]);
  const { data } = await app.transaction
    .get(({ task, employee }) => [
      employee.get({ employee: "hal" }).commit(),
      task.get({ employee: "hal", project: "p-gus", task: "t100" }).commit(),
      task.get({ employee: "gus", project: "p-gus", task: "t100" }).commit(),
    ])
    .go();
  assert.deepEqual(data.map(({ item }) => item?.employee ?? null), ["hal", "hal", null]);
});

test("a scan of one kind in a table of several", async () => {
  await team("ida", 2);
  const { data } = await app.entities.employee.scan.where(({ office }, { eq }) => eq(office, "office-ida")).go({ pages: "all" });
  assert.deepEqual(data.map(({ employee }) => employee), ["ida"]);
});
