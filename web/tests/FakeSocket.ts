/** A WebSocket that a test holds in its hands. */
export class FakeSocket {
  static opened: FakeSocket[] = [];
  static get last(): FakeSocket {
    return FakeSocket.opened.at(-1)!;
  }

  sent: Record<string, unknown>[] = [];
  closed = false;
  binaryType = "blob";
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason?: string }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.opened.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onclose?.({ code: 1000 });
  }

  open(): void {
    this.onopen?.();
  }

  receive(message: unknown): void {
    this.onmessage?.({ data: message instanceof ArrayBuffer ? message : JSON.stringify(message) });
  }

  drop(code = 1006, reason = ""): void {
    this.closed = true;
    this.onclose?.({ code, reason });
  }

  request(action: string): Record<string, unknown> {
    const found = this.sent.findLast((message) => message.action === action);
    if (!found) throw new Error(`${action} was not sent`);
    return found;
  }

  answer(action: string, data: unknown): void {
    this.receive({ action, success: true, data, error: null, request_id: this.request(action).request_id });
  }

  refuse(action: string, error: string, more: Record<string, unknown> = {}): void {
    this.receive({ action, success: false, data: null, error, request_id: this.request(action).request_id, ...more });
  }
}

/** Let promises that are already settled run their course. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
