import type { ReactNode } from "react";
import styles from "./ShelfTools.module.css";

interface Props<Order extends string, Filter extends string> {
  /** What is found here, such as sets. */
  what: string;
  hint: string;
  search: string;
  onSearch: (search: string) => void;
  orders: readonly (readonly [Order, string])[];
  order: Order;
  onOrder: (order: Order) => void;
  filters: readonly (readonly [Filter, string])[];
  filter: Filter;
  onFilter: (filter: Filter) => void;
  /** More that narrows it down. */
  children?: ReactNode;
}

/** Search, order and filter of what stands on a shelf of the gallery. */
export function ShelfTools<Order extends string, Filter extends string>(props: Props<Order, Filter>) {
  const { what, hint, search, onSearch, orders, order, onOrder, filters, filter, onFilter } = props;
  return (
    <div className={styles.tools}>
      <input
        type="search"
        aria-label={`Search ${what}`}
        placeholder={hint}
        value={search}
        onChange={(event) => onSearch(event.target.value)}
      />
      <Choices label="Order" values={orders} chosen={order} onChoose={onOrder} />
      <Choices label="Filter" values={filters} chosen={filter} onChoose={onFilter} />
      {props.children}
    </div>
  );
}

interface ChoicesProps<Value extends string> {
  label: string;
  values: readonly (readonly [Value, string])[];
  chosen: Value;
  onChoose: (value: Value) => void;
}

export function Choices<Value extends string>({ label, values, chosen, onChoose }: ChoicesProps<Value>) {
  return (
    <select aria-label={label} value={chosen} onChange={(event) => onChoose(event.target.value as Value)}>
      {values.map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </select>
  );
}
