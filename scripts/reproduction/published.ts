// The authors' published figure, read off its pixels: figures/cifar10_opt0.png of github edvinli/federated-learning-mixture,
// CIFAR-10, 100 clients, opt-out 0, the mean of three runs. Accuracies in percent, local test and global test, +-0.2
// (+-0.4 at p = 1.0, 0.7, 0.6 and 0.2, where markers overlap). Their code is not seeded and the figure has no intervals.

/** Local and global test accuracy by p and method. */
export const published: Readonly<Record<string, Readonly<Record<string, readonly [local: number, global: number]>>>> = {
  "1": { mixture: [78.4, 14.7], finetuned: [78.4, 14.6], local: [77.1, 14.2], fedavg: [13.6, 15.1] },
  "0.8": { mixture: [64.5, 19.6], finetuned: [64.5, 18.9], local: [59.9, 14.0], fedavg: [16.8, 20.0] },
  "0.7": { mixture: [54.7, 21.5], finetuned: [55.0, 20.7], local: [50.2, 14.7], fedavg: [21.9, 22.9] },
  "0.6": { mixture: [50.5, 26.4], finetuned: [50.9, 25.9], local: [42.2, 14.8], fedavg: [30.2, 30.5] },
  "0.3": { mixture: [43.9, 41.5], finetuned: [42.9, 39.8], local: [23.4, 19.2], fedavg: [43.4, 42.6] },
  "0.2": { mixture: [43.5, 43.5], finetuned: [42.2, 42.1], local: [19.9, 19.8], fedavg: [45.3, 46.2] },
};
