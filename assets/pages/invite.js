// An invitation: whoever is signed in joins with one press, a new person says who they are first.
import { post } from "../api.js";
import { h } from "../dom.js";
import { field, form, submit } from "../elements/form.js";
import { toast } from "../elements/toast.js";
import { t } from "../i18n.js";
import { go } from "../router.js";

/**
 * @param {string} token
 * @param {import("../api.js").Me | null} me
 */
export function invite(token, me) {
  const fields = me ? [] : [
    field(t("field.name"), h("input", { name: "name", required: true, autocomplete: "name", maxlength: 100 })),
    field(t("field.email"), h("input", { name: "email", type: "email", autocomplete: "email" }), t("claim.email.hint")),
  ];
  const node = h("section", {},
    h("h1", { tabindex: -1 }, t("invite.title")),
    h("p", { class: "lead" }, me ? t("invite.lead.known", { name: me.name }) : t("invite.lead.new")),
    form(async (found) => {
      await post("/invitations/accept", { token, ...found });
      toast(t("invite.done"));
      go("/");
    }, fields, [submit(t("invite.go"))]));
  return { title: t("invite.title"), node };
}
