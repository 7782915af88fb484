import { Icon } from "../ui/Icon";
import styles from "./Rating.module.css";

interface Props {
  rating: number | undefined;
  onRate: (rating: number) => void;
  /** What is rated, where that is not plain. */
  label?: string;
  /** Whether it can also be rejected. */
  rejecting?: boolean;
  disabled?: boolean;
}

/** One to five stars and "reject"; the one that is set takes itself back. */
export function Rating({ rating, onRate, label = "Rating", rejecting = true, disabled = false }: Props) {
  return (
    <div className={styles.rating} role="group" aria-label={label}>
      {[1, 2, 3, 4, 5].map((stars) => (
        <button
          key={stars}
          type="button"
          aria-label={`${stars} of 5`}
          aria-pressed={rating === stars}
          disabled={disabled}
          data-on={(rating ?? 0) >= stars || undefined}
          onClick={() => onRate(rating === stars ? 0 : stars)}
        >
          <Icon name="star" size={18} />
        </button>
      ))}
      {rejecting && (
        <button
          type="button"
          aria-label="Reject"
          aria-pressed={rating === -1}
          disabled={disabled}
          data-bad={rating === -1 || undefined}
          onClick={() => onRate(rating === -1 ? 0 : -1)}
        >
          <Icon name="close" size={18} />
        </button>
      )}
    </div>
  );
}
