// Starts the program under test and makes clients for it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const binary = process.env.CLOUDLET_BIN ?? join(root, "target", "debug", "cloudlet");

export const account = "437064342167";

/** Starts a durable server on a free port and a fresh directory. */
export async function start() {
  // The root key lies beside the data, and goes with them.
  const folder = mkdtempSync(join(tmpdir(), "cloudlet-js-"));
  const data = join(folder, "data");
  const args = ["up", "--output", "json", "--listen", "127.0.0.1:0", "--data", data];
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (piece) => (log += piece));
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
  const first = new Promise((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
  const line = await Promise.race([first, ended.then((code) => Promise.reject(new Error(`ended: ${code}\n${log}`)))]);
  return {
    endpoint: `http://${JSON.parse(line).listen}`,
    /** Ends it; gives its exit status and its log. */
    async stop() {
      child.kill("SIGTERM");
      const status = await ended;
      rmSync(folder, { recursive: true, force: true });
      return { status, log };
    },
  };
}

/** Settings of a client: one request, one answer. */
export function settings(server, more = {}) {
  return {
    endpoint: server.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: account, secretAccessKey: "test" },
    maxAttempts: 1,
    ...more,
  };
}
