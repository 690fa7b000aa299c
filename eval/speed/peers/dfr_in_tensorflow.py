"""DFR's published loop in TensorFlow, written from the method's description: all four outputs.

    python dfr_in_tensorflow.py SPEC.npz THREADS OUT.npz

SPEC holds what `protocol` says, but ``content`` and ``style`` in their own sizes; besides,
``height`` and ``width``, to which both are resized, ``iterations``, ``rotation_weight``, the lambda
of the fusion, and ``dtype``: float32 as published, or float64. OUT gets both pictures as resized,
and ``rot000``, ``rot090``, ``rot180`` and ``rot270``, (1, 3, h, w) each. It imports nothing of this
project outside of this folder.

As published: `tf.image.resize` without antialias; the rotations on tensors (n, h, w, c); the
fusion of Gram matrices; and one optimiser, whose counter goes up with the step of each output.
"""

from __future__ import annotations

import sys

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
    spec_and_threads,
)
from tensorflow_network import encoder, gram, use_threads


def rotated_90(features: tf.Tensor) -> tf.Tensor:
    """Reverse the order of all axes, then reshape to the old shape."""
    return tf.reshape(tf.transpose(features, (3, 2, 1, 0)), features.shape)


#: Of (n, h, w, c). For 270 the published code turns the 90 tensor round, and returns the 90 tensor.
ROTATIONS = {
    "rot000": lambda features: features,
    "rot090": rotated_90,
    "rot180": lambda features: tf.reverse(features, axis=[2]),
    "rot270": rotated_90,
}


def main() -> None:
    """Run the loop, and write what came of it."""
    spec, threads = spec_and_threads()
    use_threads(threads)
    dtype = str(spec["dtype"])
    tf.keras.backend.set_floatx(dtype)
    features = encoder(spec)
    size = int(spec["height"]), int(spec["width"])
    content, style = (
        tf.cast(tf.image.resize(spec[name].transpose(0, 2, 3, 1), size), dtype)
        for name in ("content", "style")
    )
    amount = float(spec["rotation_weight"])
    of_style, kept = features(style)[:-1], features(content)[-1]
    targets = {
        name: [(1 - amount) * gram(layer) + amount * gram(rotation(layer)) for layer in of_style]
        for name, rotation in ROTATIONS.items()
    }
    pictures = {name: tf.Variable(content) for name in ROTATIONS}
    # A plain 0.999 would become float32 on Keras' way to float64, and each step 5e-6 shorter.
    rate, beta1, beta2 = (np.float64(value) for value in (RATE, BETA1, BETA2))
    optimiser = tf.keras.optimizers.Adam(rate, beta_1=beta1, beta_2=beta2, epsilon=EPSILON)
    optimiser.build(list(pictures.values()))

    @tf.function
    def iteration() -> None:
        for name, picture in pictures.items():
            with tf.GradientTape() as tape:
                *layers, deepest = features(picture)
                parts = [
                    tf.reduce_mean((gram(layer) - target) ** 2)
                    for layer, target in zip(layers, targets[name], strict=True)
                ]
                down = tf.abs(picture[:, 1:] - picture[:, :-1])
                right = tf.abs(picture[:, :, 1:] - picture[:, :, :-1])
                loss = (
                    STYLE_WEIGHT * tf.add_n(parts) / len(parts)
                    + CONTENT_WEIGHT * tf.reduce_mean((deepest - kept) ** 2)
                    + VARIATION_WEIGHT * (tf.reduce_sum(down) + tf.reduce_sum(right))
                )
            optimiser.apply_gradients([(tape.gradient(loss, picture), picture)])
            picture.assign(tf.clip_by_value(picture, 0, 1))

    iterations = int(spec["iterations"])
    for _ in range(iterations):
        iteration()
    assert int(optimiser.iterations) == len(ROTATIONS) * iterations, "one counter for all outputs"
    found = {"content": content, "style": style, **pictures}
    np.savez(
        sys.argv[3],
        **{name: picture.numpy().transpose(0, 3, 1, 2) for name, picture in found.items()},
    )


if __name__ == "__main__":
    main()
