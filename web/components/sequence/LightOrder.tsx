import { lightLabel } from "@/lib/format";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import styles from "./LightOrder.module.css";

interface Props {
  order: string[];
  onOrder: (order: string[]) => void;
  onAll: () => void;
}

/** The lights in the order in which they fire. */
export function LightOrder({ order, onOrder, onAll }: Props) {
  const swap = (at: number, by: number) => {
    const next = [...order];
    [next[at], next[at + by]] = [next[at + by]!, next[at]!];
    onOrder(next);
  };
  return (
    <div className={styles.order}>
      <div className={styles.head}>
        <h2>Order</h2>
        <Button tone="quiet" onClick={onAll}>
          All
        </Button>
        <Button tone="quiet" disabled={order.length === 0} onClick={() => onOrder([])}>
          None
        </Button>
      </div>
      <ol>
        {order.map((name, at) => (
          <li key={name}>
            <span className={styles.number}>{at + 1}</span>
            <span className={styles.name}>{lightLabel(name)}</span>
            <button
              type="button"
              aria-label={`${lightLabel(name)} earlier`}
              disabled={at === 0}
              onClick={() => swap(at, -1)}
            >
              <Icon name="up" size={16} />
            </button>
            <button
              type="button"
              aria-label={`${lightLabel(name)} later`}
              disabled={at === order.length - 1}
              onClick={() => swap(at, 1)}
            >
              <Icon name="down" size={16} />
            </button>
          </li>
        ))}
      </ol>
      {order.length === 0 && <p>Press lights on the dome in the order you want.</p>}
    </div>
  );
}
