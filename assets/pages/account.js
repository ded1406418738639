// My account: who I am here, this session, the way out, and how the console looks.
import { post } from "../api.js";
import { h } from "../dom.js";
import { openDialog } from "../elements/dialog.js";
import { button, field, form, select, submit } from "../elements/form.js";
import { personTag } from "../elements/person.js";
import { fromNow, time } from "../format.js";
import { chooseLanguage, language, languages, maybe, t } from "../i18n.js";
import { go } from "../router.js";
import { appearance, appearances, chooseAppearance } from "../theme.js";
import { roleName } from "./team.js";

/** @param {[string, import("../dom.js").Child][]} facts */
const factList = (facts) => h("dl", { class: "facts" }, ...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

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

function looks() {
  const tongue = select("language", Object.entries(languages), language);
  tongue.addEventListener("change", () => chooseLanguage(tongue.value));
  const look = select("appearance", appearances.map((each) => [each, t(/** @type {any} */ (`appearance.${each}`))]), appearance());
  look.addEventListener("change", () => chooseAppearance(look.value));
  return h("div", { class: "pair" }, field(t("account.language"), tongue), field(t("account.appearance"), look));
}

/** @param {import("../api.js").Me} me */
export function account(me) {
  const node = h("div", { class: "page narrow" },
    h("div", { class: "page-head" }, h("h1", { tabindex: -1 }, t("nav.account"))),
    h("section", { class: "card" }, h("h2", {}, t("account.profile")), factList([
      [t("field.name"), personTag(me)],
      [t("field.email"), me.email ?? t("account.noemail")],
      [t("account.instance"), roleName(me.instance_role ?? "none")],
      [t("account.teams"), me.teams.length === 0 ? t("account.noteams") : h("ul", { class: "plain" }, ...me.teams.map((each) => h("li", {}, `${each.name} · ${roleName(each.role)}`)))],
    ])),
    h("section", { class: "card" }, h("h2", {}, t("account.session")), factList([
      [t("account.how"), maybe(`session.${me.session.kind}`) ?? me.session.kind],
      [t("account.since"), time(me.session.auth_time)],
      [t("account.until"), h("span", {}, time(me.session.expires_at), ` (${fromNow(me.session.expires_at)})`)],
    ]), signOutForm()),
    h("section", { class: "card" }, h("h2", {}, t("account.looks")), looks()));
  return { title: t("nav.account"), node };
}
