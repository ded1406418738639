// Starts the console: finds out who is here, then draws the page that the address names.
import { get, Problem } from "./api.js";
import { h } from "./dom.js";
import { gate } from "./elements/gate.js";
import { problemBox } from "./elements/problem.js";
import { shell } from "./elements/shell.js";
import { askWhenNeeded } from "./elements/stepup.js";
import { toast } from "./elements/toast.js";
import { language, t } from "./i18n.js";
import { listen } from "./live.js";
import { account, leaving } from "./pages/account.js";
import { claim } from "./pages/claim.js";
import { devices } from "./pages/devices.js";
import { home } from "./pages/home.js";
import { invite } from "./pages/invite.js";
import { link } from "./pages/link.js";
import { notifications } from "./pages/notifications.js";
import { qr } from "./pages/qr.js";
import { signIn } from "./pages/signin.js";
import { team } from "./pages/team.js";
import { unclaimed } from "./pages/unclaimed.js";
import { waysIn } from "./pages/waysin.js";
import { route } from "./router.js";
import { shortcuts } from "./shortcuts.js";
import { applyAppearance } from "./theme.js";
import { takeToken } from "./tokens.js";

/** @typedef {import("./api.js").Me} Me */
/** @typedef {{title: string, node: Node}} Page */

/** @type {Record<string, (me: Me) => Page>} */
const workspace = {
  "/": home, "/team": team, "/account": account, "/account/devices": devices, "/account/ways-in": waysIn, "/account/notifications": notifications,
};

/** @type {Record<string, (token: string, me: Me | null) => Page>} */
const doors = { "/claim": claim, "/link": link, "/invite": invite, "/qr": qr };

/** Who is signed in, or null. @returns {Promise<Me | null>} */
async function whoIsHere() {
  try {
    return await get("/me");
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

/** The page for the address as it is now. @returns {Promise<Node>} */
async function pageNow() {
  const token = takeToken();
  const [version, me] = await Promise.all([get("/version"), whoIsHere()]);
  listen(me !== null && me.state !== "leaving");
  if (version.claimed && location.pathname === "/claim") history.replaceState(null, "", "/?problem=already-claimed");
  const door = doors[location.pathname];
  if (door && token) return show(door(token, me), gate);
  if (!version.claimed) return show(unclaimed(), gate);
  if (!me) return show(signIn(), gate);
  if (me.state === "leaving") return show(leaving(), gate);
  return show((workspace[location.pathname] ?? home)(me), (node) => shell(me, node));
}

/**
 * @param {Page} page
 * @param {(node: Node) => Node} frame
 */
function show(page, frame) {
  document.title = `${page.title} · Milton`;
  return frame(page.node);
}

let turn = 0;

async function draw() {
  const mine = ++turn;
  const drawn = await pageNow().catch((error) => gate(h("div", {}, h("h1", { tabindex: -1 }, t("unreachable.title")), problemBox(error, draw))));
  if (mine !== turn) return;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.remove();
  document.getElementById("app")?.replaceChildren(drawn);
  focusFor(new URLSearchParams(location.search).get("open"));
}

/** What was open in the side panel when the page was last drawn. @type {string | null} */
let opened = null;

/** Puts the focus where a keyboard goes on: into the panel just opened, on the row just left, else on the page's heading. @param {string | null} open */
function focusFor(open) {
  const target = open ? document.querySelector(".panel a") : opened ? document.querySelector(`.rows a[href*="${CSS.escape(opened)}"]`) : null;
  opened = open;
  /** @type {HTMLElement | null} */ (target ?? document.querySelector("h1"))?.focus();
}

/** A request was refused for want of a session: in the workspace that means going back to the door. */
function sessionEnded() {
  if (!document.querySelector(".shell")) return;
  toast(t("signin.ended"));
  draw();
}

document.documentElement.lang = language;
applyAppearance();
shortcuts();
askWhenNeeded();
addEventListener("milton:signed-out", sessionEnded);
route(draw);
