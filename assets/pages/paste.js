// The box that takes a one-time link or its code.
import { h } from "../dom.js";
import { field, form, submit } from "../elements/form.js";
import { t } from "../i18n.js";
import { go } from "../router.js";
import { addressOf } from "../tokens.js";

/**
 * @param {boolean} claimed
 * @param {string} text of the button
 */
export function pasteForm(claimed, text) {
  const box = h("input", { name: "link", required: true, autocomplete: "off", spellcheck: "false", placeholder: "https://…#mlt_…" });
  box.addEventListener("input", () => box.setCustomValidity(""));
  return form(async ({ link }) => {
    const address = addressOf(link, claimed);
    if (address) return go(address);
    box.setCustomValidity(t("paste.wrong"));
    box.reportValidity();
  }, [field(t("paste.label"), box)], [submit(text)]);
}
