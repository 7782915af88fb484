import { Icon } from "../ui/Icon";
import styles from "./Stars.module.css";

/** A rating that is only read: so many stars, or that it is rejected. */
export function Stars({ rating }: { rating: number }) {
  if (rating < 0) return <span className={styles.rejected}>rejected</span>;
  if (rating === 0) return null;
  return (
    <span className={styles.stars} role="img" aria-label={`${rating} of 5`}>
      {rating} <Icon name="star" size={12} />
    </span>
  );
}
