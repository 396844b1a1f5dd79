// Every operation of SQS by the JavaScript SDK.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as sqs from "@aws-sdk/client-sqs";

import { account, settings, start } from "./cloudlet.mjs";

let server;
let client;
let queues = 0;
const used = new Set();

before(async () => {
  server = await start();
  client = new sqs.SQSClient(settings(server));
});

after(async () => {
  client.destroy();
  const { status, log } = await server.stop();
  assert.equal(status, 0);
  assert.ok(!log.includes("panicked at"), log);
});

/** Calls an operation by its name and looks at what every answer has. */
async function call(operation, input) {
  const { $metadata, ...output } = await client.send(new sqs[`${operation}Command`](input));
  assert.equal($metadata.httpStatusCode, 200);
  assert.match($metadata.requestId, /^[0-9a-f-]{36}$/);
  used.add(operation);
  return output;
}

const md5 = (text) => createHash("md5").update(text).digest("hex");
const name = (suffix = "") => `js-${++queues}${suffix}`;
const arn = (url) => `arn:aws:sqs:us-east-1:${account}:${url.split("/").at(-1)}`;

async function queue(Attributes = {}, suffix = "") {
  return (await call("CreateQueue", { QueueName: name(suffix), Attributes })).QueueUrl;
}

async function deadLetterPair() {
  const dead = await queue();
  const policy = JSON.stringify({ deadLetterTargetArn: arn(dead), maxReceiveCount: 1 });
  return [await queue({ RedrivePolicy: policy }), dead];
}

async function attributes(QueueUrl) {
  return (await call("GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] })).Attributes;
}

test("a message's way", async () => {
  const QueueUrl = await queue({ VisibilityTimeout: "60" });
  const MessageAttributes = {
    colour: { DataType: "String", StringValue: "blue" },
    raw: { DataType: "Binary", BinaryValue: new Uint8Array([0, 1, 255]) },
  };
  const sent = await call("SendMessage", { QueueUrl, MessageBody: "grüße", MessageAttributes });
  assert.equal(sent.MD5OfMessageBody, md5("grüße"));
  const wanted = { MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"] };
  const { Messages } = await call("ReceiveMessage", { QueueUrl, ...wanted });
  assert.equal(Messages.length, 1);
  const [message] = Messages;
  assert.equal(message.MessageId, sent.MessageId);
  assert.equal(message.MD5OfMessageAttributes, sent.MD5OfMessageAttributes);
  assert.deepEqual([...message.MessageAttributes.raw.BinaryValue], [0, 1, 255]);
  assert.equal(message.Attributes.ApproximateReceiveCount, "1");
  const { ReceiptHandle } = message;
  assert.deepEqual(await call("ChangeMessageVisibility", { QueueUrl, ReceiptHandle, VisibilityTimeout: 90 }), {});
  assert.deepEqual(await call("ReceiveMessage", { QueueUrl }), {});
  assert.deepEqual(await call("DeleteMessage", { QueueUrl, ReceiptHandle }), {});
  assert.equal((await attributes(QueueUrl)).ApproximateNumberOfMessagesNotVisible, "0");
});

test("batches", async () => {
  const QueueUrl = await queue();
  const sent = await call("SendMessageBatch", {
    QueueUrl,
    Entries: [
      { Id: "a", MessageBody: "1" },
      { Id: "bad", MessageBody: "2", DelaySeconds: 901 },
      { Id: "b", MessageBody: "3" },
    ],
  });
  assert.deepEqual(sent.Successful.map((entry) => entry.Id), ["a", "b"]);
  assert.deepEqual(sent.Failed.map((entry) => [entry.Id, entry.Code, entry.SenderFault]), [
    ["bad", "InvalidParameterValue", true],
  ]);
  const { Messages } = await call("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10 });
  const entries = Messages.map(({ ReceiptHandle }, n) => ({ Id: `e${n}`, ReceiptHandle }));
  const shown = await call("ChangeMessageVisibilityBatch", {
    QueueUrl,
    Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout: 0 })),
  });
  assert.deepEqual(shown.Successful.map((entry) => entry.Id), ["e0", "e1"]);
  assert.equal((await attributes(QueueUrl)).ApproximateNumberOfMessages, "2");
  const deleted = await call("DeleteMessageBatch", { QueueUrl, Entries: entries });
  assert.deepEqual(deleted.Successful.map((entry) => entry.Id), ["e0", "e1"]);
  assert.equal(deleted.Failed, undefined);
});

test("a queue's life", async () => {
  const QueueName = name();
  const created = await call("CreateQueue", { QueueName, tags: { team: "blue" } });
  const { QueueUrl } = created;
  assert.equal(QueueUrl, `${server.endpoint}/${account}/${QueueName}`);
  assert.deepEqual(await call("GetQueueUrl", { QueueName }), { QueueUrl });
  assert.ok((await call("ListQueues", { QueueNamePrefix: QueueName })).QueueUrls.includes(QueueUrl));
  await call("SetQueueAttributes", { QueueUrl, Attributes: { DelaySeconds: "7" } });
  assert.equal((await attributes(QueueUrl)).DelaySeconds, "7");
  await call("TagQueue", { QueueUrl, Tags: { stage: "dev" } });
  await call("UntagQueue", { QueueUrl, TagKeys: ["team"] });
  assert.deepEqual(await call("ListQueueTags", { QueueUrl }), { Tags: { stage: "dev" } });
  const grant = { QueueUrl, Label: "a", AWSAccountIds: ["111122223333"], Actions: ["SendMessage"] };
  await call("AddPermission", grant);
  assert.equal(JSON.parse((await attributes(QueueUrl)).Policy).Statement[0].Sid, "a");
  await call("RemovePermission", { QueueUrl, Label: "a" });
  assert.equal((await attributes(QueueUrl)).Policy, undefined);
  await call("SendMessage", { QueueUrl, MessageBody: "x" });
  assert.deepEqual(await call("PurgeQueue", { QueueUrl }), {});
  assert.equal((await attributes(QueueUrl)).ApproximateNumberOfMessagesDelayed, "0");
  assert.deepEqual(await call("DeleteQueue", { QueueUrl }), {});
  await assert.rejects(call("GetQueueUrl", { QueueName }), sqs.QueueDoesNotExist);
});

test("dead letters and back", async () => {
  const [source, dead] = await deadLetterPair();
  assert.deepEqual(await call("ListDeadLetterSourceQueues", { QueueUrl: dead }), { queueUrls: [source] });
  await call("SendMessage", { QueueUrl: source, MessageBody: "poison" });
  await call("ReceiveMessage", { QueueUrl: source, VisibilityTimeout: 0 });
  assert.deepEqual(await call("ReceiveMessage", { QueueUrl: source }), {});
  assert.equal((await attributes(dead)).ApproximateNumberOfMessages, "1");
  const { TaskHandle } = await call("StartMessageMoveTask", { SourceArn: arn(dead) });
  assert.ok(TaskHandle);
  let task;
  for (let tries = 0; tries < 300 && task?.Status !== "COMPLETED"; tries++) {
    await sleep(50);
    [task] = (await call("ListMessageMoveTasks", { SourceArn: arn(dead) })).Results;
  }
  assert.equal(task.Status, "COMPLETED");
  assert.equal(task.ApproximateNumberOfMessagesMoved, 1);
  assert.equal((await call("ReceiveMessage", { QueueUrl: source })).Messages[0].Body, "poison");
});

test("a move task is cancelled", async () => {
  const [source, dead] = await deadLetterPair();
  for (let n = 0; n < 10; n++) await call("SendMessage", { QueueUrl: dead, MessageBody: String(n) });
  const { TaskHandle } = await call("StartMessageMoveTask", {
    SourceArn: arn(dead),
    DestinationArn: arn(source),
    MaxNumberOfMessagesPerSecond: 1,
  });
  const { ApproximateNumberOfMessagesMoved } = await call("CancelMessageMoveTask", { TaskHandle });
  assert.ok(ApproximateNumberOfMessagesMoved < 10);
});

test("a long poll ends when a message comes", async () => {
  const QueueUrl = await queue();
  const poll = call("ReceiveMessage", { QueueUrl, WaitTimeSeconds: 20 });
  await call("SendMessage", { QueueUrl, MessageBody: "now" });
  assert.equal((await poll).Messages[0].Body, "now");
});

test("FIFO order and deduplication", async () => {
  const QueueUrl = await queue({ FifoQueue: "true", ContentBasedDeduplication: "true" }, ".fifo");
  for (const MessageBody of ["1", "2", "2", "3"]) {
    await call("SendMessage", { QueueUrl, MessageBody, MessageGroupId: "g" });
  }
  const { Messages } = await call("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10 });
  assert.deepEqual(Messages.map((message) => message.Body), ["1", "2", "3"]);
});

/** Asserts what the SDK makes of an error. */
async function fails(operation, input, { name, code, status, message, type }) {
  const error = await call(operation, input).then(
    () => assert.fail(`${operation} succeeded`),
    (error) => error,
  );
  assert.equal(error.name, name);
  assert.equal(error.Code ?? error.name, code);
  assert.equal(error.$metadata.httpStatusCode, status);
  assert.equal(error.$fault, "client");
  if (message) assert.equal(error.message, message);
  if (type) assert.ok(error instanceof type);
}

test("modelled errors have their class, code and status", async () => {
  const url = `${server.endpoint}/${account}/nowhere`;
  await fails("SendMessage", { QueueUrl: url, MessageBody: "x" }, {
    name: "QueueDoesNotExist",
    code: "AWS.SimpleQueueService.NonExistentQueue",
    status: 400,
    message: "The specified queue does not exist.",
    type: sqs.QueueDoesNotExist,
  });
  const QueueUrl = await queue({ DelaySeconds: "1" });
  const QueueName = QueueUrl.split("/").at(-1);
  await fails("CreateQueue", { QueueName, Attributes: { DelaySeconds: "2" } }, {
    name: "QueueNameExists",
    code: "QueueAlreadyExists",
    status: 400,
    message: "A queue already exists with the same name and a different value for attribute DelaySeconds",
    type: sqs.QueueNameExists,
  });
  await fails("DeleteMessage", { QueueUrl, ReceiptHandle: "garbage" }, {
    name: "ReceiptHandleIsInvalid",
    code: "ReceiptHandleIsInvalid",
    status: 404,
    message: 'The input receipt handle "garbage" is not a valid receipt handle.',
    type: sqs.ReceiptHandleIsInvalid,
  });
  await call("PurgeQueue", { QueueUrl });
  await fails("PurgeQueue", { QueueUrl }, {
    name: "PurgeQueueInProgress",
    code: "AWS.SimpleQueueService.PurgeQueueInProgress",
    status: 403,
    message: `Only one PurgeQueue operation on ${QueueName} is allowed every 60 seconds.`,
    type: sqs.PurgeQueueInProgress,
  });
});

// The SDK names these by the older code.
test("errors outside the model have theirs", async () => {
  const QueueUrl = await queue();
  await fails("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 11 }, {
    name: "InvalidParameterValue",
    code: "InvalidParameterValue",
    status: 400,
    message: "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
  });
  await fails("SendMessage", { QueueUrl, MessageBody: "" }, {
    name: "MissingParameter",
    code: "MissingParameter",
    status: 400,
    message: "The request must contain the parameter MessageBody.",
  });
});

test("a wrong secret and an unknown key", async () => {
  for (const [accessKeyId, secretAccessKey, name] of [
    [account, "guess", "SignatureDoesNotMatch"],
    ["nobody", "test", "InvalidClientTokenId"],
  ]) {
    const credentials = { accessKeyId, secretAccessKey };
    const other = new sqs.SQSClient(settings(server, { credentials }));
    const error = await other.send(new sqs.ListQueuesCommand({})).catch((error) => error);
    other.destroy();
    assert.equal(error.name, name);
    assert.equal(error.$metadata.httpStatusCode, 403);
  }
});

test("every operation of the client was used", () => {
  const all = Object.keys(sqs).filter((name) => /^[A-Z].*Command$/.test(name) && name !== "$Command");
  const operations = all.map((name) => name.replace(/Command$/, "")).sort();
  assert.equal(operations.length, 23);
  assert.deepEqual([...used].sort(), operations);
});
