// The main job in a real browser: claim → team → delegate → invite → accept → do → confirm → sign out.
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { inspect, launch, person, settled } from "./browser.mjs";
import { startMilton } from "./milton.mjs";

let milton, browser, ana, ben, invitation;

before(async () => {
  milton = await startMilton();
  browser = await launch();
  const hosts = [new URL(milton.url).host];
  ana = await person(browser, hosts);
  ben = await person(browser, hosts);
});

after(async () => {
  await browser?.close();
  await milton?.stop();
});

const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Presses a button and waits until the page says that it worked. */
async function press(page, name, says) {
  await button(page, name).first().click();
  await page.getByText(says, { exact: false }).first().waitFor();
  await settled(page);
}

test("an unclaimed server says so and shows no sign-in form", async () => {
  await ana.page.goto(milton.url);
  await ana.page.getByRole("heading", { name: "This server is unclaimed" }).waitFor();
  assert.equal(await button(ana.page, "Sign in").count(), 0);
  await inspect(ana.page, "unclaimed");
});

test("the claim link makes an owner with a first team", async () => {
  const { page } = ana;
  await page.goto(milton.claimUrl);
  await page.getByRole("heading", { name: "Who are you?" }).waitFor();
  assert.equal(new URL(page.url()).hash, "", "the token has left the address bar");
  await inspect(page, "claim-name");
  await page.getByLabel("Name").fill("Ana Lima");
  await page.getByLabel("E-mail").fill("ana@example.org");
  await button(page, "Claim this server").click();
  await page.getByRole("heading", { name: "Your first team" }).waitFor();
  await inspect(page, "claim-team");
  await page.getByLabel("Team").fill("Operations");
  await button(page, "Make the team").click();
  await page.getByRole("heading", { name: "Save the root key" }).waitFor();
  await inspect(page, "claim-key");
  await page.getByLabel("The key is saved somewhere else").check();
  await button(page, "Go to my workspace").click();
  await page.getByRole("heading", { name: "Home" }).waitFor();
  await inspect(page, "home-empty");
});

test("the session is a cookie that no script can read", async () => {
  const cookie = (await ana.context.cookies()).find((each) => each.name === "__Host-milton");
  assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === "Strict" && cookie.path === "/");
  assert.equal(await ana.page.evaluate(() => document.cookie), "");
});

test("the keyboard creates a delegation and lists the shortcuts", async () => {
  const { page } = ana;
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Shortcuts" }).waitFor();
  await inspect(page, "shortcuts");
  await page.keyboard.press("Escape");
  await page.keyboard.press("c");
  await page.getByLabel("What is to be done?").fill("Renew the certificates");
  await page.getByLabel("Details").fill("Both of them.\nThe old ones end in June.");
  await page.getByLabel("Due").fill("2031-06-01");
  await page.getByLabel("Priority").selectOption("high");
  await inspect(page, "create");
  await press(page, "Keep as draft", "Draft kept.");
  await page.getByRole("link", { name: "Renew the certificates" }).waitFor();
});

test("a second person accepts an invitation", async () => {
  const { page } = ana;
  await page.getByRole("link", { name: "Team" }).click();
  await page.getByRole("heading", { name: "Operations" }).waitFor();
  await page.keyboard.press("c");
  await page.getByLabel("Role").selectOption("member");
  await button(page, "Make the link").click();
  invitation = await page.getByLabel("Invitation link").inputValue();
  await inspect(page, "invitation");
  await button(page, "Done").click();

  await ben.page.goto(milton.url);
  await ben.page.getByRole("heading", { name: "Sign in" }).waitFor();
  await inspect(ben.page, "sign-in");
  await ben.page.getByLabel("Link or code").fill(invitation);
  await button(ben.page, "Use this link").click();
  await ben.page.getByRole("heading", { name: "You are invited" }).waitFor();
  assert.equal(new URL(ben.page.url()).hash, "");
  await inspect(ben.page, "invite");
  await ben.page.getByLabel("Name").fill("Ben Okafor");
  await button(ben.page, "Join the team").click();
  await ben.page.getByRole("heading", { name: "Home" }).waitFor();

  await page.reload();
  await page.getByRole("cell", { name: "Ben Okafor" }).waitFor();
  await inspect(page, "team");
});

test("the work is handed over, accepted, done and confirmed", async () => {
  const { page } = ana;
  await page.getByRole("link", { name: "Home" }).click();
  await button(page, "Hand it over").click();
  await page.getByLabel("To whom").selectOption({ label: "Ben Okafor" });
  await page.getByRole("dialog").getByRole("button", { name: "Hand it over" }).click();
  await page.getByText("Handed over. It waits for their answer.").waitFor();

  await ben.page.reload();
  await ben.page.getByRole("link", { name: "Renew the certificates" }).click();
  const panel = ben.page.getByRole("complementary", { name: "Delegation" });
  await panel.getByText("Ana Lima handed it to Ben Okafor").waitFor();
  await inspect(ben.page, "panel-offered");
  for (const [name, says] of [["Accept", "It is in your hands now."], ["Start", "Started."], ["Mark as done", "It waits to be confirmed."]]) {
    await panel.getByRole("button", { name, exact: true }).click();
    await ben.page.getByText(says).waitFor();
    await settled(ben.page);
  }

  await page.reload();
  await page.getByRole("heading", { name: "Waiting for you" }).waitFor();
  await inspect(page, "home");
  await press(page, "Confirm", "Confirmed and closed.");
  await page.getByRole("heading", { name: "Closed" }).waitFor();
  await page.getByRole("link", { name: "Renew the certificates" }).click();
  await page.getByText("Ana Lima confirmed it").waitFor();
  await inspect(page, "panel-confirmed");
  await page.keyboard.press("Escape");
  await page.getByText("Ana Lima confirmed it").waitFor({ state: "detached" });
});

test("a page that one may not see says so, with the request's number, and that it was recorded", async () => {
  const { page } = ana;
  const nowhere = "01890000-0000-7000-8000-000000000000";
  await page.goto(`${milton.url}/?open=${nowhere}&team=${nowhere}`);
  const problem = page.getByRole("alert");
  await problem.getByText("recorded in the audit log").waitFor();
  assert.match(await problem.locator(".problem-id code").innerText(), /\S{8,}/);
  await inspect(page, "panel-denied");
});

test("the account page ends the session, and the cookie is worth nothing afterwards", async () => {
  const { page, context } = ana;
  await page.goto(`${milton.url}/account`);
  await page.getByRole("heading", { name: "Account" }).waitFor();
  await inspect(page, "account");
  const [cookie] = await context.cookies();
  await button(page, "Sign out").click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await inspect(page, "signed-out");
  const answer = await context.request.get(`${milton.url}/api/v1/me`, { headers: { Cookie: `${cookie.name}=${cookie.value}` } });
  assert.equal(answer.status(), 401);
});

test("a sign-in link from the host lets its owner in again, once", async () => {
  const { page } = ana;
  const { url } = await milton.operator("login-link", "ana@example.org");
  await page.goto(url);
  await page.getByRole("heading", { name: "Sign in to Milton" }).waitFor();
  await inspect(page, "link");
  await button(page, "Sign in").click();
  await page.getByRole("heading", { name: "Home" }).waitFor();
  await ben.page.goto(url);
  await button(ben.page, "Sign in").click();
  await ben.page.getByRole("alert").waitFor();
  await inspect(ben.page, "link-used");
});

test("signing out everywhere ends the session of the other browser too", async () => {
  await ben.page.goto(`${milton.url}/account`);
  await button(ben.page, "Sign out everywhere").click();
  await ben.page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
  await ben.page.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("German is whole", async () => {
  const greta = await person(browser, [new URL(milton.url).host], "de-DE");
  await greta.page.goto(milton.url);
  await greta.page.getByRole("heading", { name: "Anmelden" }).waitFor();
  assert.equal(await greta.page.getAttribute("html", "lang"), "de");
  await inspect(greta.page, "sign-in-german");
  assert.deepEqual(greta.faults, []);
});

test("nothing went wrong behind the scenes: no error, no CSP violation, no foreign host", () => {
  assert.deepEqual({ ana: ana.faults, ben: ben.faults }, { ana: [], ben: [] });
});
