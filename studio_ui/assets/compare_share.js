// The dialog that makes and revokes read-only links to the comparison as it looks now.

import { api, copy, counted, el, errorBanner, toast, when } from "./studio.js";

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** Opens the dialog for these runs. */
export async function openSharing(runs) {
  const days = el("input", { type: "number", id: "share-days", min: "1", max: "365", value: "30", required: true });
  const rows = el("input", { type: "checkbox", id: "share-rows" });
  const made = el("div", { id: "share-made", "aria-live": "polite" });
  const list = el("div", { id: "share-list" });
  const close = () => dialog.remove();
  const form = el("form", { method: "dialog" },
    el("div", { class: "field" }, el("label", { for: "share-days", text: "Days until it stops working" }), days),
    el("label", { class: "check", for: "share-rows" }, rows, " Show held-out rows and their answers, too"),
    el("div", { class: "actions" }, el("button", { class: "button primary", id: "share-make", text: "Make a link" }), el("button", { type: "button", class: "button", text: "Close", onclick: close })));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const share = await api("/api/v1/shares", { method: "POST", body: { runs, view: viewOfAddress(), days: Number(days.value), with_rows: rows.checked } });
      made.replaceChildren(linkBox(new URL(share.path, location.origin).href));
      await showList(list);
    } catch (error) {
      made.replaceChildren(errorBanner(error));
    }
  });
  const dialog = el("dialog", { class: "dialog page-dialog share-dialog", "aria-label": "Share this comparison" }, el("h2", { text: "Share this comparison" }),
    el("p", { class: "muted", text: `Whoever has the link sees these ${counted(runs.length, "run")}: results, settings, curves and names, as the page looks now. Nothing can be changed through it, and no other run is shown.` }), form, made, list);
  dialog.addEventListener("cancel", close);
  document.body.append(dialog);
  dialog.showModal();
  await showList(list);
}

function viewOfAddress() {
  const query = new URLSearchParams(location.search);
  query.delete("runs");
  return query.toString();
}

function linkBox(address) {
  const box = el("input", { type: "text", id: "share-link", readonly: "", value: address, "aria-label": "The link" });
  box.addEventListener("focus", () => box.select());
  return el("div", { class: "share-link" }, el("p", {}, el("strong", { text: "The link, shown only now:" })), el("div", { class: "toolbar" }, box, el("button", { type: "button", class: "button", text: "Copy", onclick: () => copy(address) })));
}

async function showList(place) {
  const { shares } = await api("/api/v1/shares");
  const left = (share) => Math.max(1, Math.round((share.expires_at - Date.now() / 1000) / DAY));
  const items = shares.map((share) => el("li", { "data-share": share.id }, el("span", { text: `${counted(share.runs.length, "run")}${share.with_rows ? " with rows" : ""}, made ${when(share.created_at)}, ${counted(left(share), "day")} left, opened ${counted(share.opened, "time")}` }),
    el("button", { type: "button", class: "button small stop", text: "Revoke", onclick: () => revoke(share, place) })));
  place.replaceChildren(...(items.length ? [el("h3", { text: "Open links" }), el("ul", { class: "share-items" }, ...items)] : []));
}

async function revoke(share, place) {
  try {
    await api(`/api/v1/shares/${encodeURIComponent(share.id)}/revoke`, { method: "POST" });
    toast("Revoked; the link is shut.");
  } catch (error) {
    toast(`${error.message} ${error.hint || ""}`, "error");
  }
  await showList(place);
}
