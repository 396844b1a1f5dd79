// Calls operations for the Python tests: one line of JSON for a call, one for its answer. So the exercises of every
// operation, which are written once, run with this SDK, too.
import { createInterface } from "node:readline";

import { findLocal } from "./loopback.mjs";

findLocal();

const clients = new Map();

// Packages that are not named as boto3 names their services.
const PACKAGES = { dynamodbstreams: "dynamodb-streams", s3control: "s3-control", secretsmanager: "secrets-manager" };

/** The package of a service, and a client for these credentials. */
async function client({ endpoint, service, credentials }) {
  const name = PACKAGES[service] ?? service;
  const sdk = await import(`@aws-sdk/client-${name}`);
  const { AccessKeyId, SecretAccessKey, SessionToken } = credentials;
  const key = [endpoint, service, AccessKeyId, SecretAccessKey, SessionToken].join(" ");
  if (!clients.has(key)) {
    const kind = Object.keys(sdk).find((exported) => /^[A-Z].*Client$/.test(exported) && !exported.startsWith("__"));
    const given = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    const settings = { endpoint, region: "us-east-1", credentials: given, maxAttempts: 1 };
    // To an endpoint that is an address no name of a bucket can be prefixed.
    if (service === "s3") settings.forcePathStyle = !endpoint.includes("localhost");
    clients.set(key, new sdk[kind](settings));
  }
  return [sdk, clients.get(key)];
}

/** What JSON has not: bytes and times. */
function pack(value) {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Date) return { $date: value.toISOString() };
  if (Array.isArray(value)) return value.map(pack);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, pack(member)]));
}

function unpack(value) {
  if (Array.isArray(value)) return value.map(unpack);
  if (value === null || typeof value !== "object") return value;
  if ("$bytes" in value) return new Uint8Array(Buffer.from(value.$bytes, "base64"));
  if ("$date" in value) return new Date(value.$date);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, unpack(member)]));
}

/** Reads what is a stream in an answer. */
async function whole(output) {
  for (const [name, value] of Object.entries(output)) {
    if (typeof value?.transformToByteArray === "function") output[name] = await value.transformToByteArray();
  }
  return output;
}

async function answer(request) {
  const [sdk, of] = await client(request);
  const command = new sdk[`${request.operation}Command`](unpack(request.input));
  try {
    const { $metadata, ...output } = await of.send(command);
    return { status: $metadata.httpStatusCode, output: pack(await whole(output)) };
  } catch (error) {
    // What did not come from the server is a fault of the test.
    if (!error.$metadata?.httpStatusCode) throw error;
    return { error: { Code: error.Code ?? error.name, Message: error.message } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
