// A note of the browser's own when a question comes up and nobody looks at the page; asked for by a button alone.
import { effect, signal } from "@preact/signals";
import { questions, session } from "/static/store.js";

export const permission = signal("Notification" in globalThis ? Notification.permission : "unsupported");
const told = new Set();

export async function allowNotes() {
  permission.value = await Notification.requestPermission();
}

function tell(question) {
  const note = new Notification(`orchestrate: ${question.asked_by} asks`, {
    body: question.text.slice(0, 300),
    tag: `${session.value.id} ${question.id}`,
    icon: "/static/icon.svg",
  });
  note.onclick = () => {
    focus();
    note.close();
  };
}

effect(() => {
  const open = questions.value;
  const allowed = permission.value === "granted";
  for (const question of open) {
    const key = `${session.value?.id} ${question.id}`;
    if (told.has(key)) continue;
    told.add(key);
    if (allowed && session.value?.live && document.visibilityState === "hidden") tell(question);
  }
});
