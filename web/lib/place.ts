/** Where somebody was in a long list, for as long as the tab lives. */
const PREFIX = "tetherlight.place.";

export interface Place {
  /** How far the list itself was scrolled. */
  top: number;
  /** What was opened there. */
  opened: string | null;
  /** The search part of the address. */
  search: string;
}

export function placeIn(list: string): Place | null {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + list) ?? "null") as Place | null;
  } catch {
    return null;
  }
}

export function keepPlace(list: string, place: Place): void {
  try {
    sessionStorage.setItem(PREFIX + list, JSON.stringify(place));
  } catch {
    // A browser without storage begins at the top.
  }
}
