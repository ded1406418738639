// What happens while the console is open: notifications as they come, and the end of the session as it comes.
import { toast } from "./elements/toast.js";
import { wording } from "./pages/notifications.js";

/** Before a stream that ended is opened again, in milliseconds. */
const PAUSE = 20_000;

/** @type {EventSource | null} */
let stream = null;

/** Listens while somebody is signed in. The browser reconnects by itself and says where it was. @param {boolean} signedIn */
export function listen(signedIn) {
  if (signedIn === (stream !== null)) return;
  stream?.close();
  stream = signedIn ? open() : null;
}

/** Takes up again after a pause, unless the session itself is over. @param {EventSource} source @param {boolean} isOver */
function again(source, isOver) {
  if (source !== stream) return;
  listen(false);
  if (isOver) dispatchEvent(new CustomEvent("milton:signed-out"));
  else setTimeout(() => document.querySelector(".shell") && listen(true), PAUSE);
}

function open() {
  const source = new EventSource("/api/v1/events");
  source.addEventListener("notification", (event) => toast(wording(JSON.parse(event.data))));
  source.addEventListener("end", (event) => again(source, ["revoked", "expired", "access-denied"].includes(JSON.parse(event.data).reason)));
  // A stream that was refused is not opened again by the browser.
  source.addEventListener("error", () => source.readyState === EventSource.CLOSED && again(source, false));
  return source;
}
