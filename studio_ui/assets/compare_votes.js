// Thumbs up and down for single answers of compared runs, counted for each run. Knows one answer at a time and no table.

import { count, el, toast } from "./studio.js";

const WORDS = { up: "good", down: "bad" };

export class Votes {
  /** @param {(runId: string, rowId: number, vote: string|null) => Promise<{up: number, down: number}>} send keeps a vote */
  constructor(send) {
    Object.assign(this, { send, tallies: new Map() });
  }

  /** What stands below the name of a run: how many of its answers were found good and bad. */
  tally(run) {
    const place = el("span", { class: "muted row-note votes-tally", "data-votes": run.id, role: "status" });
    this.tallies.set(run.id, place);
    return place;
  }

  tell(payload) {
    for (const [id, { up, down }] of Object.entries(payload || {})) {
      const place = this.tallies.get(id);
      if (place) place.textContent = up + down ? `${count(up)} good, ${count(down)} bad` : "";
    }
  }

  /** Two buttons for the run's answer to a row; the pressed one takes its vote back. */
  thumbs(run, row) {
    let mine = row.answers[run.id].vote;
    const buttons = Object.entries(WORDS).map(([vote, word]) => el("button", { type: "button", class: "thumb", "data-vote": vote, "aria-label": `The answer of ${run.name} is ${word}`, title: `A ${word} answer`, onclick: () => choose(vote) }));
    const mark = () => buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.vote === mine)));
    const choose = async (vote) => {
      const before = mine;
      mine = vote === mine ? null : vote;
      mark();
      try {
        this.tell({ [run.id]: await this.send(run.id, row.row_id, mine) });
      } catch (error) {
        mine = before;
        mark();
        toast(`${error.message} ${error.hint || ""}`, "error");
      }
    };
    mark();
    return el("span", { class: "thumbs", role: "group", "aria-label": "Your vote" }, ...buttons);
  }
}
