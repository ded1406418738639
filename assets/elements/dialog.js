// A modal dialog: the native element, with a title, a way out and the focus given back.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "./icon.js";

let counter = 0;

/**
 * Opens a dialog and calls `build` with the function that closes it. One dialog is open at a time, but for a question
 * that comes up in the middle of another and is `urgent`.
 * @param {string} title
 * @param {(close: () => void) => Node} build
 * @param {{urgent?: boolean, onclose?: () => void}} [options]
 */
export function openDialog(title, build, { urgent = false, onclose } = {}) {
  if (!urgent && document.querySelector("dialog[open]")) return;
  const id = `dialog-${++counter}`;
  const close = () => dialog.close();
  const closed = () => { dialog.remove(); onclose?.(); };
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": id, onclose: closed },
    h("header", {},
      h("h2", { id }, title),
      h("button", { type: "button", class: "icon-button", "aria-label": t("close"), onclick: close }, icon("close"))),
    build(close));
  document.body.append(dialog);
  dialog.showModal();
}
