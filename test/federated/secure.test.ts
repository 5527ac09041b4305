// Masked sums: what is added up is to the bit what was masked, whoever stays away, and nobody's part of it can be seen.
import fc from "fast-check";
import { type Bytes, pairOf, makePair, secretOf } from "../../src/federated/secure/keys.ts";
import { type ByClient, Member, thresholdOf } from "../../src/federated/secure/member.ts";
import { addTo, type Elements, fromRing, LARGEST, toRing, zeros } from "../../src/federated/secure/ring.ts";
import { checkEnough, TooFewError, unmasked } from "../../src/federated/secure/sum.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("secure");

const reals = fc.double({ min: -1e6, max: 1e6, noNaN: true });

/** A round of so many clients, of whom some are gone after they shared, and some after they answered. */
class Round {
  readonly numbers: readonly Elements[];
  readonly masked: Map<number, Elements> = new Map();
  members: Member[] = [];

  constructor(values: readonly (readonly number[])[]) {
    this.numbers = values.map((own) => toRing("model", own, 1));
  }

  async run(gone: readonly number[], late: readonly number[], session = "s"): Promise<Elements> {
    this.members = await Promise.all(this.numbers.map((_, client) => Member.join(client, session)));
    const roster = this.members.map(({ keys }, client) => ({ client, keys }));
    const letters: ByClient<Bytes>[] = [];
    for (const member of this.members) letters.push(await member.share(roster));
    for (const [client, member] of this.members.entries()) {
      if (gone.includes(client)) continue;
      const mine = new Map(letters.flatMap((of, from) => (from === client ? [] : [[from, of.get(client)!] as const])));
      this.masked.set(client, await member.mask(mine, async () => this.numbers[client]!));
    }
    const answered = [...this.masked.keys()];
    checkEnough(answered.length, roster.length, "answered");
    const stayed = answered.filter((client) => !late.includes(client));
    const revealed = new Map(stayed.map((client) => [client, this.members[client]!.reveal(answered)]));
    const sharing = roster.map(({ client }) => client);
    return unmasked({ session, roster, sharing, masked: this.masked, revealed });
  }
}

const plainSum = (of: readonly Elements[]): Elements => {
  const sum = zeros(of[0]!.length / 2);
  for (const one of of) addTo(sum, one);
  return sum;
};

test("the masked sum is the plain sum to the bit, whoever drops out above the threshold", () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 3, max: 7 }).chain((clients) =>
        fc.record({
          values: fc.array(fc.array(reals, { minLength: 3, maxLength: 3 }), { minLength: clients, maxLength: clients }),
          order: fc.shuffledSubarray([...Array.from({ length: clients }).keys()], { minLength: clients }),
          left: fc.integer({ min: thresholdOf(clients), max: clients }),
          last: fc.integer({ min: thresholdOf(clients), max: clients }),
        }),
      ),
      async ({ values, order, left, last }) => {
        const gone = order.slice(left);
        const late = order.slice(Math.min(left, last), left);
        const round = new Round(values);
        const sum = await round.run(gone, late);
        const there = round.numbers.filter((_, client) => !gone.includes(client));
        assert.equal([...sum], [...plainSum(there)]);
      },
    ),
    { numRuns: 25 },
  ));

test("below the threshold there is one error, and nothing to read", async () => {
  const values = Array.from({ length: 5 }, (_, i) => [i, 2 * i]);
  await refusesLater(
    () => new Round(values).run([0, 1, 2], []),
    /secure: clients that answered, got 2 of 5, expected 3 at least; nothing of the round can be read/,
  );
  await refusesLater(
    () => new Round(values).run([], [0, 1, 2]),
    /secure: clients that gave their shares, got 2 of 5, expected 3 at least/,
  );
  assert.throws(
    () => checkEnough(2, 5, "answered"),
    (error: unknown) => error instanceof TooFewError,
  );
});

test("a client's message has nothing to do with its numbers, and the next round's nothing with this one's", async () => {
  const count = 4096;
  const values = Array.from({ length: 3 }, () => Array.from({ length: count }, () => 1));
  const rounds = [new Round(values), new Round(values)];
  for (const [i, round] of rounds.entries()) await round.run([], [], `s${i}`);
  const words = rounds.map(({ masked }) => masked.get(0)!);
  // bits that agree, over all: a fair coin's share, within six of its deviations
  const agreeing = (a: Elements, b: Elements): number => {
    let same = 0;
    for (let i = 0; i < a.length; i++) for (let x = ~(a[i]! ^ b[i]!) >>> 0; x > 0; x = (x & (x - 1)) >>> 0) same++;
    return same / (32 * a.length);
  };
  const within = 3 / Math.sqrt(32 * 2 * count);
  const plain = toRing("model", values[0]!, 1);
  for (const [a, b] of [
    [words[0]!, words[1]!],
    [words[0]!, plain],
    [words[0]!, rounds[0]!.masked.get(1)!],
  ] as const)
    // prettier-ignore
    assert.ok(Math.abs(agreeing(a, b) - 0.5) < within, `${agreeing(a, b)}`);
});

test("a client says the same when it is asked again, and nothing else", async () => {
  const round = new Round([[1], [2], [3], [4], [5]]);
  await round.run([4], []);
  const [first] = round.members;
  assert.equal(first!.reveal([0, 1, 2, 3]), first!.reveal([3, 2, 1, 0]));
  // of one that answered and is then said to be gone both secrets would be known
  assert.throws(() => first!.reveal([0, 1, 2]), /who answered, got others than before, expected the same/);
  const roster = round.members.map(({ keys }, client) => ({ client, keys }));
  await refusesLater(() => first!.share(roster.slice(0, 4)), /the roster, got another one than before/);
  const fresh = await Member.join(0, "t");
  await refusesLater(() => fresh.share(roster), /got other keys of this client, expected its own/);
  const own = [{ client: 0, keys: fresh.keys }, roster[1]!];
  await refusesLater(() => fresh.share(own), /the roster, got 2 clients, expected 3 to 255 different ones/);
  await refusesLater(() => fresh.share([...own, { client: 2, keys: roster[1]!.keys }]), /3 to 255 different ones/);
  assert.throws(() => fresh.reveal([0, 1]), /shares, got a question for them, expected one for masked numbers before/);
});

test("a letter that was changed on its way is no letter", async () => {
  const members = await Promise.all([0, 1, 2].map((client) => Member.join(client, "s")));
  const roster = members.map(({ keys }, client) => ({ client, keys }));
  const letters = await Promise.all(members.map((member) => member.share(roster)));
  const forged = letters[1]!.get(0)!.slice();
  forged[20]! ^= 1;
  const mine = new Map([[1, forged], [2, letters[2]!.get(0)!]]); // prettier-ignore
  await refusesLater(() => members[0]!.mask(mine, async () => zeros(1)), /./);
});

test("numbers come back from the ring as they were, to its step, and what is too large is refused", () => {
  fc.assert(
    fc.property(fc.array(reals, { minLength: 1 }), fc.integer({ min: 1, max: 200 }), (values, weight) => {
      const back = fromRing(toRing("model", values, weight), weight);
      values.forEach((value, i) => assert.ok(Math.abs(back[i]! - value) <= 2 ** -24 / weight + 1e-9));
    }),
  );
  for (const odd of [LARGEST, -LARGEST, NaN, Infinity])
    assert.throws(
      () => toRing("model", [0, odd], 1),
      /secure: model, got .* at 1, times its weight of 1, expected less/,
    );
});

test("a private key comes back from its secret", async () => {
  const pair = await makePair();
  const again = await pairOf(await secretOf(pair), pair.publicKey);
  assert.equal(await secretOf(again), await secretOf(pair));
});

test.run();
