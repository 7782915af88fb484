/** Sentences that are shown for a while at the edge of the screen. */
export interface Notice {
  id: number;
  text: string;
  tone: "plain" | "warning" | "error";
  seconds: number;
  action?: { label: string; run: () => void };
}

export type NoticeWish = Pick<Notice, "text"> & Partial<Omit<Notice, "id">>;
