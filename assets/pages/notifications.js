// What this server wants me to know: what happened around my account, newest first.
import { get, post } from "../api.js";
import { h } from "../dom.js";
import { button, form } from "../elements/form.js";
import { icon } from "../elements/icon.js";
import { load } from "../elements/load.js";
import { time } from "../format.js";
import { maybe, t } from "../i18n.js";
import { go } from "../router.js";
import { accountPage } from "./account.js";

/** @typedef {{id: string, kind: string, detail: Record<string, string | number>, created_at: string, read_at?: string}} Notification */

/** A notification in words. @param {Notification} notification */
export function wording({ kind, detail }) {
  return maybe(`notification.${kind}`, detail) ?? kind;
}

/** @param {Notification} notification */
function row(notification) {
  return h("li", { class: notification.read_at ? "line" : "line unread" },
    h("div", {}, h("p", {}, wording(notification)), h("p", { class: "row-meta" }, time(notification.created_at))),
    notification.detail.device_id && h("a", { class: "button", href: "/account/devices" }, t("notifications.look"), icon("arrow")));
}

/** @param {{items: Notification[]}} found */
function list({ items }) {
  if (items.length === 0) return h("p", { class: "hint" }, t("notifications.none"));
  const unread = items.some((each) => !each.read_at);
  return h("div", { class: "stack" },
    unread && form(async () => { await post("/me/notifications/read-all"); go("/account/notifications"); }, [], [h("button", { class: "button" }, t("notifications.readall"))]),
    h("ul", { class: "plain" }, ...items.map(row)));
}

export function notifications() {
  return accountPage(t("notifications.title"), h("section", { class: "card" }, load(() => get("/me/notifications?limit=100"), list)));
}
