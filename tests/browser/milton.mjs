// Starts the real binary on a free port with a fresh data folder, and stops it again.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const root = path.resolve(import.meta.dirname, "../..");
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
const binary = process.env.MILTON_BIN ?? path.join(target, "debug/milton");

/** Several people behind one address, each loading pages as fast as a machine can. */
const roomy = { MILTON_LIMITS__REQUESTS_PER_MINUTE: "6000", MILTON_LIMITS__REQUESTS_OF_PERSON_PER_MINUTE: "6000", MILTON_LIMITS__SIGN_INS_PER_5_MINUTES: "60" };

/** An empty folder for one server's data. */
export const newFolder = () => mkdtemp(path.join(tmpdir(), "milton-browser-"));

/** A port that nobody listens on at this moment. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  return port;
}

/**
 * Runs `milton dev` and waits for its start line. Without `folder` it gets an empty one, which `stop` removes.
 * @param {{folder?: string, port?: number, env?: Record<string, string>}} [options]
 */
export async function startMilton({ folder: given, port, env = {} } = {}) {
  await access(binary);
  const folder = given ?? await newFolder();
  const data = path.join(folder, "data");
  const child = spawn(binary, ["dev", "--json", "--port", String(port ?? await freePort()), "--data", data],
    { cwd: folder, env: { ...process.env, ...roomy, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk) => { log = (log + chunk).slice(-20_000); });
  const line = await firstLine(child, () => log);
  return {
    url: line.url,
    claimUrl: line.claim_url,
    data,
    /** Runs another command on this installation, as the operator would; gives its line of JSON. */
    async operator(...command) {
      const { stdout } = await promisify(execFile)(binary, [...command, "--json", "--data", data], { timeout: 20_000 });
      return JSON.parse(stdout);
    },
    async stop() {
      const gone = child.exitCode === null ? once(child, "exit") : null;
      child.kill("SIGTERM");
      await gone;
      if (!given) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The `listening` line, or an error that carries what the server said instead. */
function firstLine(child, log) {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => { child.kill(); reject(new Error(`no start line within 60 s\n${log()}`)); }, 60_000);
    createInterface({ input: child.stdout }).on("line", (text) => {
      const line = text.startsWith("{") ? JSON.parse(text) : {};
      if (line.event !== "listening") return;
      clearTimeout(deadline);
      resolve(line);
    });
    child.once("exit", (code) => { clearTimeout(deadline); reject(new Error(`milton ended with ${code} before it listened\n${log()}`)); });
  });
}
