// Sign-in through a certified OpenID provider, in a real browser: who may come in does, and who may not is told why.
import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, rm } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { inspect, launch, person } from "./browser.mjs";
import { freePort, newFolder, startMilton } from "./milton.mjs";

const secret = "milton-browser-test";
const program = path.resolve(import.meta.dirname, "../provider/server.mjs");
let folder, provider, issuer, milton, browser, hosts;

before(async () => {
  folder = await newFolder();
  const port = await freePort();
  await (await startMilton({ folder, port })).stop();
  ({ provider, issuer } = await startProvider(`https://localhost:${port}/auth/callback/house`));
  await appendFile(path.join(folder, "data/milton.toml"), `
[[oidc]]
name = "house"
issuer = "${issuer}"
client_id = "milton"
client_secret_env = "HOUSE_SECRET"
allowed_domains = ["example.org"]
`);
  milton = await startMilton({ folder, port, env: { HOUSE_SECRET: secret } });
  browser = await launch();
  hosts = [new URL(milton.url).host, new URL(issuer).host];
  await claim();
});

after(async () => {
  await browser?.close();
  await milton?.stop();
  provider?.kill();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function startProvider(redirect) {
  const child = spawn(process.execPath, [program, "0", redirect, "milton", secret], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  return { provider: child, issuer: JSON.parse(String(line)).issuer };
}

/** The server needs an owner before anybody else can come in. */
async function claim() {
  const { context } = await person(browser, hosts);
  const token = new URL(milton.claimUrl).hash.slice(1);
  const answer = await context.request.post(`${milton.url}/api/v1/auth/link`, { data: { token, name: "Owner" } });
  assert.equal(answer.status(), 201);
  await context.close();
}

/** Goes to the provider as `email` (or turns back there when it is null) and gives the browser that came back. */
async function through(email) {
  const somebody = await person(browser, hosts);
  const { page } = somebody;
  await page.goto(milton.url);
  await page.locator('a[href="/auth/login/house"]').click();
  await page.getByRole("heading", { name: "Test provider" }).waitFor();
  if (email) await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: email ? "Sign in" : "Cancel" }).click();
  await page.waitForURL((url) => url.origin === milton.url);
  return somebody;
}

test("somebody of an allowed domain is let in, and known again the next time", async () => {
  for (const _ of ["first", "second"]) {
    const { page, context, faults } = await through("cleo.marsh@example.org");
    await page.getByRole("heading", { name: "Home" }).waitFor();
    await page.getByText("You are in no team yet").waitFor();
    await page.getByText("Cleo Marsh").first().waitFor();
    await inspect(page, "home-no-team");
    assert.deepEqual(faults, []);
    await context.close();
  }
});

test("somebody of another domain is told that they are not on the list", async () => {
  const { page, context, faults } = await through("mallory@elsewhere.test");
  await page.getByRole("alert").getByText("You are not on the list").waitFor();
  await inspect(page, "sign-in-refused");
  assert.equal((await context.cookies()).some((each) => each.name === "__Host-milton"), false);
  assert.deepEqual(faults, []);
});

test("an address that the provider has not verified opens nothing", async () => {
  const { page, context } = await through("unverified+cleo@example.org");
  await page.getByRole("alert").waitFor();
  assert.equal((await context.cookies()).some((each) => each.name === "__Host-milton"), false);
});

test("turning back at the provider leads to the sign-in page, which says so", async () => {
  const { page } = await through(null);
  await page.getByRole("alert").waitFor();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("a callback nobody asked for is refused", async () => {
  const { page, context } = await person(browser, hosts);
  await page.goto(`${milton.url}/auth/callback/house?code=made-up&state=made-up`);
  assert.equal((await context.cookies()).some((each) => each.name === "__Host-milton"), false);
});

/** Runs the example of a native app until it says where the browser shall go. */
async function startApp() {
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: path.join(milton.data, "ca.pem") };
  const app = spawn(process.execPath, [path.resolve(import.meta.dirname, "../native/client.mjs"), milton.url, "house"],
    { env, stdio: ["ignore", "pipe", "pipe"] });
  const [line] = await once(app.stderr, "data");
  const ended = Promise.all([once(app, "exit"), text(app.stdout), text(app.stderr)]);
  return { address: String(line).match(/https:\S+/)[0], ended: ended.then(([[code], out, err]) => ({ code, out, err })) };
}

/** Goes where an app says, and signs in there or turns back. */
async function forApp(address, email) {
  const { page, context } = await person(browser, hosts);
  await page.goto(address);
  await page.getByRole("heading", { name: "Test provider" }).waitFor();
  if (email) await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: email ? "Sign in" : "Cancel" }).click();
  await page.getByText("You may close this window.").waitFor();
  assert.equal((await context.cookies()).some((each) => each.name === "__Host-milton"), false, "the session is the app's");
  await context.close();
}

test("the example of a native app gets a session that works", async () => {
  const { address, ended } = await startApp();
  await forApp(address, "nora.field@example.org");
  const { code, out, err } = await ended;
  assert.equal(code, 0, err);
  const session = JSON.parse(out);
  assert.equal(session.user.name, "Nora Field");
  const { context } = await person(browser, hosts);
  const me = await context.request.get(`${milton.url}/api/v1/me`, { headers: { Authorization: `Bearer ${session.token}` } });
  assert.equal((await me.json()).session.kind, "client");
  await context.close();
});

test("the example says why it has none", async () => {
  const { address, ended } = await startApp();
  await forApp(address, "mallory@elsewhere.test");
  const { code, err } = await ended;
  assert.notEqual(code, 0);
  assert.match(err, /not signed in: not-invited/);
});

test("a new sign-in at the provider is a new proof here", async () => {
  const { page, context } = await through("cleo.marsh@example.org");
  await page.getByRole("heading", { name: "Home" }).waitFor();
  const before = (await me(page)).session.auth_time;
  const { url } = await ask(page, "/api/v1/auth/step-up/provider", { provider: "house", return_to: "/account" });
  await page.goto(url);
  await page.getByLabel("E-mail").fill("cleo.marsh@example.org");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${milton.url}/account`);
  assert.ok(Date.parse((await me(page)).session.auth_time) > Date.parse(before));
  await context.close();
});

const me = (page) => page.evaluate(async () => (await fetch("/api/v1/me")).json());

/** Asks the server as the console does. */
const ask = (page, where, body) => page.evaluate(async ([to, sent]) => {
  const headers = { "Content-Type": "application/json", "Milton-Console": "1" };
  return (await fetch(to, { method: "POST", headers, body: JSON.stringify(sent) })).json();
}, [where, body]);
