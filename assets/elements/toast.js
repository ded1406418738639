// Short confirmations at the edge of the screen, read out by screen readers.
import { h } from "../dom.js";
import { icon } from "./icon.js";

/** @param {string} text */
export function toast(text) {
  const note = h("p", { class: "toast" }, icon("check"), text);
  const stack = document.getElementById("toasts");
  stack?.append(note);
  // Shown anew, so that it lies above a dialog that was opened since.
  stack?.hidePopover();
  stack?.showPopover();
  setTimeout(() => note.remove(), 5000);
}
