"use client";

import { useEffect, useRef, useState } from "react";
import { DEFAULT_TEMPLATES, insertPlaceholder } from "@/lib/naming";
import type { Naming } from "@/lib/protocol";
import { RequestFailed } from "@/services/WebSocketService";
import { useConnected, useOffline, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import styles from "./NamingSection.module.css";
import { Section } from "./Section";

type Kind = "capture" | "set";
type Templates = Record<Kind, string>;

const PAUSE_MS = 250;
const KINDS: { kind: Kind; label: string; what: string }[] = [
  { kind: "capture", label: "Single captures", what: "a single capture" },
  { kind: "set", label: "Image sets", what: "an image set" },
];

/** How files and folders are named: templates with a preview, kept in the rig file. */
export function NamingSection() {
  const store = useStore();
  const connected = useConnected();
  const [kept, setKept] = useState<Naming | null>(null);
  const [edited, setEdited] = useState<Partial<Templates>>({});
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (connected) store.service.request("GET_NAMING", {}).then(setKept, (error) => store.complain(error));
  }, [store, connected]);
  const templates = kept && { capture: edited.capture ?? kept.capture, set: edited.set ?? kept.set };
  const capture = usePreview("capture", templates?.capture ?? "");
  const set = usePreview("set", templates?.set ?? "");
  const offline = useOffline("settings");
  if (kept === null || templates === null) return null;
  const previews = { capture, set };
  const changed = KINDS.filter(({ kind }) => templates[kind] !== kept[kind]);
  const standard = KINDS.every(({ kind }) => templates[kind] === DEFAULT_TEMPLATES[kind]);
  const keep = async () => {
    setBusy(true);
    try {
      const change = Object.fromEntries(changed.map(({ kind }) => [kind, templates[kind]]));
      setKept(await store.service.request("SET_NAMING", change));
      setEdited({});
      store.notify({ text: "The names are kept in the rig file." });
    } catch (error) {
      store.complain(error);
    } finally {
      setBusy(false);
    }
  };
  const wrong = changed.some(({ kind }) => previews[kind].problem !== null);
  const unfit = wrong ? "A template is not right yet." : changed.length === 0 ? "Nothing is changed." : null;
  const reason = offline ?? unfit;
  return (
    <Section title="Names">
      <div className={styles.templates}>
        {KINDS.map(({ kind, label, what }) => (
          <TemplateField
            key={kind}
            label={label}
            what={what}
            template={templates[kind]}
            preview={previews[kind]}
            placeholders={kept.placeholders.filter(({ used_in }) => used_in.includes(kind))}
            onTemplate={(template) => setEdited({ ...edited, [kind]: template })}
          />
        ))}
      </div>
      <div className={styles.buttons}>
        <Button tone="main" reason={reason} disabled={busy} onClick={keep}>
          {busy ? "Keeping…" : "Keep these names"}
        </Button>
        {changed.length > 0 && <Button onClick={() => setEdited({})}>Leave as it was</Button>}
        {!standard && (
          <Button tone="quiet" onClick={() => setEdited({ ...DEFAULT_TEMPLATES })}>
            Fill in the defaults
          </Button>
        )}
      </div>
    </Section>
  );
}

interface FieldProps {
  label: string;
  what: string;
  template: string;
  preview: Preview;
  placeholders: Naming["placeholders"];
  onTemplate: (template: string) => void;
}

/** A template, what it would give now, and the words that can be put into it. */
function TemplateField({ label, what, template, preview, placeholders, onTemplate }: FieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const insert = (name: string) => {
    const shown = input.current;
    const [from, to] = [shown?.selectionStart ?? template.length, shown?.selectionEnd ?? template.length];
    const { text, caret } = insertPlaceholder(template, name, from, to);
    onTemplate(text);
    requestAnimationFrame(() => {
      shown?.focus();
      shown?.setSelectionRange(caret, caret);
    });
  };
  return (
    <div className={styles.template}>
      <Field label={label} problem={preview.problem} hint={<span className={styles.preview}>{preview.example}</span>}>
        {(control) => (
          <input
            {...control}
            ref={input}
            className={styles.input}
            value={template}
            maxLength={200}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            onChange={(event) => onTemplate(event.target.value)}
          />
        )}
      </Field>
      <ul className={styles.chips} aria-label={`What the name of ${what} can hold`}>
        {placeholders.map(({ name, meaning, example }) => (
          <li key={name}>
            <button type="button" title={`${meaning}, such as ${example}`} onClick={() => insert(name)}>
              {name}
              <span className="visually-hidden">: {meaning}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface Preview {
  example: string;
  problem: string | null;
}

/** What the server would make of a template, asked as soon as nobody types. */
function usePreview(kind: Kind, template: string): Preview {
  const store = useStore();
  const connected = useConnected();
  const [preview, setPreview] = useState<Preview>({ example: "", problem: null });
  useEffect(() => {
    if (!connected || template === "") return;
    let current = true;
    const ask = () =>
      store.service.request("GET_NAMING", { [kind]: template }).then(
        (naming) => current && setPreview({ example: naming[`${kind}_example`], problem: null }),
        (error) => current && setPreview((before) => ({ ...before, problem: problemOf(error) })),
      );
    const timer = setTimeout(ask, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [store, connected, kind, template]);
  return template === "" ? { example: "", problem: "A name needs at least one letter or placeholder." } : preview;
}

function problemOf(error: unknown): string | null {
  if (error instanceof RequestFailed && error.code === "disconnected") return null;
  return error instanceof Error ? error.message : String(error);
}
