// Short confirmations at the edge of the screen, read out by screen readers.
import { h } from "../dom.js";
import { icon } from "./icon.js";

/** @param {string} text */
export function toast(text) {
  const note = h("p", { class: "toast" }, icon("check"), text);
  document.getElementById("toasts")?.append(note);
  setTimeout(() => note.remove(), 5000);
}
