// The signed-in device's half of a QR sign-in: who asks, and which number stands there. To decline is the default.
import { post } from "../api.js";
import { h } from "../dom.js";
import { form } from "../elements/form.js";
import { icon } from "../elements/icon.js";
import { load } from "../elements/load.js";
import { toast } from "../elements/toast.js";
import { t } from "../i18n.js";
import { go } from "../router.js";

/** @typedef {{device: {name: string, platform: string}, address?: string, same_network: boolean, numbers: number[]}} Scanned */

/**
 * @param {string} id
 * @param {Scanned} scanned
 */
function question(id, { device, address, same_network, numbers }) {
  const decide = async (/** @type {unknown} */ _, /** @type {string} */ choice) => {
    const { state } = await (choice === "decline" ? post(`/auth/qr/${id}/deny`) : post(`/auth/qr/${id}/approve`, { number: Number(choice) }));
    toast(t(state === "approved" ? "qr.approved" : "qr.declined"));
    go("/account/devices");
  };
  return h("div", {},
    h("p", { class: "dialog-subject" }, `${device.name} · ${device.platform}`, address && ` · ${address}`),
    !same_network && h("div", { class: "problem", role: "note" }, icon("alert"), h("div", {}, h("p", { class: "problem-title" }, t("qr.elsewhere")), h("p", {}, t("qr.elsewhere.do")))),
    h("p", {}, t("qr.pick")),
    form(decide, [], [
      h("button", { class: "button primary", value: "decline", autofocus: true }, t("qr.decline")),
      ...numbers.map((number) => h("button", { class: "button qr-choice", value: String(number), "aria-label": t("qr.choice", { number }) }, String(number)))]),
    h("p", { class: "hint" }, t("qr.hint")));
}

/**
 * @param {string} token `<id>.<scan secret>`
 * @param {import("../api.js").Me | null} me
 */
export function qr(token, me) {
  const [id, secret] = token.split(".");
  const node = h("section", {},
    h("h1", { tabindex: -1 }, t("qr.title")),
    me ? load(() => post(`/auth/qr/${encodeURIComponent(id)}/scan`, { secret: secret ?? "" }), (found) => question(id, found))
      : h("p", { class: "lead" }, t("qr.signinfirst")));
  return { title: t("qr.title"), node };
}
