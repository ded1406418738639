// What happens while the console is open: notifications as they come, and the end of the session as it comes.
import { toast } from "./elements/toast.js";
import { wording } from "./pages/notifications.js";

/** @type {EventSource | null} */
let stream = null;

/** Listens while somebody is signed in. The browser reconnects by itself and says where it was. @param {boolean} signedIn */
export function listen(signedIn) {
  if (signedIn === (stream !== null)) return;
  stream?.close();
  stream = signedIn ? open() : null;
}

function open() {
  const source = new EventSource("/api/v1/events");
  source.addEventListener("notification", (event) => toast(wording(JSON.parse(event.data))));
  source.addEventListener("end", () => {
    listen(false);
    dispatchEvent(new CustomEvent("milton:signed-out"));
  });
  return source;
}
