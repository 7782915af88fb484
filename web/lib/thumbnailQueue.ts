/**
 * At most four small pictures are on their way at a time: a browser has six connections to a server, and what a person
 * presses must never wait behind pictures.
 */
const MOST = 4;
const REMEMBERED = 4000;

interface Waiting {
  begin: () => void;
}

const waiting: Waiting[] = [];
const loaded = new Set<string>();
let underWay = 0;

/** Whether a picture came before, so that the browser most likely still has it. */
export function cameBefore(url: string): boolean {
  return loaded.has(url);
}

/**
 * Ask for a place; `begin` is called when it is free. The returned function must be called once, with whether the
 * picture came: it gives the place back, also one that is still waited for.
 */
export function take(url: string, begin: () => void): (came: boolean) => void {
  let state: "waiting" | "under way" | "over" = "waiting";
  const entry: Waiting = {
    begin: () => {
      state = "under way";
      underWay += 1;
      begin();
    },
  };
  waiting.push(entry);
  next();
  return (came) => {
    if (came) remember(url);
    if (state === "waiting") waiting.splice(waiting.indexOf(entry), 1);
    if (state === "under way") underWay -= 1;
    state = "over";
    next();
  };
}

function next(): void {
  while (underWay < MOST && waiting.length > 0) waiting.shift()!.begin();
}

function remember(url: string): void {
  loaded.add(url);
  if (loaded.size > REMEMBERED) loaded.delete(loaded.values().next().value!);
}
