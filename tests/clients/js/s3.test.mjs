// S3 by the JavaScript SDK, and by what a browser does with it: forms, presigned URLs, requests across origins.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { Readable } from "node:stream";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import * as s3 from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

import { settings, start } from "./cloudlet.mjs";

const ORIGIN = "https://app.example.com";

let server;
let client;
let buckets = 0;

before(async () => {
  server = await start();
  client = new s3.S3Client(settings(server, { forcePathStyle: true, credentials: await key() }));
});

/** A user's own key: pages of other origins may use no key whose secret everybody knows. */
async function key() {
  const iam = new IAMClient(settings(server));
  const UserName = "app";
  const statement = { Effect: "Allow", Action: "s3:*", Resource: "*" };
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "s3", PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  iam.destroy();
  return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
}

after(async () => {
  client.destroy();
  const { status, log } = await server.stop();
  assert.equal(status, 0);
  assert.ok(!log.includes("panicked at"), log);
});

/** Calls an operation by its name and looks at what every answer has. */
async function call(operation, input) {
  const { $metadata, ...output } = await client.send(new s3[`${operation}Command`](input));
  assert.ok([200, 204, 206].includes($metadata.httpStatusCode));
  assert.ok($metadata.requestId);
  assert.ok($metadata.extendedRequestId);
  return output;
}

const failure = (operation, input) => call(operation, input).then(() => assert.fail("it answered"), (error) => error);

async function bucket(rule) {
  const Bucket = `js-bucket-${++buckets}`;
  await call("CreateBucket", { Bucket });
  if (rule) await call("PutBucketCors", { Bucket, CORSConfiguration: { CORSRules: [rule] } });
  return Bucket;
}

const read = async (Bucket, Key) => (await call("GetObject", { Bucket, Key })).Body.transformToString();
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

test("an object's way", async () => {
  const Bucket = await bucket();
  const made = await call("PutObject", { Bucket, Key: "a", Body: "grüße", Metadata: { colour: "blue" } });
  assert.equal(made.ETag, `"${createHash("md5").update("grüße").digest("hex")}"`);
  const found = await call("GetObject", { Bucket, Key: "a" });
  assert.equal(await found.Body.transformToString(), "grüße");
  assert.deepEqual(found.Metadata, { colour: "blue" });
  assert.ok(found.LastModified instanceof Date);
  await call("DeleteObject", { Bucket, Key: "a" });
  const gone = await failure("GetObject", { Bucket, Key: "a" });
  assert.ok(gone instanceof s3.NoSuchKey);
  assert.equal(gone.$metadata.httpStatusCode, 404);
  const headless = await failure("HeadObject", { Bucket, Key: "a" });
  assert.ok(headless instanceof s3.NotFound);
  assert.ok((await failure("ListObjectsV2", { Bucket: "no-such-bucket" })) instanceof s3.NoSuchBucket);
});

test("pages and waiters", async () => {
  const Bucket = await bucket();
  await s3.waitUntilBucketExists({ client, maxWaitTime: 10 }, { Bucket });
  const keys = ["a b", "a+b", "ä/1", "ä/2", "🌀"];
  for (const Key of keys) await call("PutObject", { Bucket, Key, Body: Key });
  const found = [];
  for await (const page of s3.paginateListObjectsV2({ client, pageSize: 2 }, { Bucket })) {
    found.push(...page.Contents.map(({ Key }) => Key));
  }
  assert.deepEqual(found, keys);
  assert.deepEqual(await Promise.all(keys.map((key) => read(Bucket, key))), keys);
});

test("a stream whose length is known goes up and comes down in pieces", async () => {
  const Bucket = await bucket();
  const bytes = randomBytes(3 * 1024 * 1024 + 1);
  const pieces = [bytes.subarray(0, 1_000_000), bytes.subarray(1_000_000)];
  await call("PutObject", { Bucket, Key: "a", Body: Readable.from(pieces), ContentLength: bytes.length });
  const { Body, ContentLength, ContentEncoding } = await call("GetObject", { Bucket, Key: "a" });
  assert.equal(ContentLength, bytes.length);
  assert.equal(ContentEncoding, undefined);
  const hash = createHash("sha256");
  for await (const piece of Body) hash.update(piece);
  assert.equal(hash.digest("hex"), digest(bytes));
});

test("a stream of unknown length goes up in parts", async () => {
  const Bucket = await bucket();
  const piece = randomBytes(1024 * 1024);
  const hash = createHash("sha256");
  async function* pieces() {
    for (let n = 0; n < 20; n++) {
      hash.update(piece);
      yield piece;
    }
  }
  const upload = new Upload({ client, params: { Bucket, Key: "large", Body: Readable.from(pieces()) } });
  const progress = [];
  upload.on("httpUploadProgress", ({ loaded }) => progress.push(loaded));
  const done = await upload.done();
  assert.match(done.ETag, /-4"$/);
  assert.equal(Math.max(...progress), 20 * 1024 * 1024);
  const found = await call("GetObject", { Bucket, Key: "large" });
  assert.equal(digest(await found.Body.transformToByteArray()), hash.digest("hex"));
});

test("an upload that is given up leaves nothing", async () => {
  const Bucket = await bucket();
  const Body = Readable.from((async function* () {
    for (let n = 0; n < 7; n++) yield randomBytes(1024 * 1024);
    throw new Error("the disk was pulled out");
  })());
  const upload = new Upload({ client, params: { Bucket, Key: "large", Body } });
  await assert.rejects(upload.done(), /pulled out/);
  assert.equal((await call("ListMultipartUploads", { Bucket })).Uploads, undefined);
  assert.equal((await call("ListObjectsV2", { Bucket })).KeyCount, 0);
});

test("presigned URLs, by a client that knows nothing of S3", async () => {
  const Bucket = await bucket();
  const key = { Bucket, Key: "a folder/ümlaut+sign" };
  const url = await getSignedUrl(client, new s3.PutObjectCommand(key), { expiresIn: 60 });
  const put = await fetch(url, { method: "PUT", body: "text" });
  assert.equal(put.status, 200, await put.text());
  const get = await getSignedUrl(client, new s3.GetObjectCommand({ ...key, ResponseContentType: "text/x" }));
  const got = await fetch(get);
  assert.equal(await got.text(), "text");
  assert.equal(got.headers.get("content-type"), "text/x");
  const other = await fetch(get.replace("X-Amz-Expires=900", "X-Amz-Expires=901"));
  assert.equal(other.status, 403);
  assert.match(await other.text(), /<Code>SignatureDoesNotMatch<\/Code>/);
  const gone = await fetch(await getSignedUrl(client, new s3.DeleteObjectCommand(key)), { method: "DELETE" });
  assert.equal(gone.status, 204);
  assert.equal((await call("ListObjectsV2", { Bucket })).KeyCount, 0);
});

test("a page of another origin puts an object after it asked", async () => {
  const rule = {
    AllowedOrigins: ["https://*.example.com"],
    AllowedMethods: ["PUT", "GET"],
    AllowedHeaders: ["content-type", "x-amz-*"],
    ExposeHeaders: ["ETag"],
    MaxAgeSeconds: 600,
  };
  const Bucket = await bucket(rule);
  const url = await getSignedUrl(client, new s3.PutObjectCommand({ Bucket, Key: "a", ContentType: "text/plain" }));
  const asks = (method, origin = ORIGIN, headers = "content-type") =>
    fetch(url, {
      method: "OPTIONS",
      headers: {
        Origin: origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
      },
    });
  const allowed = await asks("PUT");
  assert.equal(allowed.status, 200);
  assert.equal(allowed.headers.get("access-control-allow-origin"), ORIGIN);
  assert.match(allowed.headers.get("access-control-allow-methods"), /\bPUT\b/);
  assert.equal(allowed.headers.get("access-control-allow-headers"), "content-type");
  assert.equal(allowed.headers.get("access-control-max-age"), "600");
  for (const refused of [asks("DELETE"), asks("PUT", "https://example.org"), asks("PUT", ORIGIN, "x-other")]) {
    const answer = await refused;
    assert.equal(answer.status, 403);
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
  }
  const headers = { Origin: ORIGIN, "Content-Type": "text/plain" };
  const put = await fetch(url, { method: "PUT", headers, body: "text" });
  assert.equal(put.status, 200, await put.text());
  assert.equal(put.headers.get("access-control-allow-origin"), ORIGIN);
  assert.match(put.headers.get("access-control-expose-headers"), /ETag/);
  assert.equal(await read(Bucket, "a"), "text");
  const stranger = await fetch(url, { method: "PUT", headers: { ...headers, Origin: "https://example.org" }, body: "x" });
  assert.equal(stranger.headers.get("access-control-allow-origin"), null);
});

test("a form of another origin is an upload", async () => {
  const rule = { AllowedOrigins: ["*"], AllowedMethods: ["POST"], AllowedHeaders: ["*"] };
  const Bucket = await bucket(rule);
  const { url, fields } = await createPresignedPost(client, {
    Bucket,
    Key: "in/${filename}",
    Conditions: [["content-length-range", 1, 1000], ["eq", "$Content-Type", "text/plain"]],
    Fields: { "Content-Type": "text/plain", success_action_status: "201" },
  });
  const post = (content) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", new Blob([content], { type: "text/plain" }), "my file.txt");
    return fetch(url, { method: "POST", headers: { Origin: ORIGIN }, body: form });
  };
  const answer = await post("from a form");
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get("access-control-allow-origin"), "*");
  assert.match(await answer.text(), /<Key>in\/my file.txt<\/Key>/);
  assert.equal(await read(Bucket, "in/my file.txt"), "from a form");
  const long = await post("x".repeat(1001));
  assert.equal(long.status, 400);
  assert.match(await long.text(), /<Code>EntityTooLarge<\/Code>/);
});

test("a form goes to another page if it says so", async () => {
  const Bucket = await bucket();
  const next = "https://app.example.com/done";
  const Fields = { success_action_redirect: next };
  const { url, fields } = await createPresignedPost(client, { Bucket, Key: "a", Fields });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", new Blob(["text"]), "a");
  const answer = await fetch(url, { method: "POST", body: form, redirect: "manual" });
  assert.equal(answer.status, 303);
  const location = new URL(answer.headers.get("location"));
  assert.equal(location.origin + location.pathname, next);
  assert.deepEqual([location.searchParams.get("bucket"), location.searchParams.get("key")], [Bucket, "a"]);
});

test("an operation that is not there says so and names itself", async () => {
  const error = await failure("GetObjectTorrent", { Bucket: await bucket(), Key: "a" });
  assert.equal(error.name, "NotImplemented");
  assert.equal(error.$metadata.httpStatusCode, 501);
  assert.match(error.message, /GetObjectTorrent/);
});
