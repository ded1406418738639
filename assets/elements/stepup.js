// "Is it still you?": asks for a fresh proof in the middle of something, with the ways that this person has.
import { get, onStepUp, post } from "../api.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { Abandoned, hasPasskeys, usePasskey } from "../passkeys.js";
import { openDialog } from "./dialog.js";
import { button, form, submit } from "./form.js";
import { icon } from "./icon.js";
import { load } from "./load.js";

/** @typedef {{kind: string, provider?: string, display_name?: string, reauthenticates?: boolean}} Way */

/** @param {() => void} proven */
function passkeyWay(proven) {
  return form(async () => {
    try {
      await usePasskey("/auth/step-up/passkey");
      proven();
    } catch (error) {
      if (!(error instanceof Abandoned)) throw error;
    }
  }, [], [submit(t("stepup.passkey"))]);
}

/** Leaves for the provider; what is open here is lost, so that this is never the first choice. @param {Way} way */
function providerWay(way) {
  return form(async () => {
    const { url } = await post("/auth/step-up/provider", { provider: way.provider, return_to: location.pathname + location.search });
    location.assign(url);
  }, [], [h("button", { class: "button wide" }, t("signin.with", { name: way.display_name ?? way.provider ?? "" }), icon("arrow"))]);
}

/**
 * @param {{ways: Way[]}} found
 * @param {() => void} proven
 */
function ways({ ways }, proven) {
  const passkey = hasPasskeys && ways.some((way) => way.kind === "passkey");
  const providers = ways.filter((way) => way.kind === "provider" && way.reauthenticates);
  return h("div", { class: "ways" },
    passkey && passkeyWay(proven),
    ...providers.map(providerWay),
    h("p", { class: "hint" }, passkey || providers.length > 0 ? t("stepup.else") : t("stepup.none")));
}

/** Asks, and tells whether the proof was given. @returns {Promise<boolean>} */
const ask = () => new Promise((resolve) => openDialog(t("stepup.title"), (close) => {
  const proven = () => { resolve(true); close(); };
  return h("div", {},
    h("p", {}, t("stepup.lead")),
    load(() => get("/me/step-up"), (found) => ways(found, proven)),
    h("div", { class: "buttons" }, button(t("back"), close)));
}, { urgent: true, onclose: () => resolve(false) }));

/** From now on, whatever wants a fresh proof asks for it. */
export const askWhenNeeded = () => onStepUp(ask);
