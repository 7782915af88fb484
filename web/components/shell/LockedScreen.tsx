"use client";

import { type FormEvent, useState } from "react";
import { serverUrl } from "@/lib/base";
import { ROUTES } from "@/lib/protocol";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import styles from "./LockedScreen.module.css";

/** Asks for the server's token; the server answers with a cookie, which also opens images. */
export function LockedScreen() {
  const { service } = useStore();
  const [wrong, setWrong] = useState<string | null>(null);
  const enter = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get("token");
    const body = new URLSearchParams({ token: String(token) });
    const answer = await fetch(serverUrl(ROUTES.LOGIN), { method: "POST", body, redirect: "manual" }).catch(() => null);
    if (answer === null) setWrong("The server does not answer.");
    else if (answer.ok || answer.type === "opaqueredirect") service.retryNow();
    else setWrong(answer.status === 429 ? "Too many attempts: wait a minute." : "This is not the server's token.");
  };
  return (
    <main className={styles.screen}>
      <form className={styles.form} onSubmit={enter}>
        <Icon name="lock" size={32} />
        <h1>This rig is locked</h1>
        <p>Enter the token that the server was started with. It is in the setting API_TOKEN.</p>
        <label htmlFor="token">Token</label>
        <input id="token" name="token" type="password" autoComplete="current-password" required />
        {wrong && <p role="alert">{wrong}</p>}
        <Button tone="main" type="submit">
          Unlock
        </Button>
      </form>
    </main>
  );
}
