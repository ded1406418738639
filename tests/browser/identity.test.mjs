// Ways in and devices in a real browser: a passkey is made, proves its holder anew and signs in; one device lets in
// another by QR; what is not mine is thrown out.
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";
import { inspect, launch, person, settled } from "./browser.mjs";
import { startMilton } from "./milton.mjs";

let milton, browser, hosts, ana, laptop;

before(async () => {
  milton = await startMilton();
  browser = await launch();
  hosts = [new URL(milton.url).host];
  ana = await person(browser, hosts);
  laptop = await person(browser, hosts);
  await plugInAuthenticator(ana);
  await claim(ana.page);
});

after(async () => {
  await browser?.close();
  await milton?.stop();
});

const button = (page, name) => page.getByRole("button", { name, exact: true });
const heading = (page, name) => page.getByRole("heading", { name, exact: true });

/** A virtual authenticator (CDP WebAuthn) that knows its holder and presses its own button. */
async function plugInAuthenticator({ context, page }) {
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
}

async function claim(page) {
  await page.goto(milton.claimUrl);
  await page.getByLabel("Name").fill("Ana Lima");
  await page.getByLabel("E-mail").fill("ana@example.org");
  await button(page, "Claim this server").click();
  await page.getByLabel("Team").fill("Operations");
  await button(page, "Make the team").click();
  await page.getByLabel("The key is saved somewhere else").check();
  await button(page, "Go to my workspace").click();
  await heading(page, "Home").waitFor();
}

/** Makes every proof of identity eleven minutes older, as if that time had passed. */
function growStale() {
  const sql = "PRAGMA busy_timeout = 5000; UPDATE sessions SET auth_time = auth_time - 660000000;";
  execFileSync("sqlite3", [path.join(milton.data, "milton.db"), sql]);
}

/** Opens a part of the account. */
async function open(page, part) {
  await page.goto(`${milton.url}/account`);
  await page.getByRole("navigation", { name: "Account" }).getByRole("link", { name: part }).click();
  await heading(page, part).waitFor();
  await settled(page);
}

test("every part of the account has its page", async () => {
  const { page, faults } = ana;
  await page.goto(`${milton.url}/account`);
  await heading(page, "Account").waitFor();
  await inspect(page, "account");
  for (const part of ["Devices", "Ways in", "Notifications"]) {
    await open(page, part);
    await inspect(page, `account-${part.toLowerCase().replace(" ", "-")}`);
  }
  assert.deepEqual(faults, []);
});

test("a passkey is made", async () => {
  const { page, faults } = ana;
  await open(page, "Ways in");
  await button(page, "Add a passkey").click();
  await inspect(page, "passkey-add");
  await page.getByRole("dialog").getByLabel("Name").fill("Ana's key");
  await page.getByRole("dialog").getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("The passkey is yours.").waitFor();
  await page.getByText("Ana's key", { exact: true }).waitFor();
  await inspect(page, "account-passkey");
  assert.deepEqual(faults, []);
});

test("what wants a fresh proof asks for it, and goes on where it was", async () => {
  const { page, faults } = ana;
  growStale();
  await open(page, "Ways in");
  await button(page, "Make a key").click();
  const dialog = page.getByRole("dialog", { name: "Make a key" });
  await dialog.getByLabel("Name").fill("Backup script");
  await dialog.getByRole("button", { name: "Make a key" }).click();
  await heading(page, "Is it still you?").waitFor();
  await inspect(page, "step-up");
  await button(page, "Use a passkey").click();
  const key = page.getByLabel("API key", { exact: true });
  await key.waitFor();
  assert.match(await key.inputValue(), /^mlt_k_/);
  await inspect(page, "key-made");
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByText("Backup script", { exact: true }).waitFor();
  assert.deepEqual(faults, []);
});

test("whoever turns the question away stays where they were, and nothing is made", async () => {
  const { page } = ana;
  growStale();
  await open(page, "Ways in");
  await button(page, "Make a key").click();
  const dialog = page.getByRole("dialog", { name: "Make a key" });
  await dialog.getByLabel("Name").fill("Never made");
  await dialog.getByRole("button", { name: "Make a key" }).click();
  await page.getByRole("dialog", { name: "Is it still you?" }).getByRole("button", { name: "Cancel" }).click();
  await dialog.getByRole("alert").getByText("Please sign in afresh for this").waitFor();
  assert.equal(await dialog.getByLabel("Name").inputValue(), "Never made", "what was typed is kept");
});

test("the passkey alone signs in", async () => {
  const { page, faults } = ana;
  await page.goto(`${milton.url}/account`);
  await button(page, "Sign out").click();
  await heading(page, "Sign in").waitFor();
  await inspect(page, "sign-in-ways");
  await button(page, "Use a passkey").click();
  await heading(page, "Home").waitFor();
  await page.getByText("Ana Lima").first().waitFor();
  assert.deepEqual(faults, []);
});

test("a second device is let in by QR, number against number", async () => {
  await laptop.page.goto(milton.url);
  const asked = laptop.page.waitForResponse((answer) => answer.url().endsWith("/api/v1/auth/qr"));
  await button(laptop.page, "Use a device that is signed in").click();
  const { scan_url } = await (await asked).json();
  await laptop.page.getByRole("img", { name: "QR code that a signed-in device scans" }).waitFor();
  await inspect(laptop.page, "qr-new");

  await ana.page.goto(scan_url);
  await heading(ana.page, "Somebody wants to sign in as you").waitFor();
  assert.equal(new URL(ana.page.url()).hash, "", "the secret has left the address bar");
  await settled(ana.page);
  assert.equal(await ana.page.evaluate(() => document.activeElement?.textContent), "Decline", "to decline is the default");
  await inspect(ana.page, "qr-approve");

  const shown = laptop.page.locator(".qr-number");
  await shown.waitFor();
  await inspect(laptop.page, "qr-number");
  await button(ana.page, `The new device shows ${await shown.textContent()}`).click();
  await heading(ana.page, "Devices").waitFor();
  await heading(laptop.page, "Home").waitFor();
  await laptop.page.getByText("Ana Lima").first().waitFor();
  assert.deepEqual([...ana.faults, ...laptop.faults], []);
});

test("a device that was let in by QR proves nothing anew", async () => {
  const { page } = laptop;
  await open(page, "Ways in");
  await button(page, "Make a key").click();
  const dialog = page.getByRole("dialog", { name: "Make a key" });
  await dialog.getByLabel("Name").fill("Too much");
  await dialog.getByRole("button", { name: "Make a key" }).click();
  await heading(page, "Is it still you?").waitFor();
});

test("a device that is not mine is thrown out at once", async () => {
  const { page, faults } = ana;
  await open(page, "Devices");
  await inspect(page, "devices-two");
  await button(page, "This is not mine").first().click();
  await inspect(page, "device-not-mine");
  await page.getByRole("dialog").getByRole("button", { name: "This is not mine" }).click();
  await page.getByText("It is out.").waitFor();
  // The other window hears of it by itself, without a request of its own.
  await heading(laptop.page, "Sign in").waitFor();
  assert.deepEqual(faults, []);
});

test("whoever asks for the end of their account may take that back", async () => {
  const { page, faults } = ana;
  await page.goto(`${milton.url}/account`);
  await page.getByRole("button", { name: "Delete my account" }).click();
  await inspect(page, "leaving-ask");
  await page.getByRole("dialog").getByRole("button", { name: "Delete my account" }).click();
  // The only owner cannot leave: nobody would be left to answer for the server.
  await page.getByRole("alert").getByText("There must be an owner left").waitFor();
  assert.deepEqual(faults, []);
});
