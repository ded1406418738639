// Sign-in: a passkey, an identity provider, another device that is signed in, or a one-time link. No password exists.
import { get } from "../api.js";
import { h } from "../dom.js";
import { form } from "../elements/form.js";
import { icon } from "../elements/icon.js";
import { load } from "../elements/load.js";
import { maybe, t } from "../i18n.js";
import { Abandoned, hasPasskeys, usePasskey } from "../passkeys.js";
import { go, takeQuery } from "../router.js";
import { thisDevice } from "../tokens.js";
import { openQrSignIn } from "./qr-new.js";
import { pasteForm } from "./paste.js";

/** @typedef {{name: string, display_name: string, login_url: string}} Provider */

/** Why the provider's way did not end here, as the server's redirect tells it. */
export function refusal() {
  const slug = takeQuery("problem");
  if (!slug) return null;
  return h("div", { class: "problem", role: "alert" }, icon("alert"), h("div", {},
    h("p", { class: "problem-title" }, maybe(`problem.${slug}`) ?? t("signin.failed")),
    h("p", {}, maybe(`problem.${slug}.do`) ?? t("signin.failed.do"))));
}

async function byPasskey() {
  try {
    await usePasskey("/auth/passkey", { device: thisDevice() });
    go("/");
  } catch (error) {
    if (!(error instanceof Abandoned)) throw error;
  }
}

/** @param {{items: Provider[]}} found */
function ways({ items }) {
  return h("div", {},
    h("p", { class: "lead" }, items.length === 0 ? t("signin.none") : t("signin.lead")),
    h("ul", { class: "providers" }, ...items.map((each) => h("li", {},
      h("a", { class: "button wide", href: each.login_url, "data-document": true }, t("signin.with", { name: each.display_name }), icon("arrow"))))));
}

export function signIn() {
  const node = h("section", {},
    h("h1", { tabindex: -1 }, t("signin.title")),
    refusal(),
    load(() => get("/auth/providers"), ways),
    hasPasskeys && form(byPasskey, [], [h("button", { class: "button wide" }, t("signin.passkey"), icon("key"))]),
    h("button", { type: "button", class: "button wide", onclick: openQrSignIn }, t("signin.qr"), icon("qr")),
    h("h2", { class: "divider" }, t("signin.link")),
    h("p", {}, t("signin.link.lead"), " ", h("code", {}, "milton login-link")),
    pasteForm(true, t("signin.link.go")));
  return { title: t("signin.title"), node };
}
