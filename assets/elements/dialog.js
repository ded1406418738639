// A modal dialog: the native element, with a title, a way out and the focus given back.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "./icon.js";

/**
 * Opens a dialog and calls `build` with the function that closes it. One dialog is open at a time.
 * @param {string} title
 * @param {(close: () => void) => Node} build
 */
export function openDialog(title, build) {
  if (document.querySelector("dialog[open]")) return;
  const close = () => dialog.close();
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": "dialog-title", onclose: () => dialog.remove() },
    h("header", {},
      h("h2", { id: "dialog-title" }, title),
      h("button", { type: "button", class: "icon-button", "aria-label": t("close"), onclick: close }, icon("close"))),
    build(close));
  document.body.append(dialog);
  dialog.showModal();
}
