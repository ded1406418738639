// My ways in: passkeys, providers that know me, and API keys for programs of mine.
import { get, patch, post, remove } from "../api.js";
import { h } from "../dom.js";
import { copyBox } from "../elements/copy.js";
import { openDialog } from "../elements/dialog.js";
import { button, field, form, select, submit } from "../elements/form.js";
import { load } from "../elements/load.js";
import { toast } from "../elements/toast.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { Abandoned, createPasskey, hasPasskeys } from "../passkeys.js";
import { go } from "../router.js";
import { thisDevice } from "../tokens.js";
import { accountPage } from "./account.js";

/** @typedef {{id: string, name: string, created_at: string, last_used_at?: string, etag: string}} Passkey */
/** @typedef {{id: string, provider?: string, issuer: string, label?: string, linked_at: string, last_used_at: string}} Identity */
/** @typedef {{id: string, name: string, scopes: string[], networks: string[], created_at: string, expires_at: string, last_used_at?: string}} Key */

/** What a key is usually made for. @type {Record<string, string[]>} */
const uses = {
  read: ["profile:read", "team:list-own", "team:read", "membership:read", "delegation:list-own", "delegation:read"],
  work: ["profile:read", "team:list-own", "team:read", "membership:read", "delegation:list-own", "delegation:read", "delegation:create", "delegation:update", "delegation:assign", "delegation:progress", "delegation:confirm"],
};

/** @param {string} text */
function changed(text) {
  toast(text);
  go("/account/ways-in");
}

/** @param {string | undefined} at */
const used = (at) => at ? h("span", {}, t("waysin.used"), " ", time(at)) : h("span", {}, t("waysin.unused"));

/**
 * One line of a list: a name, what is known, what can be done.
 * @param {string} name
 * @param {import("../dom.js").Child[]} facts
 * @param {import("../dom.js").Child[]} buttons
 */
const line = (name, facts, buttons) => h("li", { class: "line" }, h("div", {}, h("strong", {}, name), h("p", { class: "row-meta" }, ...facts)), h("div", { class: "buttons" }, ...buttons));

/**
 * Asks before something ends.
 * @param {string} title
 * @param {string} name
 * @param {() => Promise<unknown>} act
 */
function openEnd(title, name, act) {
  openDialog(title, (close) => form(async () => {
    await act();
    close();
    changed(t("waysin.ended"));
  }, [h("p", { class: "dialog-subject" }, name)], [h("button", { class: "button quiet" }, title), button(t("back"), close)]));
}

/** @param {Passkey | null} passkey */
function openPasskey(passkey) {
  openDialog(t(passkey ? "devices.rename" : "passkeys.add"), (close) => form(async ({ name }) => {
    try {
      if (passkey) await patch(`/me/passkeys/${passkey.id}`, passkey.etag, { name });
      else await createPasskey(name);
    } catch (error) {
      if (error instanceof Abandoned) return;
      throw error;
    }
    close();
    changed(t(passkey ? "panel.saved" : "passkeys.added"));
  }, [
    !passkey && h("p", {}, t("passkeys.add.lead")),
    field(t("field.name"), h("input", { name: "name", required: true, maxlength: 100, value: passkey?.name ?? thisDevice().name, autocomplete: "off", autofocus: true })),
  ], [submit(t(passkey ? "save" : "passkeys.add")), button(t("back"), close)]));
}

/** @param {{items: Passkey[]}} found */
function passkeys({ items }) {
  return h("div", { class: "stack" },
    items.length === 0 ? h("p", { class: "hint" }, t("passkeys.none")) : h("ul", { class: "plain" }, ...items.map((each) => line(each.name,
      [h("span", {}, t("waysin.since"), " ", time(each.created_at)), used(each.last_used_at)],
      [button(t("devices.rename"), () => openPasskey(each)), button(t("waysin.remove"), () => openEnd(t("passkeys.remove"), each.name, () => remove(`/me/passkeys/${each.id}`)))]))),
    hasPasskeys && h("div", { class: "buttons" }, button(t("passkeys.add"), () => openPasskey(null))));
}

/** @param {string} provider */
async function linkProvider(provider) {
  const { url } = await post("/me/identities/link", { provider });
  location.assign(url);
}

/** @param {Identity} identity */
const nameOf = ({ label, provider, issuer }) => label ?? provider ?? issuer;

/** @param {[{items: Identity[]}, {items: import("./signin.js").Provider[]}]} found */
function identities([mine, providers]) {
  const missing = providers.items.filter((each) => !mine.items.some((identity) => identity.provider === each.name));
  return h("div", { class: "stack" },
    mine.items.length === 0 && h("p", { class: "hint" }, t("identities.none")),
    h("ul", { class: "plain" }, ...mine.items.map((each) => line(nameOf(each),
      [h("span", {}, each.provider ?? each.issuer), h("span", {}, t("waysin.since"), " ", time(each.linked_at)), used(each.last_used_at)],
      [button(t("identities.unlink"), () => openEnd(t("identities.unlink"), nameOf(each), () => remove(`/me/identities/${each.id}`)))]))),
    ...missing.map((each) => form(() => linkProvider(each.name), [], [h("button", { class: "button" }, t("identities.link", { name: each.display_name }))])));
}

function openKey() {
  openDialog(t("keys.make"), (close) => {
    const holder = h("div", {});
    holder.append(form(async ({ name, use, days, networks }) => {
      const made = await post("/me/api-keys", { name, scopes: uses[use], expires_in: Number(days) * 86_400, networks: networks?.split(/[\s,]+/) });
      holder.replaceChildren(h("p", {}, t("keys.made")), copyBox(t("keys.token"), made.token), h("p", { class: "hint" }, t("keys.once")),
        h("div", { class: "buttons" }, button(t("finish"), () => { close(); go("/account/ways-in"); })));
    }, [
      field(t("field.name"), h("input", { name: "name", required: true, maxlength: 100, autocomplete: "off", autofocus: true })),
      field(t("keys.use"), select("use", [["read", t("keys.use.read")], ["work", t("keys.use.work")]], "read"), t("keys.use.hint")),
      field(t("keys.days"), select("days", [["30", "30"], ["90", "90"], ["365", "365"]], "90")),
      field(t("keys.networks"), h("input", { name: "networks", autocomplete: "off", placeholder: "192.0.2.0/24" }), t("keys.networks.hint")),
    ], [submit(t("keys.make")), button(t("back"), close)]));
    return holder;
  });
}

/** @param {{items: Key[]}} found */
function keys({ items }) {
  const live = items.filter((each) => Date.parse(each.expires_at) > Date.now());
  return h("div", { class: "stack" },
    live.length === 0 ? h("p", { class: "hint" }, t("keys.none")) : h("ul", { class: "plain" }, ...live.map((each) => line(each.name,
      [h("span", {}, t("keys.until"), " ", time(each.expires_at)), used(each.last_used_at), h("span", {}, t("keys.scopes", { n: each.scopes.length }))],
      [button(t("keys.revoke"), () => openEnd(t("keys.revoke"), each.name, () => remove(`/me/api-keys/${each.id}`)))]))),
    h("div", { class: "buttons" }, button(t("keys.make"), openKey)));
}

export function waysIn() {
  return accountPage(t("waysin.title"),
    h("section", { class: "card" }, h("h2", {}, t("passkeys.title")), h("p", {}, t("passkeys.lead")), load(() => get("/me/passkeys"), passkeys)),
    h("section", { class: "card" }, h("h2", {}, t("identities.title")), load(() => Promise.all([get("/me/identities"), get("/auth/providers")]), identities)),
    h("section", { class: "card" }, h("h2", {}, t("keys.heading")), h("p", {}, t("keys.lead")), load(() => get("/me/api-keys?limit=100"), keys)));
}
