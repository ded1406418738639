// Keys that work everywhere, and the dialog that lists them.
import { h } from "./dom.js";
import { openDialog } from "./elements/dialog.js";
import { t } from "./i18n.js";
import { go, withQuery } from "./router.js";

/** @param {number} step */
function moveInList(step) {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".rows a")]);
  if (rows.length === 0) return;
  const at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  rows[Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
}

/** @param {string} selector */
const press = (selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector))?.click();

/** @type {Record<string, () => void>} */
const actions = {
  c: () => press("[data-create]"),
  j: () => moveInList(1),
  k: () => moveInList(-1),
  h: () => document.querySelector(".rail") && go("/"),
  "?": () => showShortcuts(),
  Escape: () => document.querySelector(".panel") && go(withQuery({ open: null, team: null })),
};

/** Lists the keys. */
export function showShortcuts() {
  /** @type {[string, string][]} */
  const rows = [["C", t("keys.create")], ["J", t("keys.next")], ["K", t("keys.previous")], ["H", t("keys.home")], ["Esc", t("keys.close")], ["?", t("keys.help")]];
  openDialog(t("keys.title"), () => h("dl", { class: "keys" }, ...rows.map(([key, text]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)))));
}

/** Starts listening; keys typed into a field, or under a dialog, stay where they are. */
export function shortcuts() {
  addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog")) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
