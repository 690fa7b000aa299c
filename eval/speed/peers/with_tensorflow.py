"""The published setting in TensorFlow, as the method's description has it; see `protocol`."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from protocol import (
    BETA1,
    BETA2,
    CONTENT_WEIGHT,
    EPSILON,
    RATE,
    STYLE_WEIGHT,
    VARIATION_WEIGHT,
    asked,
    serve,
)
from tensorflow_network import encoder, gram, use_threads


def main() -> None:
    """Build network, targets and optimiser, then take steps when told."""
    spec, threads, device = asked()
    use_threads(threads)
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    features = encoder(spec)
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
