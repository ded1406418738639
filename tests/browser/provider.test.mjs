// Sign-in through a certified OpenID provider, in a real browser: who may come in does, and who may not is told why.
import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, rm } from "node:fs/promises";
import path from "node:path";
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
