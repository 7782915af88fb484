import { SHORTCUTS } from "@/lib/shortcuts";
import { Dialog } from "../ui/Dialog";
import styles from "./ShortcutsDialog.module.css";

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose} wide="most" reading>
      <ShortcutList />
    </Dialog>
  );
}

export function ShortcutList() {
  return (
    <div className={styles.columns}>
      {SHORTCUTS.map(({ place, shortcuts }) => (
        <section key={place}>
          <h3>{place}</h3>
          <dl>
            {shortcuts.map(({ keys, does }) => (
              <div className={styles.row} key={does}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
