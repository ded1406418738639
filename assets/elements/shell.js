// The workspace's frame: rail with places and teams, the page beside it.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { showShortcuts } from "../shortcuts.js";
import { icon, logo } from "./icon.js";
import { personTag } from "./person.js";

/**
 * @param {string} href
 * @param {string} name icon
 * @param {string} text
 */
function place(href, name, text) {
  const here = location.pathname === href || (href !== "/" && location.pathname.startsWith(`${href}/`));
  return h("li", {}, h("a", { href, "aria-current": here && "page" }, icon(name), h("span", {}, text)));
}

/**
 * @param {import("../api.js").Me} me
 * @param {Node} page
 */
export function shell(me, page) {
  return h("div", { class: "shell" },
    h("a", { class: "skip", href: "#main", onclick: (/** @type {Event} */ event) => { event.preventDefault(); document.querySelector("h1")?.focus(); } }, t("skip")),
    h("header", { class: "rail" },
      h("p", { class: "brand" }, logo(), "Milton"),
      h("nav", { "aria-label": t("nav.label") },
        h("ul", {}, place("/", "home", t("nav.home")), place("/team", "team", t("nav.team")), place("/account", "account", t("nav.account")))),
      h("div", { class: "rail-foot" },
        h("a", { href: "/docs", "data-document": true, class: "rail-link" }, icon("api"), t("nav.api")),
        h("button", { type: "button", class: "rail-link", onclick: showShortcuts }, icon("help"), t("nav.keys"), h("kbd", {}, "?")),
        h("div", { class: "rail-me" }, personTag(me)))),
    h("main", { id: "main" }, page));
}
