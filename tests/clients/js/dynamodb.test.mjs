// DynamoDB by the JavaScript SDK's document client, which has plain values where the API has typed ones.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as dynamodb from "@aws-sdk/client-dynamodb";
import * as documents from "@aws-sdk/lib-dynamodb";

import { settings, start } from "./cloudlet.mjs";

let server;
let client;
let db;
let tables = 0;
const clients = [];

before(async () => {
  server = await start();
  db = document();
  client = clients[0];
});

/** A document client on a client of its own: its options become that client's. */
function document(options) {
  clients.push(new dynamodb.DynamoDBClient(settings(server)));
  return documents.DynamoDBDocumentClient.from(clients.at(-1), options);
}

after(async () => {
  for (const each of clients) each.destroy();
  const { status, log } = await server.stop();
  assert.equal(status, 0);
  assert.ok(!log.includes("panicked at"), log);
});

/** Calls an operation of the document client by its command's name. */
const call = (name, input, by = db) => by.send(new documents[`${name}Command`](input));

const failure = (name, input, by) => call(name, input, by).then(() => assert.fail("it answered"), (error) => error);

/** Makes a table of authors and their songs, with an index of years. */
async function songs() {
  const TableName = `js-${++tables}`;
  await client.send(
    new dynamodb.CreateTableCommand({
      TableName,
      KeySchema: [
        { AttributeName: "author", KeyType: "HASH" },
        { AttributeName: "title", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "author", AttributeType: "S" },
        { AttributeName: "title", AttributeType: "S" },
        { AttributeName: "year", AttributeType: "N" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "by-year",
          KeySchema: [{ AttributeName: "year", KeyType: "HASH" }],
          Projection: { ProjectionType: "ALL" },
        },
      ],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  await dynamodb.waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName });
  return TableName;
}

/** Puts songs of one author. */
async function fill(TableName, count) {
  const put = (n) => ({ PutRequest: { Item: { author: "a", title: `t${String(n).padStart(2, "0")}`, year: 2000 + (n % 2) } } });
  for (let first = 0; first < count; first += 25) {
    const length = Math.min(25, count - first);
    const requests = Array.from({ length }, (_, n) => put(first + n));
    const { UnprocessedItems } = await call("BatchWrite", { RequestItems: { [TableName]: requests } });
    assert.deepEqual(UnprocessedItems, {});
  }
}

const key = { author: "a", title: "t" };

test("plain values come back as they went", async () => {
  const TableName = await songs();
  const Item = {
    ...key,
    whole: 7,
    part: -0.125,
    yes: true,
    nothing: null,
    list: ["one", 2, [false, null]],
    map: { "with space": { deep: "grüße" }, empty: {} },
    bytes: new Uint8Array([0, 1, 255]),
    empty: "",
    strings: new Set(["a", "b"]),
    numbers: new Set([1, 2.5]),
    binaries: new Set([new Uint8Array([1])]),
  };
  await call("Put", { TableName, Item });
  const { Item: found } = await call("Get", { TableName, Key: key, ConsistentRead: true });
  assert.deepEqual(found, Item);
});

test("what marshalling makes of values", async () => {
  const TableName = await songs();
  class Song {
    constructor() {
      Object.assign(this, key, { length: 3 });
    }
  }
  const lenient = document({
    marshallOptions: { removeUndefinedValues: true, convertEmptyValues: true, convertClassInstanceToMap: true },
  });
  await assert.rejects(call("Put", { TableName, Item: { ...key, list: [undefined] } }), /removeUndefinedValues/);
  const Item = { ...key, list: [1, undefined], empty: "", none: new Set(), song: new Song() };
  await call("Put", { TableName, Item }, lenient);
  const { Item: found } = await call("Get", { TableName, Key: key });
  assert.deepEqual(found, { ...key, list: [1], empty: null, none: null, song: { ...key, length: 3 } });
});

test("numbers that JavaScript has not", async () => {
  const TableName = await songs();
  const exact = document({
    marshallOptions: { allowImpreciseNumbers: false },
    unmarshallOptions: { wrapNumbers: true },
  });
  const digits = "1234567890123456789.0123456789012345678";
  const Item = { ...key, precise: documents.NumberValue.from(digits), big: 2n ** 64n };
  await call("Put", { TableName, Item }, exact);
  const { Item: found } = await call("Get", { TableName, Key: key }, exact);
  assert.equal(found.precise.toString(), digits);
  assert.equal(found.big.toBigInt(), 2n ** 64n);
  // A number of more than 38 digits is the server's to refuse, one that has lost digits already the client's.
  const error = await failure("Put", { TableName, Item: { ...key, n: documents.NumberValue.from(`${digits}1`) } }, exact);
  assert.equal(error.name, "ValidationException");
  await assert.rejects(call("Put", { TableName, Item: { ...key, n: 2 ** 60 } }, exact), /imprecise|Number/);
  const { Item: plain } = await call("Get", { TableName, Key: key, ProjectionExpression: "big" });
  assert.equal(plain.big, 2n ** 64n);
});

test("updates and conditions", async () => {
  const TableName = await songs();
  const change = {
    TableName,
    Key: key,
    UpdateExpression: "SET #y = if_not_exists(#y, :first) + :one, tags = :tags ADD plays :one",
    ExpressionAttributeNames: { "#y": "year" },
    ExpressionAttributeValues: { ":first": 1999, ":one": 1, ":tags": new Set(["x"]) },
    ReturnValues: "ALL_NEW",
  };
  assert.deepEqual((await call("Update", change)).Attributes, { ...key, year: 2000, plays: 1, tags: new Set(["x"]) });
  assert.equal((await call("Update", change)).Attributes.plays, 2);
  const failed = await failure("Delete", {
    TableName,
    Key: key,
    ConditionExpression: "plays < :n",
    ExpressionAttributeValues: { ":n": 2 },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  assert.ok(failed instanceof dynamodb.ConditionalCheckFailedException);
  assert.deepEqual(failed.Item.plays, { N: "2" });
  const { Attributes } = await call("Delete", { TableName, Key: key, ReturnValues: "ALL_OLD" });
  assert.equal(Attributes.year, 2001);
  assert.equal((await call("Get", { TableName, Key: key })).Item, undefined);
});

test("pages of queries and scans", async () => {
  const TableName = await songs();
  await fill(TableName, 30);
  const query = {
    TableName,
    KeyConditionExpression: "author = :a AND begins_with(title, :t)",
    FilterExpression: "#y = :y",
    ExpressionAttributeNames: { "#y": "year" },
    ExpressionAttributeValues: { ":a": "a", ":t": "t1", ":y": 2001 },
    ScanIndexForward: false,
  };
  const pages = [];
  for await (const page of documents.paginateQuery({ client: db, pageSize: 4 }, query)) pages.push(page);
  assert.deepEqual(pages.map(({ ScannedCount }) => ScannedCount), [4, 4, 2]);
  assert.deepEqual(pages[0].LastEvaluatedKey, { author: "a", title: "t16" });
  assert.deepEqual(pages.flatMap(({ Items }) => Items.map(({ title }) => title)), ["t19", "t17", "t15", "t13", "t11"]);
  let found = 0;
  for await (const { Count } of documents.paginateScan({ client: db, pageSize: 7 }, { TableName })) found += Count;
  assert.equal(found, 30);
  const index = { TableName, IndexName: "by-year", KeyConditionExpression: "#y = :y", Limit: 10 };
  const values = { ExpressionAttributeNames: { "#y": "year" }, ExpressionAttributeValues: { ":y": 2000 } };
  const { Items, LastEvaluatedKey } = await call("Query", { ...index, ...values });
  assert.equal(Items.length, 10);
  assert.deepEqual(LastEvaluatedKey, Items[9]);
});

test("batches", async () => {
  const TableName = await songs();
  await fill(TableName, 3);
  const Keys = ["t00", "t02", "t77"].map((title) => ({ author: "a", title }));
  const { Responses, UnprocessedKeys } = await call("BatchGet", { RequestItems: { [TableName]: { Keys } } });
  assert.deepEqual(Responses[TableName].map(({ title }) => title).sort(), ["t00", "t02"]);
  assert.deepEqual(UnprocessedKeys, {});
});

test("transactions", async () => {
  const TableName = await songs();
  const Update = {
    TableName,
    Key: key,
    UpdateExpression: "ADD plays :one",
    ExpressionAttributeValues: { ":one": 1 },
  };
  const Put = { TableName, Item: { ...key, title: "other" }, ConditionExpression: "attribute_not_exists(author)" };
  const transaction = { TransactItems: [{ Update }, { Put }], ClientRequestToken: "the caller's token" };
  await call("TransactWrite", transaction);
  // The same request again is the same transaction; under a token of its own it is another, which cannot be.
  await call("TransactWrite", transaction);
  const error = await failure("TransactWrite", { TransactItems: transaction.TransactItems });
  assert.ok(error instanceof dynamodb.TransactionCanceledException);
  assert.deepEqual(error.CancellationReasons.map(({ Code }) => Code), ["None", "ConditionalCheckFailed"]);
  assert.match(error.message, /\[None, ConditionalCheckFailed\]$/);
  const gets = [{ Get: { TableName, Key: key } }, { Get: { TableName, Key: { ...key, title: "nothing" } } }];
  const { Responses } = await call("TransactGet", { TransactItems: gets });
  assert.deepEqual(Responses, [{ Item: { ...key, plays: 1 } }, {}]);
});

test("a table's end", async () => {
  const TableName = await songs();
  await client.send(new dynamodb.DeleteTableCommand({ TableName }));
  await dynamodb.waitUntilTableNotExists({ client, maxWaitTime: 30 }, { TableName });
  assert.ok((await failure("Get", { TableName, Key: key })) instanceof dynamodb.ResourceNotFoundException);
});
