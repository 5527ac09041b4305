// The bodies of Flower's metric and configuration records: named values, each one of several kinds.
import { bool, bytes, define, double, many, maybe, message, one, sint64, text, uint64 } from "./wire.ts";
import type { MessageType } from "./messageType.ts";

/** The lists of numbers that either kind of value may be. */
interface Lists {
  doubles?: { vals: readonly number[] } | undefined;
  sint64s?: { vals: readonly bigint[] } | undefined;
  uint64s?: { vals: readonly bigint[] } | undefined;
}

/** A value of a metric record: one of a double, an integer, or a list of them. */
export interface MetricValue extends Lists {
  double?: number | undefined;
  sint64?: bigint | undefined;
  uint64?: bigint | undefined;
}

const Doubles: MessageType<{ vals: readonly number[] }> = define("DoubleList", { vals: many(1, double) });
const Sint64s: MessageType<{ vals: readonly bigint[] }> = define("SintList", { vals: many(1, sint64) });
const Uint64s: MessageType<{ vals: readonly bigint[] }> = define("UintList", { vals: many(1, uint64) });
const Strings: MessageType<{ vals: readonly string[] }> = define("StringList", { vals: many(1, text) });

const lists = {
  doubles: maybe(
    21,
    message(() => Doubles),
  ),
  sint64s: maybe(
    22,
    message(() => Sint64s),
  ),
  uint64s: maybe(
    23,
    message(() => Uint64s),
  ),
};

export const MetricValue: MessageType<MetricValue> = define("MetricRecordValue", {
  double: maybe(1, double),
  sint64: maybe(2, sint64),
  uint64: maybe(3, uint64),
  ...lists,
});

/** A value of a config record. */
export interface ConfigValue extends Lists {
  double?: number | undefined;
  sint64?: bigint | undefined;
  uint64?: bigint | undefined;
  bool?: boolean | undefined;
  string?: string | undefined;
  bytes?: Uint8Array | undefined;
  strings?: { vals: readonly string[] } | undefined;
}
export const ConfigValue: MessageType<ConfigValue> = define("ConfigRecordValue", {
  double: maybe(1, double),
  sint64: maybe(2, sint64),
  uint64: maybe(3, uint64),
  bool: maybe(4, bool),
  string: maybe(5, text),
  bytes: maybe(6, bytes),
  ...lists,
  strings: maybe(
    25,
    message(() => Strings),
  ),
});

/** The body of a MetricRecord or ConfigRecord object. */
export interface Items<V> {
  items: readonly { key: string; value: V | undefined }[];
}

function itemsOf<V>(name: string, value: () => MessageType<V>): MessageType<Items<V>> {
  const Item: MessageType<{ key: string; value: V | undefined }> = define(`${name}.Item`, {
    key: one(1, text),
    value: maybe(2, message(value)),
  });
  return define(name, {
    items: many(
      1,
      message(() => Item),
    ),
  });
}

export const MetricRecord: MessageType<Items<MetricValue>> = itemsOf("MetricRecord", () => MetricValue);
export const ConfigRecord: MessageType<Items<ConfigValue>> = itemsOf("ConfigRecord", () => ConfigValue);
