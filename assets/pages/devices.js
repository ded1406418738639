// My devices: where I am signed in, since when and how; to rename, to sign out, or to say that one is not mine.
import { get, patch, post, remove } from "../api.js";
import { h } from "../dom.js";
import { openDialog } from "../elements/dialog.js";
import { button, field, form, submit } from "../elements/form.js";
import { icon } from "../elements/icon.js";
import { load } from "../elements/load.js";
import { toast } from "../elements/toast.js";
import { fromNow, time } from "../format.js";
import { t } from "../i18n.js";
import { go } from "../router.js";
import { accountPage, methodName } from "./account.js";

/** @typedef {{id: string, name: string, platform: string, client?: string, address?: string, first_seen_at: string, last_seen_at: string, removed_at?: string, current: boolean, sessions: number, etag: string}} Device */
/** @typedef {{id: string, kind: string, method: string, device?: {id: string}, created_at: string, expires_at: string, current: boolean}} Session */

/** Draws the page anew after something changed. @param {string} text */
function changed(text) {
  toast(text);
  go("/account/devices");
}

/** @param {Device} device */
function openRename(device) {
  openDialog(t("devices.rename"), (close) => form(async ({ name }) => {
    await patch(`/me/devices/${device.id}`, device.etag, { name });
    close();
    changed(t("panel.saved"));
  }, [field(t("field.name"), h("input", { name: "name", required: true, maxlength: 100, value: device.name, autocomplete: "off", autofocus: true }))],
  [submit(t("save")), button(t("back"), close)]));
}

/**
 * @param {Device} device
 * @param {"remove" | "notme"} what
 * @param {() => Promise<unknown>} act
 */
function openEnd(device, what, act) {
  openDialog(t(`devices.${what}`), (close) => form(async () => {
    await act();
    close();
    changed(t("devices.removed"));
  }, [h("p", { class: "dialog-subject" }, device.name), h("p", {}, t(`devices.${what}.lead`))],
  [h("button", { class: "button quiet" }, t(`devices.${what}`)), button(t("back"), close)]));
}

/** @param {Session} session */
function sessionLine(session) {
  return h("li", {}, h("span", {}, methodName(session), ", ", t("waysin.since"), " ", time(session.created_at), ", ", t("devices.ends"), " ", fromNow(session.expires_at), session.current && ` ${t("devices.thissession")}`),
    !session.current && h("button", { type: "button", class: "button", onclick: async () => { await remove(`/me/sessions/${session.id}`); changed(t("devices.signedout")); } }, t("account.out")));
}

/** @param {Device} device @param {Session[]} sessions */
function card(device, sessions) {
  return h("section", { class: "card" },
    h("h2", {}, device.name, device.current && h("span", { class: "you" }, ` ${t("devices.this")}`)),
    h("p", { class: "row-meta" }, h("span", {}, device.platform), device.address && h("span", {}, device.address),
      h("span", {}, t("devices.first"), " ", time(device.first_seen_at)), h("span", {}, t("devices.last"), " ", time(device.last_seen_at))),
    device.removed_at && h("p", { class: "hint" }, t("devices.leftover")),
    sessions.length > 0 ? h("ul", { class: "plain sessions" }, ...sessions.map(sessionLine)) : h("p", { class: "hint" }, t("devices.nosession")),
    h("div", { class: "buttons" },
      !device.removed_at && button(t("devices.rename"), () => openRename(device)),
      !device.removed_at && button(t("devices.remove"), () => openEnd(device, "remove", () => remove(`/me/devices/${device.id}`))),
      !device.current && h("button", { type: "button", class: "button quiet", onclick: () => openEnd(device, "notme", () => post(`/me/devices/${device.id}/not-me`)) }, icon("alert"), t("devices.notme"))));
}

export function devices() {
  return accountPage(t("devices.title"), h("p", { class: "lead" }, t("devices.lead")),
    load(() => Promise.all([get("/me/devices?limit=100"), get("/me/sessions?limit=100")]), ([found, live]) => {
      /** @type {Device[]} */ const list = found.items;
      /** @type {Session[]} */ const sessions = live.items;
      return h("div", {}, ...list.map((each) => card(each, sessions.filter((session) => session.device?.id === each.id))));
    }));
}
