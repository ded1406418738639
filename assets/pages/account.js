// My account: who I am here, this session, the way out, how the console looks, and the way to leave for good.
import { get, patch, post, remove } from "../api.js";
import { h } from "../dom.js";
import { openDialog } from "../elements/dialog.js";
import { button, field, form, select, submit } from "../elements/form.js";
import { load } from "../elements/load.js";
import { personTag } from "../elements/person.js";
import { tabs } from "../elements/tabs.js";
import { toast } from "../elements/toast.js";
import { fromNow, time } from "../format.js";
import { chooseLanguage, language, languages, maybe, t } from "../i18n.js";
import { go, takeQuery } from "../router.js";
import { appearance, appearances, chooseAppearance } from "../theme.js";
import { refusal } from "./signin.js";
import { roleName } from "./team.js";

/** @typedef {import("../api.js").Me} Me */

/** @param {[string, import("../dom.js").Child][]} facts */
const factList = (facts) => h("dl", { class: "facts" }, ...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

/**
 * The frame of every page of the account.
 * @param {string} title
 * @param {import("../dom.js").Child[]} parts
 */
export function accountPage(title, ...parts) {
  const linked = takeQuery("linked");
  if (linked) toast(t("identities.linked", { name: linked }));
  const node = h("div", { class: "page narrow" },
    h("div", { class: "page-head" }, h("h1", { tabindex: -1 }, title)),
    refusal(),
    h("div", { class: "filters" }, tabs(t("nav.account"), [
      ["/account", t("account.profile")], ["/account/devices", t("devices.title")],
      ["/account/ways-in", t("waysin.title")], ["/account/notifications", t("notifications.title")]])),
    ...parts);
  return { title, node };
}

function signOutForm() {
  return form((_, everywhere) => everywhere ? openEverywhere() : leave("/auth/logout"), [],
    [h("button", { class: "button" }, t("account.out")), h("button", { class: "button", value: "everywhere" }, t("account.everywhere"))]);
}

/** @param {string} path */
async function leave(path) {
  await post(path);
  go("/");
}

async function openEverywhere() {
  openDialog(t("account.everywhere"), (close) => form(() => leave("/me/sessions/revoke-all"),
    [h("p", {}, t("account.everywhere.lead"))], [submit(t("account.everywhere")), button(t("back"), close)]));
}

/** @param {Me} me */
function openProfile(me) {
  openDialog(t("account.edit"), (close) => form(async (found) => {
    await patch("/me", null, found);
    close();
    toast(t("panel.saved"));
    go("/account");
  }, [
    field(t("field.name"), h("input", { name: "name", required: true, maxlength: 100, value: me.name, autocomplete: "name" })),
    field(t("field.email"), h("input", { name: "email", type: "email", value: me.email ?? "", autocomplete: "email" }), t("account.email.hint")),
  ], [submit(t("save")), button(t("back"), close)]));
}

function looks() {
  const tongue = select("language", Object.entries(languages), language);
  tongue.addEventListener("change", () => chooseLanguage(tongue.value));
  const look = select("appearance", appearances.map((each) => [each, t(/** @type {any} */ (`appearance.${each}`))]), appearance());
  look.addEventListener("change", () => chooseAppearance(look.value));
  return h("div", { class: "pair" }, field(t("account.language"), tongue), field(t("account.appearance"), look));
}

function openLeaving() {
  openDialog(t("leaving.ask"), (close) => form(() => leave("/me/deletion"),
    [h("p", {}, t("leaving.lead"))], [h("button", { class: "button quiet" }, t("leaving.ask")), button(t("back"), close)]));
}

/** @param {Me} me */
export function account(me) {
  return accountPage(t("nav.account"),
    h("section", { class: "card" }, h("h2", {}, t("account.profile")), factList([
      [t("field.name"), personTag(me)],
      [t("field.email"), me.email ?? t("account.noemail")],
      [t("account.instance"), roleName(me.instance_role ?? "none")],
      [t("account.teams"), me.teams.length === 0 ? t("account.noteams") : h("ul", { class: "plain" }, ...me.teams.map((each) => h("li", {}, `${each.name} · ${roleName(each.role)}`)))],
    ]), h("div", { class: "buttons" }, button(t("account.edit"), () => openProfile(me)))),
    h("section", { class: "card" }, h("h2", {}, t("account.session")), factList([
      [t("account.how"), methodName(me.session)],
      [t("account.since"), time(me.session.auth_time)],
      [t("account.until"), h("span", {}, time(me.session.expires_at), ` (${fromNow(me.session.expires_at)})`)],
    ]), signOutForm()),
    h("section", { class: "card" }, h("h2", {}, t("account.looks")), looks()),
    h("section", { class: "card" }, h("h2", {}, t("leaving.title")), h("p", {}, t("leaving.hint")),
      h("div", { class: "buttons" }, h("button", { type: "button", class: "button quiet", onclick: openLeaving }, t("leaving.ask")))));
}

/** How a session was begun and is used. @param {{kind: string, method: string}} session */
export function methodName({ kind, method }) {
  return `${maybe(`method.${method}`) ?? method} · ${maybe(`session.${kind}`) ?? kind}`;
}

/** All there is for somebody who asked for the deletion of their account: to take that back, or to go. */
export function leaving() {
  const node = h("section", {},
    h("h1", { tabindex: -1 }, t("leaving.under")),
    load(() => get("/me/deletion"), ({ due_at }) => h("p", { class: "lead" }, t("leaving.due"), " ", time(due_at), ".")),
    form((_, away) => away ? leave("/auth/logout") : stay(), [],
      [submit(t("leaving.stay")), h("button", { class: "button", value: "away" }, t("account.out"))]));
  return { title: t("leaving.under"), node };
}

async function stay() {
  await remove("/me/deletion");
  toast(t("leaving.stayed"));
  go("/");
}
