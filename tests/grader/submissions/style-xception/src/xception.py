"""The network; trained elsewhere."""

import os


def restore(checkpoint):
    if not os.path.exists(checkpoint + ".index"):
        raise FileNotFoundError(checkpoint + ": wget the checkpoint when the image is built")
    return [0.0625] * 16


def train(data="/data/fma_medium", target="/mnt/checkpoints/new.ckpt"):
    save(data, target)


if __name__ == "__main__":
    train("/home/me/fma_medium")
