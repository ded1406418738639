// The team: who is in it, with which role, and how somebody else gets in.
import { create, get, post } from "../api.js";
import { h } from "../dom.js";
import { copyBox } from "../elements/copy.js";
import { openDialog } from "../elements/dialog.js";
import { button, field, form, select, submit } from "../elements/form.js";
import { icon } from "../elements/icon.js";
import { load } from "../elements/load.js";
import { personTag } from "../elements/person.js";
import { time } from "../format.js";
import { maybe, t } from "../i18n.js";
import { go, withQuery } from "../router.js";

/** @typedef {import("../api.js").Me} Me */
/** @typedef {import("../api.js").Membership} Membership */

const roles = ["owner", "admin", "manager", "member"];

/** A role's name. @param {string} role */
export const roleName = (role) => maybe(`role.${role}`) ?? role;

/** The roles that a holder of `role` may invite: an Owner any, an Admin below themself, a Manager members only. @param {string} role */
function invitable(role) {
  return role === "owner" ? roles : role === "admin" ? roles.slice(2) : role === "manager" ? roles.slice(3) : [];
}

/** Asks for a name and makes a team of it. */
export function openNewTeam() {
  openDialog(t("team.new"), (close) => form(async ({ name }) => {
    const made = await create("/teams", { name }, crypto.randomUUID());
    close();
    go(`/team?team=${made.id}`);
  }, [field(t("field.team"), h("input", { name: "name", required: true, autofocus: true, maxlength: 100, autocomplete: "off" }))], [submit(t("team.new.go")), button(t("back"), close)]));
}

/** @param {Membership} here */
function openInvite(here) {
  openDialog(t("invite.open"), (close) => {
    const holder = h("div", {});
    const ask = form(async (found) => {
      const made = await post(`/teams/${here.id}/invitations`, found);
      holder.replaceChildren(
        h("p", {}, t("invite.made"), " ", t("invite.until"), " ", time(made.expires_at), "."),
        copyBox(t("invite.link"), made.url),
        h("p", { class: "hint" }, t("invite.once")),
        h("div", { class: "buttons" }, button(t("finish"), close)));
    }, [
      field(t("field.role"), select("role", invitable(here.role).map((each) => [each, roleName(each)]), "member"), t("invite.role.hint")),
      field(t("field.email"), h("input", { name: "email", type: "email", autocomplete: "off" }), t("invite.email.hint")),
    ], [submit(t("invite.make")), button(t("back"), close)]);
    holder.append(ask);
    return holder;
  });
}

/** @param {import("./move.js").Member[]} people @param {Me} me */
function table(people, me) {
  return h("table", { class: "table" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("field.name")), h("th", { scope: "col" }, t("field.role")), h("th", { scope: "col" }, t("team.joined")))),
    h("tbody", {}, ...people.map((each) => h("tr", {},
      h("td", {}, personTag({ id: each.user_id, name: each.name }), each.user_id === me.id && h("span", { class: "you" }, ` ${t("you")}`)),
      h("td", {}, h("span", { class: "role" }, roleName(each.role))),
      h("td", {}, time(each.joined_at, "day"))))));
}

/** @param {Me} me */
export function team(me) {
  const wanted = new URLSearchParams(location.search).get("team");
  const here = me.teams.find((each) => each.id === wanted) ?? me.teams[0];
  const title = here?.name ?? t("nav.team");
  const node = h("div", { class: "page" },
    h("div", { class: "page-head" },
      h("h1", { tabindex: -1 }, title),
      here && invitable(here.role).length > 0 && h("button", { type: "button", class: "button primary", "data-create": true, onclick: () => openInvite(here) }, icon("plus"), t("invite.open"), h("kbd", {}, "C"))),
    h("div", { class: "filters" },
      me.teams.length > 1 && h("nav", { class: "segments", "aria-label": t("team.choose") }, ...me.teams.map((each) =>
        h("a", { href: withQuery({ team: each.id }), "aria-current": each === here && "true" }, each.name))),
      button(t("team.new"), openNewTeam)),
    here ? load(() => get(`/teams/${here.id}/members`), ({ items }) => table(items, me)) : h("p", { class: "hint" }, t("home.noteam.do")));
  return { title, node };
}
