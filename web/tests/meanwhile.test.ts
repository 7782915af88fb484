import { describe, expect, it } from "vitest";
import { type Known, meanwhile } from "@/lib/meanwhile";
import type { ImageFile, Job, ServerInfo } from "@/lib/protocol";

const server = (started_at = "2026-01-01T00:00:00Z") => ({ started_at }) as ServerInfo;
const image = (filename: string) =>
  ({
    filename,
    path: `captures/${filename}`,
    mimetype: filename.endsWith("jpg") ? "image/jpeg" : "image/x",
  }) as ImageFile;
const job = (job_id: string, state: Job["state"], set_name: string | null = job_id) =>
  ({ job_id, state, set_name }) as Job;
const before: Known = { server: server(), captures: [image("b.jpg"), image("a.jpg")], jobs: [job("vase", "running")] };

describe("what happened while the connection was gone", () => {
  it("is not told where nothing did, or where the page knew nothing before", () => {
    expect(meanwhile(before, before)).toBeNull();
    expect(meanwhile({ server: null, captures: [], jobs: [] }, before)).toBeNull();
  });

  it("is a restart, new pictures and ended jobs, in one sentence", () => {
    const captures = [image("d.jpg"), image("c.jpg"), image("c.cr2"), ...before.captures];
    const jobs = [job("time-lapse", "cancelled", null), job("vase", "interrupted"), job("old", "running")];
    expect(meanwhile(before, { server: server("2026-01-02T00:00:00Z"), captures, jobs })).toBe(
      "While the connection was gone: the server was started again, 2 pictures were taken, " +
        "a series was stopped, “vase” was interrupted.",
    );
  });

  it("counts no picture that moved into a list because another one was deleted", () => {
    expect(meanwhile(before, { ...before, captures: [image("a.jpg"), image("0.jpg")] })).toBeNull();
  });
});
