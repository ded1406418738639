// The new device's half of a QR sign-in: shows the code, then the number, then walks in.
import { get, post, Problem } from "../api.js";
import { h, svg } from "../dom.js";
import { openDialog } from "../elements/dialog.js";
import { button } from "../elements/form.js";
import { load } from "../elements/load.js";
import { t } from "../i18n.js";
import { go } from "../router.js";
import { thisDevice } from "../tokens.js";

/** @typedef {{id: string, poll_secret: string, scan_url: string, text: string, expires_at: string}} Started */
/** @typedef {{state: string, number?: number}} Progress */

const EVERY = 1500;

/** Which modules of a row of half blocks are dark, in its upper and its lower half. @type {Record<string, [boolean, boolean]>} */
const blocks = { "\u2588": [true, true], "\u2580": [true, false], "\u2584": [false, true], " ": [false, false] };

/** The code as an image, drawn from its half blocks: no markup is parsed. @param {string} text */
function picture(text) {
  const lines = text.split("\n").filter((line) => line !== "");
  const width = Math.max(...lines.map((line) => [...line].length));
  const path = lines.flatMap((line, row) => [...line].flatMap((block, column) =>
    (blocks[block] ?? [false, false]).map((dark, half) => dark ? `M${column} ${2 * row + half}h1v1h-1z` : "")));
  return svg("svg", { class: "qr", viewBox: `-4 -4 ${width + 8} ${2 * lines.length + 8}`, role: "img", "aria-label": t("qr.picture") }, svg("path", { d: path.join("") }));
}

export function openQrSignIn() {
  let open = true;
  openDialog(t("signin.qr"), (close) => h("div", {},
    load(() => post("/auth/qr", { device: thisDevice() }), (/** @type {Started} */ started) => waiting(started, () => open, close)),
    h("div", { class: "buttons" }, button(t("back"), close))), { onclose: () => { open = false; } });
}

/**
 * @param {Started} started
 * @param {() => boolean} isOpen
 * @param {() => void} close
 */
function waiting(started, isOpen, close) {
  const region = h("div", { class: "qr-sign-in", "aria-live": "polite" }, h("p", {}, t("qr.lead")), picture(started.text));
  const step = async () => {
    if (!isOpen()) return;
    try {
      if (await look(started, region)) {
        close();
        return go("/");
      }
      setTimeout(step, EVERY);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      region.replaceChildren(h("p", { role: "alert" }, t("qr.over")));
    }
  };
  setTimeout(step, EVERY);
  return region;
}

/**
 * One look at how far it is; true once this device is signed in.
 * @param {Started} started
 * @param {HTMLElement} region
 */
async function look({ id, poll_secret }, region) {
  /** @type {Progress} */
  const progress = await get(`/auth/qr/${id}`, { "Milton-Poll": poll_secret });
  if (progress.state === "scanned") region.replaceChildren(h("p", {}, t("qr.number.lead")), h("p", { class: "qr-number" }, String(progress.number)));
  if (progress.state === "approved") {
    await post(`/auth/qr/${id}/token`, { poll_secret });
    return true;
  }
  if (["denied", "expired", "consumed"].includes(progress.state)) throw new Problem(409, {});
  return false;
}
