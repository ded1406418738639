// Swagger UI under our content security policy: it draws, takes a token, and an operation can be tried out.
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { launch, person } from "./browser.mjs";
import { startMilton } from "./milton.mjs";

let milton, browser, reader;

before(async () => {
  milton = await startMilton();
  browser = await launch();
  reader = await person(browser, [new URL(milton.url).host]);
});

after(async () => {
  await browser?.close();
  await milton?.stop();
});

/** A bearer token, as a script gets it: the same one-time link, without the console's header. */
async function bearer() {
  const token = new URL(milton.claimUrl).hash.slice(1);
  const answer = await reader.context.request.post(`${milton.url}/api/v1/auth/link`, { data: { token, name: "Script" } });
  assert.equal(answer.status(), 201);
  return (await answer.json()).token;
}

test("an operation can be tried out with a token, and nothing foreign is asked for", async () => {
  const { page } = reader;
  const token = await bearer();
  await page.goto(`${milton.url}/docs`);
  await page.getByRole("button", { name: "Authorize" }).first().click();
  const box = page.locator(".modal-ux");
  await box.locator("input").first().fill(token);
  await box.getByRole("button", { name: "Apply credentials" }).or(box.locator("button.authorize")).first().click();
  await box.locator("button.btn-done").click();

  const { paths } = await (await reader.context.request.get(`${milton.url}/openapi.json`)).json();
  const me = Object.entries(paths).find(([path]) => path.endsWith("/me"))[1].get;
  const operation = page.locator(`[id$="-${me.operationId}"].opblock`);
  await operation.locator(".opblock-summary-control").click();
  await operation.getByRole("button", { name: "Execute" }).click();
  await operation.locator(".live-responses-table .response-col_status", { hasText: "200" }).waitFor();
  assert.match(await operation.locator(".live-responses-table").innerText(), /"name": "Script"/);
  assert.deepEqual(reader.faults, []);
});
