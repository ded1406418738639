// A real Chromium that notices everything it should not see: script errors, CSP violations, foreign hosts, axe findings.
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { strict as assert } from "node:assert";
import path from "node:path";
import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.MILTON_SCREENSHOTS;
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Starts the browser; CHROMIUM names another executable than Debian's. */
export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });

/**
 * Somebody's browser: a context of their own whose misbehaviour ends up in `faults`.
 * @param {import("playwright-core").Browser} browser
 * @param {string[]} hosts the only hosts that may be asked for anything
 */
export async function person(browser, hosts, language = "en-GB") {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: language, viewport: { width: 1280, height: 800 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const faults = [];
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.effectiveDirective} ${event.blockedURI}`));
  });
  context.on("console", (message) => { if (message.type() === "error" && !isExpected(message)) faults.push(`${message.text()} ${message.location().url}`); });
  context.on("weberror", (error) => faults.push(String(error.error())));
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && !hosts.includes(url.host)) faults.push(`asked a foreign host: ${url}`);
  });
  return { context, faults, page: await context.newPage() };
}

/** Chromium itself reports each 4xx; these are answers the console asks for and draws, not errors of its own. */
function isExpected(message) {
  return /Failed to load resource: the server responded with a status of 4(01|03|09|12|22|29)/.test(message.text());
}

/**
 * Looks at the page as it is now, in light and dark, on a desk and on a phone: axe has no finding, nothing runs out of the side.
 * @param {import("playwright-core").Page} page
 * @param {string} name of the screenshots
 */
export async function inspect(page, name) {
  await settled(page);
  const before = page.viewportSize();
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
      const label = `${name}-${width}-${colorScheme}`;
      if (shots) {
        await mkdir(shots, { recursive: true });
        await page.screenshot({ path: path.join(shots, `${label}.png`) });
      }
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${label}: ${overflow} px wider than the screen`);
      assert.deepEqual(await findings(page), [], `${label}: axe`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(before);
}

/** What axe finds, one line each. */
async function findings(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
    return violations.map((each) => `${each.id}: ${each.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
  });
}

/** Waits until nothing on the page says that it is loading; what waits beneath an open dialog waits for its reader. */
export const settled = (page) => page.waitForFunction(() => {
  const top = [...document.querySelectorAll("dialog[open]")].pop() ?? document;
  return document.querySelector("h1") && !top.querySelector("[aria-busy=true]");
});
