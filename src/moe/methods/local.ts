// The client by itself, from random weights: what a federation has to beat.
import { Net } from "../../nn/net.ts";
import { fold } from "../../runtime/random.ts";
import { expertOn } from "../evaluate.ts";
import { trainAloneSteps } from "../alone.ts";
import { personal, type Personal } from "../personal.ts";

export const local: Personal = personal({
  name: "local",
  paper: "",
  about: "the model, trained by the client alone from random weights",
  options: ({ training: { lr, epochs } }) => ({ lr, epochs }),
  ranges: { lr: { min: 0 }, epochs: { min: 1, whole: true } },
  *make(desk, options, name) {
    const { expert, init, output } = desk.options;
    const net = desk.kept.add(new Net(expert, { group: "private" })).init(init.local);
    const hears = desk.listen(name, (asked) => expertOn(net, asked, desk.own.classes, output));
    const training = { ...desk.settings.training, ...options };
    const fit = yield* trainAloneSteps(net, desk.own, training, fold(desk.key, "local"), hears);
    return desk.expert(net, { fit, nets: { model: net } });
  },
});
