// KMS by the JavaScript SDK, checked against Node's own cryptography. Every operation runs with this SDK in the
// exercises of ../test_kms.py; here is what a program does.
import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, createPublicKey, randomBytes, verify } from "node:crypto";
import { after, before, test } from "node:test";
import * as sdk from "@aws-sdk/client-kms";

import { account, settings, start } from "./cloudlet.mjs";

let server;
let kms;

before(async () => {
  server = await start();
  kms = new sdk.KMSClient(settings(server));
});

after(async () => {
  kms.destroy();
  const { status, log } = await server.stop();
  assert.equal(status, 0);
  assert.ok(!log.includes("panicked at"), log);
});

const call = (operation, input) => kms.send(new sdk[`${operation}Command`](input));
const key = async (input = {}) => (await call("CreateKey", input)).KeyMetadata.KeyId;

test("an envelope: a data key seals, KMS seals the data key", async () => {
  const KeyId = await key();
  const EncryptionContext = { tenant: "blue" };
  const made = await call("GenerateDataKey", { KeyId, KeySpec: "AES_256", EncryptionContext });
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", made.Plaintext, nonce);
  const sealed = Buffer.concat([cipher.update("text"), cipher.final()]);
  const opened = await call("Decrypt", { CiphertextBlob: made.CiphertextBlob, EncryptionContext });
  assert.equal(opened.KeyId, `arn:aws:kms:us-east-1:${account}:key/${KeyId}`);
  const decipher = createDecipheriv("aes-256-gcm", opened.Plaintext, nonce).setAuthTag(cipher.getAuthTag());
  assert.equal(Buffer.concat([decipher.update(sealed), decipher.final()]).toString(), "text");
  const error = await call("Decrypt", { CiphertextBlob: made.CiphertextBlob }).catch((error) => error);
  assert.ok(error instanceof sdk.InvalidCiphertextException, error);
});

for (const [KeySpec, SigningAlgorithm] of [
  ["ECC_NIST_P256", "ECDSA_SHA_256"],
  ["RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"],
]) {
  test(`what ${KeySpec} signs, Node verifies`, async () => {
    const KeyId = await key({ KeySpec, KeyUsage: "SIGN_VERIFY" });
    const Message = Buffer.from("text");
    const { Signature } = await call("Sign", { KeyId, Message, SigningAlgorithm });
    const { PublicKey } = await call("GetPublicKey", { KeyId });
    const half = createPublicKey({ key: Buffer.from(PublicKey), format: "der", type: "spki" });
    assert.ok(verify("sha256", Message, half, Signature));
    assert.ok(!verify("sha256", Buffer.from("other"), half, Signature));
  });
}

test("pages, and errors by their class", async () => {
  const made = await Promise.all([1, 2, 3].map(() => key()));
  const found = [];
  for await (const page of sdk.paginateListKeys({ client: kms, pageSize: 2 }, {})) {
    assert.ok(page.Keys.length <= 2);
    found.push(...page.Keys.map((one) => one.KeyId));
  }
  assert.ok(made.every((one) => found.includes(one)));
  const error = await call("DescribeKey", { KeyId: "alias/nowhere" }).catch((error) => error);
  assert.ok(error instanceof sdk.NotFoundException, error);
  assert.equal(error.$metadata.httpStatusCode, 400);
});
