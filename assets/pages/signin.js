// Sign-in: one button for each identity provider, and a box for one-time links. No password exists.
import { get } from "../api.js";
import { h } from "../dom.js";
import { icon } from "../elements/icon.js";
import { load } from "../elements/load.js";
import { maybe, t } from "../i18n.js";
import { pasteForm } from "./paste.js";

/** @typedef {{name: string, display_name: string, login_url: string}} Provider */

/** Why the provider's way did not end here, as the server's redirect tells it. */
function refusal() {
  const slug = new URLSearchParams(location.search).get("problem");
  if (!slug) return null;
  return h("div", { class: "problem", role: "alert" }, icon("alert"), h("div", {},
    h("p", { class: "problem-title" }, maybe(`problem.${slug}`) ?? t("signin.failed")),
    h("p", {}, maybe(`problem.${slug}.do`) ?? t("signin.failed.do"))));
}

/** @param {{items: Provider[]}} found */
function providers({ items }) {
  if (items.length === 0) return h("p", { class: "lead" }, t("signin.none"));
  return h("div", {}, h("p", { class: "lead" }, t("signin.lead")), h("ul", { class: "providers" }, ...items.map((each) => h("li", {},
    h("a", { class: "button wide", href: each.login_url, "data-document": true }, t("signin.with", { name: each.display_name }), icon("arrow"))))));
}

export function signIn() {
  const node = h("section", {},
    h("h1", { tabindex: -1 }, t("signin.title")),
    refusal(),
    load(() => get("/auth/providers"), providers),
    h("h2", { class: "divider" }, t("signin.link")),
    h("p", {}, t("signin.link.lead"), " ", h("code", {}, "milton login-link")),
    pasteForm(true, t("signin.link.go")));
  return { title: t("signin.title"), node };
}
