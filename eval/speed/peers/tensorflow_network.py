"""What the scripts on TensorFlow share: the encoder, from the weights that they are given."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from protocol import CONTENT_LAYER, CONVOLUTIONS, STYLE_LAYERS


def use_threads(threads: int) -> None:
    """Compute with so many threads."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def encoder(spec: Mapping[str, Any]) -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """Return what gives a picture's style features in order, and then its content features.

    Args:
        spec: weights and the network's input, see `protocol`.

    Returns:
        (n, h, w, 3) in [0, 1] -> one (n, h', w', c) a layer.
    """
    inputs = tf.keras.Input(shape=(None, None, 3))
    current, found = inputs, {}
    for name in CONVOLUTIONS:
        if name.endswith("conv1") and name != CONVOLUTIONS[0]:
            current = tf.keras.layers.MaxPooling2D(2)(current)
        channels = spec[f"{name}_weight"].shape[0]
        layer = tf.keras.layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)
        current = layer(current)
        layer.set_weights([spec[f"{name}_weight"].transpose(2, 3, 1, 0), spec[f"{name}_bias"]])
        found[name] = current
    outputs = [found[name] for name in (*STYLE_LAYERS, CONTENT_LAYER)]
    network = tf.keras.Model(inputs, outputs)
    network.trainable = False

    def features(picture: tf.Tensor) -> list[tf.Tensor]:
        turned = picture[..., ::-1] if spec["bgr"] else picture
        return network(turned * spec["scale"] - spec["shift"])

    return features


def gram(layer: tf.Tensor) -> tf.Tensor:
    """Return the Gram matrix over the number of places: (n, h, w, c) -> (n, c, c)."""
    places = tf.cast(tf.shape(layer)[1] * tf.shape(layer)[2], layer.dtype)
    return tf.linalg.einsum("bijc,bijd->bcd", layer, layer) / places
