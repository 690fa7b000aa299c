"""The published setting in TensorFlow, as the method's description has it; see `protocol`."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from protocol import (
    BETA1,
    BETA2,
    CONTENT_LAYER,
    CONTENT_WEIGHT,
    CONVOLUTIONS,
    EPSILON,
    RATE,
    STYLE_LAYERS,
    STYLE_WEIGHT,
    VARIATION_WEIGHT,
    serve,
    spec_and_threads,
)


def main() -> None:
    """Build network, targets and optimiser, then take steps when told."""
    spec, threads = spec_and_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)

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

    def gram(layer: tf.Tensor) -> tf.Tensor:
        places = tf.cast(tf.shape(layer)[1] * tf.shape(layer)[2], tf.float32)
        return tf.linalg.einsum("bijc,bijd->bcd", layer, layer) / places

    content = tf.constant(spec["content"].transpose(0, 2, 3, 1))
    style = tf.constant(spec["style"].transpose(0, 2, 3, 1))
    grams = [gram(layer) for layer in features(style)[:-1]]
    kept = features(content)[-1]
    picture = tf.Variable(content)
    optimiser = tf.keras.optimizers.Adam(RATE, beta_1=BETA1, beta_2=BETA2, epsilon=EPSILON)
    optimiser.build([picture])

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            *layers, deepest = features(picture)
            parts = [
                tf.reduce_mean((gram(layer) - target) ** 2)
                for layer, target in zip(layers, grams, strict=True)
            ]
            loss = (
                STYLE_WEIGHT * tf.add_n(parts) / len(parts)
                + CONTENT_WEIGHT * tf.reduce_mean((deepest - kept) ** 2)
                + VARIATION_WEIGHT * tf.reduce_sum(tf.image.total_variation(picture))
            )
        optimiser.apply_gradients([(tape.gradient(loss, picture), picture)])
        picture.assign(tf.clip_by_value(picture, 0.0, 1.0))
        return loss

    serve(
        {"tensorflow": tf.__version__, "keras": tf.keras.__version__, "numpy": np.__version__}, step
    )


if __name__ == "__main__":
    main()
