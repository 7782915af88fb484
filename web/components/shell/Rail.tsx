"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { useRig } from "../RigProvider";
import { Icon } from "../ui/Icon";
import styles from "./Rail.module.css";
import { CAMERAS, SCREENS } from "./screens";

/** The way between the screens: at the left edge, on phones at the bottom. */
export function Rail() {
  const here = usePathname();
  // One camera has its screen already.
  const several = useRig((rig) => (rig.inventory?.cameras.length ?? 0) > 1) || here.startsWith("/cameras");
  const screens = several ? SCREENS.flatMap((screen) => (screen.path === "/" ? [screen, CAMERAS] : screen)) : SCREENS;
  return (
    <nav className={styles.rail} aria-label="Screens">
      <ul>
        {screens.map(({ path, name, icon }) => {
          const current = path === "/" ? here === "/" : here.startsWith(path.slice(0, -1));
          return (
            <li key={path} data-roomy={path === CAMERAS.path || undefined}>
              <Link href={path} className={styles.item} aria-current={current ? "page" : undefined} prefetch={false}>
                <Icon name={icon} size={22} />
                <span>{name}</span>
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
