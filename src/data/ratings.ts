// Ratings of items by users, made up: 60 users rate 40 of 48 items each, from 1 to 5. Nobody has said any of it. An item has four traits
// (how much it is an action film, a comedy, a drama, a documentary), from 0 to 1, and two numbers that nobody sees; the rating is
//
//   3 + own + known + 1.2 taste . (traits - 1/2) + 0.8 hidden . of + 0.3 noise, brought into [1, 5] and rounded to halves
//
// with own 0.4 n and taste of the user, known 0.5 n of the item, hidden of the user and of the item, all n standard normal.
import { fold, key, Stream } from "../runtime/random.ts";
import { normal } from "./distributions.ts";

const USERS = 60;
const ITEMS = 48;
const RATED = 40;
const TRAITS = ["action", "comedy", "drama", "documentary"] as const;

/** As a CSV file: user, item, its four traits, and the rating. */
export function ratingsCsv(): string {
  const root = fold(key(0), "ratings");
  const normals = (stream: Stream, count: number): number[] => Array.from({ length: count }, () => normal(stream));
  const items = Array.from({ length: ITEMS }, (_, item) => {
    const stream = new Stream(fold(root, "item", item));
    return {
      traits: TRAITS.map(() => stream.uniform()),
      known: 0.5 * normal(stream),
      hidden: normals(stream, 2),
    };
  });
  const lines = Array.from({ length: USERS }, (_, user) => {
    const stream = new Stream(fold(root, "user", user));
    const [own, taste, hidden] = [0.4 * normal(stream), normals(stream, TRAITS.length), normals(stream, 2)];
    const rated = stream.choose(ITEMS, RATED).toSorted();
    return Array.from(rated, (at) => {
      const item = items[at]!;
      const liked = taste.reduce((sum, value, i) => sum + 1.2 * value * (item.traits[i]! - 0.5), 0);
      const apart = hidden.reduce((sum, value, i) => sum + 0.8 * value * item.hidden[i]!, 0);
      const rating = 3 + own + item.known + liked + apart + 0.3 * normal(stream);
      const said = Math.round(2 * Math.min(5, Math.max(1, rating))) / 2;
      return [`user${user}`, `item${at}`, ...item.traits.map((value) => value.toFixed(3)), said].join();
    });
  });
  return [["user", "item", ...TRAITS, "rating"].join(), ...lines.flat(), ""].join("\n");
}
